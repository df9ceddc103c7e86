import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { asObject, asString, parseJson } from '../../src/core/parse';
import { startDeadline } from '../../src/ground/deadline';
import { cleanEnvironment } from '../vscode/cleanEnvironment';
import type { VscodeInstall } from '../vscode/install';
import { ProcessGroup } from '../vscode/processGroup';
import { localPlatformBundle, projectRoot } from '../vscode/projectPaths';

/** Where a platform answers, and the key that it accepts. */
export interface PlatformAccount {
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** How a platform is started; nothing has to be said. */
export interface PlatformOptions {
  /** A folder to go on with, for example that of a platform that was killed. Else a new one. */
  readonly dataDir?: string;
  /** True if the data is to stay when the platform is stopped. */
  readonly keepData?: boolean;
  /**
   * True for one that lives long, or whose speed is measured. Else its database, a WebAssembly program, is compiled once and
   * not a second time for speed, which takes two thirds of the processor time of a start.
   */
  readonly longLived?: boolean;
  /** Its key; it makes one up if none is given. */
  readonly apiKey?: string;
  /** The VS Code that its devboxes get. */
  readonly vscode?: VscodeInstall;
  /** Added to this process's environment; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Words in front of the platform's command, to start it in other circumstances. */
  readonly within?: readonly string[];
  /** Receives what it says on stderr. */
  readonly logFile?: string;
  readonly signal?: AbortSignal;
}

const startLimitMs = 60_000;
const stopLimitMs = 30_000;

/**
 * The built local platform as a process of its own, in a process group of its own. It ends with this process, however that
 * ends. The one place where tests, benchmarks and `npm start` start it.
 */
export class PlatformProcess implements PlatformAccount {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly dataDir: string;
  /** Settles with its exit code when it has ended, for whatever reason. */
  readonly ended: Promise<number | null>;
  readonly #group: ProcessGroup;
  readonly #stderr: () => string;
  readonly #keepData: boolean;

  protected constructor(started: StartedPlatform) {
    this.baseUrl = started.account.baseUrl;
    this.apiKey = started.account.apiKey;
    this.dataDir = started.dataDir;
    this.ended = started.ended;
    this.#group = started.group;
    this.#stderr = started.stderr;
    this.#keepData = started.keepData;
  }

  /**
   * Starts it on a free port and waits until it is ready.
   * @param args of its command line
   * @throws Error with its own words if it ends first or is not ready within a minute; the signal's reason if it aborts
   */
  static async start(args: readonly string[] = [], options: PlatformOptions = {}): Promise<PlatformProcess> {
    return new PlatformProcess(await startProcess(args, options));
  }

  get child(): ChildProcess {
    return this.#group.child;
  }

  get pid(): number {
    return this.#group.pid;
  }

  get port(): number {
    return Number(new URL(this.baseUrl).port);
  }

  /** Everything that it has said on stderr so far. */
  stderr(): string {
    return this.#stderr();
  }

  /**
   * Ends it as Ctrl-C would, and removes its data unless that is to stay; gives its exit code. It shuts its devboxes down
   * first, which may take a while.
   */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const code = await this.#end(signal);
    if (!this.#keepData) await rm(this.dataDir, { recursive: true, force: true });
    return code;
  }

  /** Ends it without a warning; its data stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    // One that does not end is ended, with all of its group, and has no exit code.
    const late = setTimeout(() => void this.#group.stop(0), stopLimitMs);
    const code = await this.ended;
    clearTimeout(late);
    return code;
  }
}

/** A platform that has said that it is ready. */
export interface StartedPlatform {
  readonly account: PlatformAccount;
  readonly dataDir: string;
  readonly keepData: boolean;
  readonly group: ProcessGroup;
  readonly ended: Promise<number | null>;
  readonly stderr: () => string;
}

/** Starts the platform's program and waits for the line with which it says that it is ready. */
export async function startProcess(args: readonly string[], options: PlatformOptions): Promise<StartedPlatform> {
  options.signal?.throwIfAborted();
  const dataDir = options.dataDir ?? (await newDataDir());
  const [command = '', ...words] = [
    ...(options.within ?? []),
    process.execPath,
    '--enable-source-maps',
    ...(options.longLived === true ? [] : ['--liftoff-only']),
    localPlatformBundle,
    `--data-dir=${dataDir}`,
    '--exit-with-parent',
    ...(options.vscode === undefined
      ? []
      : [`--vscode-server=${options.vscode.serverRoot}`, `--vscode-node=${options.vscode.node}`]),
    ...args,
  ];
  const group = await ProcessGroup.start({
    command,
    args: words,
    cwd: projectRoot,
    env: cleanEnvironment({
      // Not a word of its command line, which everybody can read.
      ...(options.apiKey === undefined ? {} : { RUNLOOP_LOCAL_API_KEY: options.apiKey, RUNLOOP_API_KEY: undefined }),
      ...options.environment,
    }),
    stdin: 'pipe',
  });
  // Not `close`: what a killed platform leaves behind may hold its pipes.
  const ended = once(group.child, 'exit').then(([code]) => (typeof code === 'number' ? code : null));
  const stderr = readStderr(group, options.logFile);
  try {
    const account = await ready(group, { ended, stderr, signal: options.signal });
    return { account, dataDir, keepData: options.keepData === true, group, ended, stderr };
  } catch (error) {
    await group.stop();
    throw error;
  }
}

/** An empty folder for a platform's data. */
export function newDataDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'runloop-test-'));
}

function readStderr({ child }: ProcessGroup, logFile: string | undefined): () => string {
  if (logFile !== undefined) mkdirSync(dirname(logFile), { recursive: true });
  const log = logFile === undefined ? undefined : createWriteStream(logFile);
  let said = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => {
    // One that lives for days says a lot.
    said = `${said}${text}`.slice(-1_000_000);
    log?.write(text);
  });
  child.stderr?.once('close', () => log?.end());
  return () => said;
}

/** Waits for the one line of JSON on stdout that tells where it answers. */
async function ready(
  { child }: ProcessGroup,
  process: {
    readonly ended: Promise<number | null>;
    readonly stderr: () => string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<PlatformAccount> {
  const { stdout } = child;
  if (stdout === null) throw new Error('The local platform was started without pipes.');
  const limit = startDeadline(startLimitMs, process.signal);
  try {
    return await new Promise<PlatformAccount>((resolve, reject) => {
      createInterface({ input: stdout, crlfDelay: Infinity }).once('line', (line) => {
        const account = parseAccount(line);
        if (account !== undefined) resolve(account);
        else reject(new Error(`The local platform's first line is not what it should be: ${line.slice(0, 200)}`));
      });
      limit.signal.addEventListener('abort', () => {
        const late = `The local platform was not ready within ${startLimitMs / 1000} s:\n${process.stderr()}`;
        reject(limit.isOver ? new Error(late) : asError(limit.signal.reason));
      });
      void process.ended.then((code) => {
        const outputTail = process.stderr().split('\n').slice(-10).join('\n');
        reject(new Error(`The local platform ended at its start (${code ?? 'killed'}):\n${outputTail}`));
      });
    });
  } finally {
    limit.dispose();
  }
}

function parseAccount(line: string): PlatformAccount | undefined {
  const said = asObject(parseJson(line));
  const baseUrl = asString(said?.['baseURL']);
  const apiKey = asString(said?.['apiKey']);
  return baseUrl === undefined || apiKey === undefined ? undefined : { baseUrl, apiKey };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
