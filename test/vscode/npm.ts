import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { ProcessGroup } from './processGroup';

/** Something that is needed for development could not be installed; the message says why and what to do. */
export class InstallError extends Error {
  override readonly name = 'InstallError';
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/ENOSPC|EDQUOT/, 'The disk is full: free some space (about 2 GB are needed) and try again.'],
  [/EACCES|EPERM|EROFS/, 'npm may not write there: make sure that the project folder and the npm cache belong to you.'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED/,
    "The npm registry cannot be reached: check the network and npm's settings (npm ping), then try again.",
  ],
  [/E401|E403/, "The npm registry refused the request: check npm's settings (npm config list)."],
  [/E404|ETARGET/, 'The npm registry does not have this package: if a mirror is configured, it may be incomplete.'],
];

/**
 * Runs the npm client as it is set up on this machine. No package's script is run.
 * @param args what follows `npm install`
 * @param folder where to install; it must have a package.json of its own
 * @param what the thing that is being installed, for messages
 * @throws InstallError if npm fails; the signal's reason if it aborts (npm is then gone)
 */
export async function npmInstall(
  args: readonly string[],
  folder: string,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const [command, ...before] = npmCommand();
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const npm = await startNpm({
    command,
    args: [...before, 'install', `--prefix=${folder}`, ...options, ...args],
    cwd: folder,
    env: npmEnvironment(),
    stdin: 'ignore',
  });
  const stopping = { done: Promise.resolve() };
  const stop = (): void => void (stopping.done = npm.stop());
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [end, out, err] = await Promise.all([npm.ended, readAll(npm.child.stdout), readAll(npm.child.stderr)]);
    if (end.code !== 0 && !signal.aborted) {
      throw new InstallError(describe(what, `${err}\n${out}`, end.code));
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await stopping.done;
  }
  signal.throwIfAborted();
}

/** npm told us where it is if it started this program; otherwise the one on the PATH is taken. */
function npmCommand(): readonly [string, ...string[]] {
  const script = process.env['npm_execpath'];
  return script !== undefined && basename(script) === 'npm-cli.js' ? [process.execPath, script] : ['npm'];
}

/** npm's settings may come from the environment; what belongs to the project that runs this must not. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const foreign =
    /^npm_(package_|lifecycle_|command$|config_(local_prefix|global$|location|workspace|include|omit|dry_run))/;
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !foreign.test(name) && name !== 'NODE_OPTIONS'),
  );
}

async function startNpm(options: Parameters<typeof ProcessGroup.start>[0]): Promise<ProcessGroup> {
  try {
    return await ProcessGroup.start(options);
  } catch (error) {
    throw new InstallError(
      'npm cannot be started: install Node.js together with npm, and make sure both are on the PATH.',
      { cause: error },
    );
  }
}

async function readAll(stream: NodeJS.ReadableStream | null): Promise<string> {
  if (stream === null) {
    return '';
  }
  try {
    return await text(stream);
  } catch (error) {
    // Stopping npm destroys its pipes in the middle of reading; how it ended is known from its exit.
    return String(error);
  }
}

function describe(what: string, output: string, code: number | null): string {
  const hint = hints.find(([pattern]) => pattern.test(output))?.[1] ?? "npm's own words are above this line.";
  const words = output
    .split('\n')
    .filter((line) => /^npm (error|ERR!)(?!\s+at )/.test(line))
    .slice(0, 6);
  return [...words, `${what} could not be installed (npm ended with ${code ?? 'a signal'}). ${hint}`].join('\n');
}
