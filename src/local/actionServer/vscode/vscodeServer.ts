import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { linkSignals } from '../../../ground/deadline';
import { commandOf, type ActingUser } from '../actingUser';
import type { Logger } from '../logging';

/** How long the server's processes get to end by themselves. */
const graceMs = 2000;
/** Lines of the server's output that are kept to explain a failed start. */
const keptLines = 20;

/** How a VS Code server is started. */
export interface VscodeServerOptions {
  /** Folder that holds `out/server-main.js`. */
  readonly serverFolder: string;
  /** Node binary that runs it. */
  readonly node: string;
  readonly address: string;
  readonly port: number;
  readonly workspace: string;
  /** Folder of its settings, extensions and logs. */
  readonly dataDir: string;
  readonly tempDir: string;
  readonly environment: Record<string, string>;
  readonly user: ActingUser;
  /** Milliseconds until it must listen. */
  readonly deadlineMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A running VS Code server, reachable with its connection token. */
export class VscodeServer {
  readonly #child: ChildProcess;
  readonly #token: string;
  readonly #folder: string;
  readonly #closed: Promise<void>;
  #isRunning = true;
  #isDisposed = false;

  private constructor(child: ChildProcess, token: string, folder: string, log: Logger) {
    this.#child = child;
    this.#token = token;
    this.#folder = folder;
    this.#closed = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#isRunning = false;
        log.error('VS Code: the server could not be run', error);
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.#isRunning = false;
        if (!this.#isDisposed) log.warn(`VS Code: the server has ended (${signal ?? `exit code ${code ?? -1}`}).`);
        resolve();
      });
    });
  }

  /**
   * Starts the server and waits until it listens.
   *
   * @throws Error when it ends before, does not listen in time, or the signal aborts
   */
  static async start(options: VscodeServerOptions): Promise<VscodeServer> {
    await requireFreePort(options.port, options.address);
    const folder = await mkdtemp(join(options.tempDir, 'action-server-vscode-'));
    const token = randomUUID();
    // A file, because arguments can be read by every process.
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, token, { mode: 0o600 });
    await Promise.all([folder, tokenFile].map((path) => options.user.chown(path)));
    const { file, args } = commandOf(options.user, options.node, [
      join(options.serverFolder, 'out', 'server-main.js'),
      ...['--host', options.address, '--port', String(options.port), '--connection-token-file', tokenFile],
      ...['--accept-server-license-terms', '--disable-telemetry', '--disable-workspace-trust'],
      ...['--server-data-dir', options.dataDir],
    ]);
    const child = spawn(file, args, {
      cwd: options.workspace,
      // Empty: addresses on localhost that extensions open stay as they are.
      env: { ...options.environment, ...options.user.environment, VSCODE_PROXY_URI: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const server = new VscodeServer(child, token, folder, options.log);
    try {
      await server.#listening(options.deadlineMs, options.signal);
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  /** The connection token while the server runs, null afterwards. */
  get token(): string | null {
    return this.#isRunning ? this.#token : null;
  }

  /** Ends the server and its extension hosts. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#signal('SIGTERM');
    await Promise.race([this.#closed, delay(graceMs, undefined, { ref: false })]);
    // Also when the server itself is gone: an extension host sometimes outlives it.
    this.#signal('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #listening(deadlineMs: number, signal: AbortSignal): Promise<void> {
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('The VS Code server has no output to watch.');
    const last: string[] = [];
    const ready = new Promise<'ready'>((resolve) => {
      const read = (line: string): void => {
        last.push(line);
        if (last.length > keptLines) last.shift();
        if (/listening on \d+/.test(line)) resolve('ready');
      };
      // Kept open for the server's whole life: a full pipe would stop it.
      createInterface({ input: stdout }).on('line', read);
      createInterface({ input: stderr }).on('line', read);
    });
    const settled = new AbortController();
    const { signal: either } = linkSignals(settled.signal, signal);
    const late = delay(deadlineMs, 'late' as const, { signal: either }).catch(() => 'aborted' as const);
    const outcome = await Promise.race([ready, this.#closed.then(() => 'ended' as const), late]);
    settled.abort();
    signal.throwIfAborted();
    if (outcome === 'ready') return;
    const what = outcome === 'late' ? `did not listen within ${deadlineMs / 1000} seconds` : 'ended at once';
    throw new Error(`The VS Code server ${what}. Its last output:\n${last.join('\n').replaceAll(this.#token, '***')}`);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      // The whole group has ended already.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

/** The server itself does not end when its port is taken, so it is looked at before. */
async function requireFreePort(port: number, address: string): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(new Error(`Port ${port} on ${address} is not free: ${error.message}`)));
    probe.listen(port, address, () => probe.close(() => resolve()));
  });
}
