import { createInterface } from 'node:readline';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deadline } from '../../src/ground/deadline';
import { cleanEnvironment } from './cleanEnvironment';
import type { VscodeInstall } from './install';
import { ProcessGroup } from './processGroup';
import { localPlatformBundle, projectRoot } from './projectPaths';

/** Where a Runloop platform answers, and the key that it accepts. */
export interface PlatformAccount {
  readonly baseURL: string;
  readonly apiKey: string;
}

/** How a {@link LocalPlatform} is started. */
export interface LocalPlatformOptions {
  readonly apiKey: string;
  readonly dataDir: string;
  /** The VS Code that its devboxes get. */
  readonly install: VscodeInstall;
  /**
   * True for one that lives for a test or two: its database, a WebAssembly program, is then compiled once and not a second
   * time for speed, which takes two thirds of the processor time of a start.
   */
  readonly shortLived?: boolean;
  /** Receives what it says on stderr. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

const startLimitMs = 60_000;

/** The local platform as a process of its own. It ends with this process, however that ends. */
export class LocalPlatform {
  private constructor(
    readonly account: PlatformAccount,
    private readonly group: ProcessGroup,
    private readonly log: WriteStream,
  ) {}

  /**
   * Starts it and waits until it is ready.
   * @throws Error with its own words if it ends first or is not ready within a minute; the signal's reason if it aborts
   */
  static async start(options: LocalPlatformOptions): Promise<LocalPlatform> {
    options.signal.throwIfAborted();
    await mkdir(dirname(options.logFile), { recursive: true });
    const log = createWriteStream(options.logFile);
    const group = await ProcessGroup.start({
      command: process.execPath,
      args: [
        '--enable-source-maps',
        ...(options.shortLived === true ? ['--liftoff-only'] : []),
        localPlatformBundle,
        `--data-dir=${options.dataDir}`,
        `--vscode-server=${options.install.serverRoot}`,
        `--vscode-node=${options.install.node}`,
        '--exit-with-parent',
      ],
      cwd: projectRoot,
      env: cleanEnvironment({ RUNLOOP_LOCAL_API_KEY: options.apiKey, RUNLOOP_API_KEY: undefined }),
      stdin: 'pipe',
    });
    try {
      return new LocalPlatform(await ready(group, log, options), group, log);
    } catch (error) {
      await group.stop();
      log.end();
      throw error;
    }
  }

  /** The process id of the platform itself. */
  get pid(): number | undefined {
    return this.group.child.pid;
  }

  /** Settles when the platform has ended, for whatever reason. */
  get ended(): Promise<unknown> {
    return this.group.ended;
  }

  /** Ends it; it shuts its devboxes down first, which may take a while. */
  async dispose(): Promise<void> {
    await this.group.stop(20_000);
    this.log.end();
  }
}

async function ready(group: ProcessGroup, log: WriteStream, options: LocalPlatformOptions): Promise<PlatformAccount> {
  const { stdout, stderr } = group.child;
  if (stdout === null || stderr === null) {
    throw new Error('The local platform was started without pipes.');
  }
  const lastWords: string[] = [];
  createInterface({ input: stderr, crlfDelay: Infinity }).on('line', (line) => {
    log.write(`${line}\n`);
    lastWords.push(line);
    lastWords.splice(0, lastWords.length - 10);
  });
  const stop = deadline(startLimitMs, options.signal);
  return await new Promise<PlatformAccount>((resolve, reject) => {
    createInterface({ input: stdout, crlfDelay: Infinity }).once('line', (line) => {
      const account = parseAccount(line);
      if (account === undefined) {
        reject(new Error(`The local platform's first line is not what it should be: ${line.slice(0, 200)}`));
      } else {
        resolve(account);
      }
    });
    stop.addEventListener(
      'abort',
      () => {
        const cause: unknown = options.signal.aborted ? options.signal.reason : undefined;
        reject(
          cause instanceof Error
            ? cause
            : new Error(`The local platform was not ready within ${startLimitMs / 1000} s.`),
        );
      },
      { once: true },
    );
    void group.ended.then((end) => {
      const how = String(end.code ?? end.signal);
      reject(new Error(`The local platform ended at its start (${how}):\n${lastWords.join('\n')}`));
    });
  });
}

/** Reads the one line of JSON that the platform prints when it is ready. */
function parseAccount(line: string): PlatformAccount | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
  if (typeof value !== 'object' || value === null || !('baseURL' in value) || !('apiKey' in value)) {
    return undefined;
  }
  const { baseURL, apiKey } = value;
  return typeof baseURL === 'string' && typeof apiKey === 'string' ? { baseURL, apiKey } : undefined;
}
