import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { takeFolderLockNow } from './folderLock';
import { ensureVscode } from './install';
import { InstallError } from './npm';
import { PortInUse } from './frontProxy';
import { firstSight, vscodeTestDir } from './projectPaths';
import { listenForStop, Stopped } from './stopSignals';
import { startWorkbenchStack, type WorkbenchStack } from './workbenchStack';

const defaultPort = 8710;

const usage = `Starts VS Code with the Runloop Devboxes extension, in the browser.

  npm start -- [--port P] [--no-open]

  --port P    port of the page's address on 127.0.0.1 (default ${defaultPort}); the page's layout and sign-in are kept per port
  --no-open   print the address without opening the browser
  --help      this text

Without an account the local platform is started along with it. With RUNLOOP_API_KEY set (and RUNLOOP_BASE_URL, if it is
not Runloop's own address) that account is used instead. Ctrl-C stops everything.
`;

interface StartOptions {
  readonly port: number;
  readonly open: boolean;
}

/** The options make no sense; the message says which. */
class UsageError extends Error {}

function parseOptions(argv: readonly string[]): StartOptions | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: { port: { type: 'string' }, 'no-open': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help === true) {
    return 'help';
  }
  const port = values.port === undefined ? defaultPort : Number(values.port);
  if (!/^\d+$/.test(values.port ?? '0') || port > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not "${values.port ?? ''}".`);
  }
  return { port, open: values['no-open'] !== true };
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

function givenAccount(): { apiKey: string; baseUrl: string | undefined } | undefined {
  const apiKey = process.env['RUNLOOP_API_KEY'];
  const baseUrl = process.env['RUNLOOP_BASE_URL'];
  if (apiKey === undefined || apiKey === '') {
    if (baseUrl !== undefined && baseUrl !== '') {
      report('RUNLOOP_BASE_URL is set but RUNLOOP_API_KEY is not: the local platform is used.');
    }
    return undefined;
  }
  return { apiKey, baseUrl: baseUrl === '' ? undefined : baseUrl };
}

async function start(options: StartOptions, signal: AbortSignal): Promise<void> {
  const stateDir = join(vscodeTestDir, 'start');
  const lock = await takeFolderLockNow(stateDir);
  if (lock === undefined) {
    throw new InstallError(
      '`npm start` is already running in this project: use its page, or stop it with Ctrl-C first.',
    );
  }
  let stack: WorkbenchStack | undefined;
  try {
    const install = await ensureVscode(report, signal);
    const account = givenAccount();
    stack = await startWorkbenchStack({
      install,
      stateDir,
      port: options.port,
      extraExtensions: [firstSight],
      ...(account === undefined ? { tellsLocal: true } : { account }),
      signal,
    });
    const platform = stack.platform;
    report(
      platform === undefined
        ? `Using the account of RUNLOOP_API_KEY${account?.baseUrl === undefined ? '' : ` at ${account.baseUrl}`}.`
        : `The local platform runs at ${platform.baseUrl}.`,
    );
    process.stdout.write(`\n  VS Code with Runloop Devboxes: ${stack.address}\n\n`);
    report('Ctrl-C stops it.');
    if (options.open) {
      openBrowser(stack.address);
    }
    await untilStopped(stack, signal);
  } finally {
    if (stack !== undefined) {
      report('Stopping …');
      await stack.dispose();
    }
    await lock.release();
  }
}

/** @throws Stopped when the user stops it, Error when one of the parts ends by itself */
async function untilStopped(stack: WorkbenchStack, signal: AbortSignal): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('Stopped.'));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) {
      stop();
    }
  });
  const ended = async (part: Promise<unknown>, name: string): Promise<never> => {
    await part;
    throw new Error(`${name} ended unexpectedly; its log is in ${join(vscodeTestDir, 'start', 'logs')}.`);
  };
  return await Promise.race([
    stopped,
    ended(stack.server.ended, 'The VS Code server'),
    ...(stack.platform === undefined ? [] : [ended(stack.platform.ended, 'The local platform')]),
  ]);
}

/** A browser that cannot be opened is no failure: the address has been printed. */
function openBrowser(address: string): void {
  if (process.env['DISPLAY'] === undefined && process.env['WAYLAND_DISPLAY'] === undefined) {
    report('There is no desktop here to open a browser on: open the address above yourself.');
    return;
  }
  const browser = spawn('xdg-open', [address], { stdio: 'ignore', detached: true });
  browser.on('error', (error) =>
    report(`The browser could not be opened (${error.message}): open the address above yourself.`),
  );
  browser.unref();
}

async function main(): Promise<number> {
  const stop = listenForStop();
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options === 'help') {
      process.stdout.write(usage);
      return 0;
    }
    await start(options, stop.signal);
    return 0;
  } catch (error) {
    if (error instanceof Stopped) {
      report('Stopped.');
      return error.exitCode;
    }
    if (error instanceof UsageError) {
      report(`${error.message}\n\n${usage}`);
      return 2;
    }
    if (error instanceof PortInUse) {
      report(`${error.message} Stop what uses it, or choose another one: npm start -- --port ${defaultPort + 1}`);
    } else {
      report(error instanceof Error ? error.message : String(error));
    }
    return 1;
  } finally {
    stop.dispose();
  }
}

process.exitCode = await main();
