import { accessSync, constants, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Account } from './account/account';
import { raiseLastDefence } from './bulkhead/lastDefence';
import { ControlGroups } from './sandbox/controlGroups/controlGroups';
import { DevboxRegistry } from './devbox/devboxRegistry';
import { codeOf, DevboxError, messageOf } from './errors';
import { type HostTools, checkTools, isFile } from './sandbox/devboxTools';
import { newApiKey } from './ids';
import { chooseSandbox } from './sandbox/chooseSandbox';
import { FaultConfigError, readFaultConfig } from './faults/faultConfig';
import { Faults } from './faults/faults';
import type { PlatformOptions } from './options';
import { PlatformServer } from './server/platformServer';
import { startNotes } from './startNotes';
import { refuseForeignThings, setOddThingsAside } from './store/setAside';
import { Store } from './store/store';

/** Where this bundle is, and beside it the others. */
const ownFolder = dirname(fileURLToPath(import.meta.url));

/** A running local platform. */
export interface Platform {
  readonly baseURL: string;
  readonly apiKey: string;
  /** Shuts all devboxes down and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts the local platform.
 * @param logLine gets sentences for the person who started it
 * @throws DevboxError with one sentence when it cannot start; nothing is left running then
 */
export async function startPlatform(options: PlatformOptions, logLine: (line: string) => void): Promise<Platform> {
  if (process.platform !== 'linux') {
    throw new DevboxError(
      'failed',
      `The local platform needs Linux; this is ${process.platform}. Use a Runloop account, or WSL on Windows.`,
    );
  }
  const dataDir = openDataDir(options.dataDir);
  // Before anything is looked for in it; what another platform uses is as it must be.
  setOddThingsAside(dataDir, logLine);
  refuseForeignThings(dataDir);
  const tools = findTools(options);
  checkTools(tools);
  const apiKey = readApiKey(options);
  const faults = openFaults(options);
  const groups = options.controlGroups === 'auto' ? await ControlGroups.open(logLine) : undefined;
  let store: Store | undefined;
  try {
    const sandboxes = await chooseSandbox(options.sandbox, dataDir, tools, groups, logLine);
    const opened = (store = Store.open(dataDir, logLine));
    const served: { port?: number } = {};
    const relay = [process.execPath, join(ownFolder, 'netRelay.mjs')];
    const account = await Account.open({
      store: opened,
      sandboxes,
      logLine,
      relay,
      tunnelPort: () => served.port,
    });
    const devboxes = await DevboxRegistry.open({
      store: opened,
      sandboxes,
      resources: account,
      logLine,
      faultHooks: faults,
      devboxTtlSeconds: options.devboxTtlSeconds,
    });
    const server = new PlatformServer(
      devboxes,
      account,
      apiKey,
      logLine,
      { ptyIdleSeconds: options.ptyIdleSeconds, dataDir },
      faults,
    );
    const port = await listen(server, options.port);
    served.port = port;
    (await startNotes({ port, hasControlGroups: groups !== undefined })).forEach(logLine);
    const lower = raiseLastDefence(logLine);
    return {
      baseURL: `http://127.0.0.1:${port}`,
      apiKey,
      close: async () => {
        await account.close();
        await devboxes.close();
        await server.close();
        await sandboxes.close();
        await groups?.close();
        await opened.close();
        lower();
      },
    };
  } catch (error) {
    await store?.close();
    await groups?.close();
    throw error;
  }
}

function readApiKey(options: PlatformOptions): string {
  const given = process.env['RUNLOOP_LOCAL_API_KEY'] ?? options.apiKey ?? '';
  if (given !== '' && !/^[\x21-\x7e]+$/.test(given)) {
    throw new DevboxError('invalid', 'The API key may only have printable characters without blanks in it.');
  }
  return given === '' ? newApiKey() : given;
}

/** The faults of the command line; undefined where none can be ordered. */
function openFaults(options: PlatformOptions): Faults | undefined {
  if (options.faults === undefined) {
    return options.faultControl ? new Faults() : undefined;
  }
  const faults = new Faults();
  try {
    faults.replace(readFaultConfig(readFileSync(options.faults, 'utf8')));
  } catch (error) {
    const why = error instanceof FaultConfigError ? error.message : `It cannot be read: ${messageOf(error)}.`;
    throw new DevboxError('invalid', `The file of --faults, ${options.faults}, cannot be used. ${why}`, {
      cause: error,
    });
  }
  return faults;
}

function openDataDir(wanted: string | undefined): string {
  const state = process.env['XDG_STATE_HOME'] ?? '';
  const dataDir = resolve(
    wanted ?? join(state.startsWith('/') ? state : join(homedir(), '.local', 'state'), 'runloop-devboxes', 'local'),
  );
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK | constants.X_OK);
    return realpathSync(dataDir);
  } catch (error) {
    throw new DevboxError(
      'failed',
      `The data folder ${dataDir} cannot be used (${codeOf(error) ?? messageOf(error)}). Give another one with --data-dir.`,
      { cause: error },
    );
  }
}

function findTools(options: PlatformOptions): HostTools {
  const real = (path: string): string => {
    try {
      return realpathSync(path);
    } catch {
      // What does not exist keeps its name, for the message that says so.
      return resolve(path);
    }
  };
  if (options.actionServer !== undefined && !isFile(options.actionServer)) {
    throw new DevboxError('invalid', `The action server ${options.actionServer} does not exist.`);
  }
  return {
    node: real(process.execPath),
    electron: process.versions['electron'] !== undefined,
    actionServer: real(options.actionServer ?? join(ownFolder, 'actionServer.mjs')),
    sftpServer: real(join(ownFolder, 'sftpServer.mjs')),
    vscodeServer: options.vscodeServer === undefined ? undefined : real(options.vscodeServer),
    vscodeNode: options.vscodeNode === undefined ? undefined : real(options.vscodeNode),
  };
}

async function listen(server: PlatformServer, port: number): Promise<number> {
  try {
    return await server.listen(port);
  } catch (error) {
    const why = codeOf(error) === 'EADDRINUSE' ? 'another program uses it' : messageOf(error);
    throw new DevboxError(
      'failed',
      `Port ${port} on 127.0.0.1 cannot be used: ${why}. Give another one with --port, or 0 for any free one.`,
      { cause: error },
    );
  }
}
