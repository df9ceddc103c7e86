import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createInterface } from 'node:readline';
import { deadline } from '../../src/ground/deadline';
import type { VscodeInstall } from './install';
import { ProcessGroup } from './processGroup';
import { vscodeTestDir } from './projectPaths';

/** How a {@link WorkbenchServer} is started. */
export interface WorkbenchServerOptions {
  readonly install: VscodeInstall;
  /** Settings, logs and (unless given below) extensions. */
  readonly serverDataDir: string;
  readonly extensionsDir?: string;
  readonly userDataDir?: string;
  /** The whole environment; extensions see it. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Lets the page run a test suite inside the extension host and tell how it went. Hides all notification toasts.
   */
  readonly smokeTestDriver: boolean;
  /** False switches workspace trust off: every folder is trusted and nothing is asked. */
  readonly workspaceTrust: boolean;
  /** Receives what the server prints. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/** The extension host, in which all extensions run, ended in a way that it should not. */
export interface ExtensionHostDeath {
  /** The server's own line about it. */
  readonly line: string;
}

const startLimitMs = 120_000;
const listeningPattern = /Extension host agent listening on (\d+)/;
const hostExitPattern = /Extension Host Process exited with code: (\S+), signal: (\S+)\./;

/**
 * Becomes the program that its arguments name. A second process waits for the end of stdin, which comes when the process
 * that has started this one is gone in whatever way, and then ends the whole process group.
 */
const tiedToParent = `exec 3<&0
(read -r _ <&3; trap '' TERM; kill -TERM 0; sleep 5; kill -KILL 0) >/dev/null 2>&1 &
exec "$@" </dev/null 3<&-`;

/**
 * A VS Code whose workbench runs in a browser: serves the page and runs the extensions. It listens on 127.0.0.1 only,
 * on a port of its own choice.
 */
export class WorkbenchServer {
  private readonly deathListeners = new Set<(death: ExtensionHostDeath) => void>();

  private constructor(
    /** The TCP port on 127.0.0.1. */
    readonly port: number,
    private readonly group: ProcessGroup,
    private readonly log: WriteStream,
    private readonly runtimeDir: string,
  ) {}

  /**
   * Starts the server and waits until it listens.
   * @throws Error if it ends or does not listen within a minute; the signal's reason if it aborts. Nothing is left running.
   */
  static async start(options: WorkbenchServerOptions): Promise<WorkbenchServer> {
    options.signal.throwIfAborted();
    await mkdir(dirname(options.logFile), { recursive: true });
    await mkdir(options.serverDataDir, { recursive: true });
    const log = createWriteStream(options.logFile);
    const runtimeDir = await mkdtemp(join(tmpdir(), 'runloop-vscode-'));
    const group = await ProcessGroup.start({
      command: 'sh',
      args: ['-c', tiedToParent, 'sh', options.install.node, ...serverArguments(options)],
      cwd: options.serverDataDir,
      // An empty proxy address: VS Code then leaves addresses on localhost as they are when it opens them.
      // VS Code leaves its sockets behind, in the temporary folder where there is no folder for such things.
      // Its programs are compiled once, not at every start: a sixth of the work of a start.
      env: {
        XDG_RUNTIME_DIR: runtimeDir,
        VSCODE_PROXY_URI: '',
        NODE_COMPILE_CACHE: join(vscodeTestDir, 'compiled'),
        ...options.env,
      },
      stdin: 'pipe',
    });
    const lines = new ServerLines(group, log);
    try {
      const port = await listeningPort(lines, group, options);
      const server = new WorkbenchServer(port, group, log, runtimeDir);
      lines.onLine = (line) => server.inspect(line);
      return server;
    } catch (error) {
      await group.stop();
      log.end();
      await rm(runtimeDir, { recursive: true, force: true });
      throw error;
    }
  }

  /** Settles when the server has ended, for whatever reason. */
  get ended(): Promise<unknown> {
    return this.group.ended;
  }

  /**
   * Calls `listener` when an extension host has ended with anything but a clean exit.
   * @returns stops listening
   */
  onExtensionHostDeath(listener: (death: ExtensionHostDeath) => void): () => void {
    this.deathListeners.add(listener);
    return () => void this.deathListeners.delete(listener);
  }

  /** Ends the server with everything it has started, and waits for that. */
  async dispose(): Promise<void> {
    this.deathListeners.clear();
    await this.group.stop();
    this.log.end();
    await finished(this.log);
    await rm(this.runtimeDir, { recursive: true, force: true });
  }

  private inspect(line: string): void {
    const match = hostExitPattern.exec(line);
    if (match !== null && !(match[1] === '0' && match[2] === 'null')) {
      this.deathListeners.forEach((listener) => listener({ line }));
    }
  }
}

/** What the server prints, line by line, to one listener and the log. */
class ServerLines {
  onLine: (line: string) => void = () => undefined;
  readonly last: string[] = [];

  constructor(group: ProcessGroup, log: WriteStream) {
    for (const stream of [group.child.stdout, group.child.stderr]) {
      if (stream === null) {
        continue;
      }
      createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
        log.write(`${line}\n`);
        this.last.push(line);
        this.last.splice(0, this.last.length - 10);
        this.onLine(line);
      });
    }
  }
}

function serverArguments(options: WorkbenchServerOptions): string[] {
  return [
    join(options.install.serverRoot, 'out', 'server-main.js'),
    '--host=127.0.0.1',
    '--port=0',
    '--without-connection-token',
    '--accept-server-license-terms',
    '--disable-telemetry',
    `--server-data-dir=${options.serverDataDir}`,
    ...(options.extensionsDir === undefined ? [] : [`--extensions-dir=${options.extensionsDir}`]),
    ...(options.userDataDir === undefined ? [] : [`--user-data-dir=${options.userDataDir}`]),
    ...(options.smokeTestDriver ? ['--enable-smoke-test-driver'] : []),
    ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
  ];
}

async function listeningPort(
  lines: ServerLines,
  group: ProcessGroup,
  options: WorkbenchServerOptions,
): Promise<number> {
  const stop = deadline(startLimitMs, options.signal);
  return await new Promise<number>((resolve, reject) => {
    lines.onLine = (line) => {
      const port = listeningPattern.exec(line)?.[1];
      if (port !== undefined) {
        resolve(Number(port));
      }
    };
    const failed = (what: string): Error =>
      new Error(`The VS Code server ${what}. Its last words are in ${options.logFile}:\n${lines.last.join('\n')}`);
    stop.addEventListener(
      'abort',
      () => {
        const cause: unknown = options.signal.aborted ? options.signal.reason : undefined;
        reject(cause instanceof Error ? cause : failed(`did not listen within ${startLimitMs / 1000} s`));
      },
      { once: true },
    );
    void group.ended.then((end) =>
      reject(failed(`ended with ${end.code ?? end.signal ?? 'an unknown code'} at its start`)),
    );
  });
}
