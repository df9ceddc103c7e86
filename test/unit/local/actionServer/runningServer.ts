import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { freePort } from '../../../platform/freePort';

/** The bundle that users run. */
const bundle = resolve(process.cwd(), 'dist/actionServer.mjs');
export const sessionKey = 'key of the tests';

/** How a server is started for a test. */
export interface StartOptions {
  readonly environment?: Record<string, string>;
  /** Replaces the whole command line behind the port. */
  readonly arguments?: readonly string[];
  /** False: does not wait for the server to be ready. */
  readonly wait?: boolean;
  readonly port?: number;
  /** True: the folder of the test stands for the devbox's `/`. */
  readonly plainMode?: boolean;
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** A `run` observation, or an error. */
export interface Run {
  readonly type: string;
  readonly content: string;
  readonly success: boolean | undefined;
  readonly command: string;
  readonly exitCode: number;
  readonly pid: number;
  readonly workingDir: string | null;
  readonly prefix: string;
  readonly suffix: string;
}

/** The bundled action server as a process of its own, with a folder to work in. */
export class RunningServer {
  static readonly #running = new Set<RunningServer>();
  readonly #closed: Promise<unknown>;
  stderr = '';
  stdout = '';

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
    /** Holds everything that the server writes. */
    readonly folder: string,
    readonly workspace: string,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#closed = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
  }

  static async start(options: StartOptions = {}): Promise<RunningServer> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'action-server-test-')));
    const workspace = join(folder, 'workspace');
    const port = options.port ?? (await freePort());
    const child = spawn(
      process.execPath,
      [bundle, String(port), ...(options.arguments ?? ['--working-dir', workspace, '--no-enable-browser'])],
      {
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          TMPDIR: folder,
          SESSION_API_KEY: sessionKey,
          NO_CHANGE_TIMEOUT_SECONDS: '2',
          ...(options.plainMode === true ? { RUNLOOP_LOCAL_ROOT: folder } : {}),
          ...options.environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const server = new RunningServer(child, port, folder, workspace);
    RunningServer.#running.add(server);
    if (options.wait !== false) await server.ready();
    return server;
  }

  /** Stops what a failed test has left running. */
  static async stopAll(): Promise<void> {
    await Promise.all([...RunningServer.#running].map((server) => server.stop()));
  }

  /** Waits until the log has a match: it arrives on another way than the answers to requests. */
  async logged(pattern: RegExp): Promise<void> {
    while (!pattern.test(plain(this.stderr))) await delay(10);
  }

  async ready(): Promise<void> {
    while (this.child.exitCode === null) {
      try {
        if ((await this.request('GET', '/alive')).json['status'] === 'ok') return;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      await delay(20);
    }
    throw new Error(`The server has ended with code ${this.child.exitCode}:\n${this.stderr}`);
  }

  async request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { 'X-Session-API-Key': sessionKey, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = text !== '' && response.headers.get('content-type') === 'application/json';
    return { status: response.status, text, json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }

  async action(type: string, args: Record<string, unknown>, timeout?: number): Promise<Answer> {
    return this.request('POST', '/execute_action', {
      action: { action: type, args, ...(timeout === undefined ? {} : { timeout }) },
    });
  }

  async run(command: string, args: Record<string, unknown> = {}, timeout?: number): Promise<Run> {
    const { json } = await this.action('run', { command, ...args }, timeout);
    const extras = (json['extras'] ?? {}) as Record<string, unknown>;
    const metadata = (extras['metadata'] ?? {}) as Record<string, unknown>;
    return {
      type: String(json['observation']),
      content: String(json['content']),
      success: json['success'] as boolean | undefined,
      command: String(extras['command']),
      exitCode: Number(metadata['exit_code']),
      pid: Number(metadata['pid']),
      workingDir: metadata['working_dir'] as string | null,
      prefix: String(metadata['prefix']),
      suffix: String(metadata['suffix']),
    };
  }

  /** Waits for the process to end by itself; a test's own time limit ends a wait that is too long. */
  async ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    await this.#closed;
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended();
    await rm(this.folder, { recursive: true, force: true });
    RunningServer.#running.delete(this);
  }
}

/** The server's log without colours. */
export function plain(log: string): string {
  return stripVTControlCharacters(log);
}

/** The processes that have `text` in their arguments, which are separated by NUL characters. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text);
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false;
      throw error;
    }
  });
}
