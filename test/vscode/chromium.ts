import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { cleanEnvironment } from './cleanEnvironment';
import { InstallError, npmInstall } from './npm';
import { ProcessGroup } from './processGroup';
import { ensureInstalled, type Installable } from './versionedInstall';

/** A Chromium that can be started by Playwright, without a window. */
export interface Chromium {
  readonly executablePath: string;
  /** The whole environment to start it with. */
  readonly env: Record<string, string>;
}

/** Arguments that make Chromium quiet and let it run as root and in containers, where its own sandbox is not to be had. */
export const chromiumArgs: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Most of what a page of a test costs is its start: it pays neither to compile a second time for speed nor to collect garbage then.
  '--js-flags=--no-opt --no-maglev --initial-heap-size=512 --min-semi-space-size=32',
];

const packageVersion = '153.0.0';
/** Raise it when the steps below change, so that existing installs are redone. */
const revision = 1;
const systemNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const archives = ['al2023', 'fonts', 'swiftshader'];

const headlessShell: Installable = {
  title: `Chromium ${packageVersion.split('.')[0] ?? packageVersion}`,
  size: 'about 220 MB',
  family: 'chromium',
  version: `${packageVersion}-r${revision}`,
  build: buildChromium,
};

/**
 * Finds a Chromium: the one named by `CHROMIUM_PATH`, else one on the PATH, else the one in `.vscode-test/`, which is
 * installed from the npm registry if it is not there yet.
 * @param report gets one line per step
 * @throws InstallError if there is none and none can be installed; the signal's reason if it aborts
 */
export async function ensureChromium(report: (line: string) => void, signal: AbortSignal): Promise<Chromium> {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') {
    if (!(await isExecutable(named))) {
      throw new InstallError(`CHROMIUM_PATH names ${named}, which is not a program that can be run.`);
    }
    return { executablePath: named, env: definedOnly(cleanEnvironment()) };
  }
  const system = await findOnPath();
  if (system !== undefined) {
    return { executablePath: system, env: definedOnly(cleanEnvironment()) };
  }
  const folder = await ensureInstalled(headlessShell, report, signal);
  return {
    executablePath: join(folder, 'chromium'),
    env: definedOnly(
      cleanEnvironment({
        // For Chromium only: these libraries must not get into other programs.
        LD_LIBRARY_PATH: join(folder, 'lib'),
        FONTCONFIG_PATH: await writeFontConfig(folder),
      }),
    ),
  };
}

/** The page dies without fonts, and the package's own configuration names folders outside the project. */
async function writeFontConfig(folder: string): Promise<string> {
  const configFolder = join(folder, 'fontconfig');
  const file = join(configFolder, 'fonts.conf');
  const wanted = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${xml(join(folder, 'fonts'))}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${xml(join(folder, 'font-cache'))}</cachedir>
</fontconfig>
`;
  await mkdir(configFolder, { recursive: true });
  // Written anew when the project was moved; renamed into place since two processes may do this at once.
  if ((await readIfThere(file)) !== wanted) {
    await writeFile(`${file}.${process.pid}`, wanted);
    await rename(`${file}.${process.pid}`, file);
  }
  return configFolder;
}

async function buildChromium(staging: string, report: (step: string) => void, signal: AbortSignal): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new InstallError(
      "The Chromium from the npm registry is for Linux on x64 only: install Chromium with the system's package manager " +
        '(it is found as "chromium" on the PATH), or name one in CHROMIUM_PATH.',
    );
  }
  await writeFile(join(staging, 'package.json'), JSON.stringify({ name: 'chromium-install', private: true }));
  report('downloading it');
  await npmInstall(['--save-exact', `@sparticuz/chromium@${packageVersion}`], staging, headlessShell.title, signal);
  report('unpacking it');
  const packed = join(staging, 'node_modules', '@sparticuz', 'chromium', 'bin');
  await decompress(join(packed, 'chromium.br'), join(staging, 'chromium'), 0o755, signal);
  for (const archive of archives) {
    const tar = join(staging, `${archive}.tar`);
    await decompress(join(packed, `${archive}.tar.br`), tar, 0o644, signal);
    await unpack(tar, staging);
    await rm(tar);
  }
  await rm(join(staging, 'node_modules'), { recursive: true, force: true });
}

async function decompress(from: string, to: string, mode: number, signal: AbortSignal): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to, { mode }), { signal });
}

/** From a file, not a pipe: tar may end before it has read all of one, which its writer would take for a failure. */
async function unpack(archive: string, folder: string): Promise<void> {
  const tar = await ProcessGroup.start({
    command: 'tar',
    args: ['-x', '--no-same-owner', '-f', archive],
    cwd: folder,
    env: cleanEnvironment(),
    stdin: 'ignore',
    stderr: 'inherit',
  });
  try {
    tar.child.stdout?.resume();
    const end = await tar.ended;
    if (end.code !== 0) {
      throw new InstallError(`tar could not unpack ${archive}; its own words are above this line.`);
    }
  } finally {
    await tar.stop();
  }
}

async function findOnPath(): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of systemNames) {
    for (const folder of folders) {
      const file = join(folder, name);
      if (await isExecutable(file)) {
        return file;
      }
    }
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      return false;
    }
    throw error;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function xml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
