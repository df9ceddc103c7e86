import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { ActionError } from '../actionRequest';
import { commandOf, type ActingUser } from '../actingUser';
import type { Logger } from '../logging';
import { kernelBridge } from './kernelBridge';

/** What a cell printed and drew. */
export interface CellResult {
  readonly text: string;
  /** PNG pictures in base64. */
  readonly images: readonly string[];
  readonly timedOut: boolean;
}

/** Where the kernel lives. */
export interface KernelContext {
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: ActingUser;
  readonly log: Logger;
}

const answerShape = z.union([
  z.object({ missing: z.string() }),
  z.object({ failed: z.string() }),
  z.object({ interpreter: z.string() }),
  z.object({ text: z.string(), images: z.array(z.string()), timedOut: z.boolean() }),
]);

type Answer = z.infer<typeof answerShape>;

/** The one Python kernel of the server, by way of a Python program that speaks Jupyter's protocol. */
export class JupyterKernel {
  readonly #bridge: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #interpreter = '';
  #broken = false;

  private constructor(bridge: ChildProcessWithoutNullStreams) {
    this.#bridge = bridge;
    this.#answers = createInterface({ input: bridge.stdout })[Symbol.asyncIterator]();
  }

  /** Path of the Python that runs the cells. */
  get interpreter(): string {
    return this.#interpreter;
  }

  /** False once the kernel has ended. */
  get alive(): boolean {
    return !this.#broken && this.#bridge.exitCode === null && this.#bridge.signalCode === null;
  }

  /**
   * Starts a kernel.
   *
   * @throws ActionError when there is no Python with ipykernel; Error when the kernel does not start
   */
  static async start({ environment, workingDir, user, log }: KernelContext): Promise<JupyterKernel> {
    const { file, args } = commandOf(user, 'python3', ['-c', kernelBridge]);
    const bridge = spawn(file, args, { env: { ...environment, ...user.environment }, cwd: workingDir, stdio: 'pipe' });
    bridge.stdin.on('error', () => undefined);
    let complaint = '';
    bridge.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
    const kernel = new JupyterKernel(bridge);
    try {
      // An ENOENT is an event of the process, which would otherwise be nobody's.
      await once(bridge, 'spawn');
    } catch (error) {
      throw notFound(error instanceof Error ? error.message : String(error));
    }
    const first = await kernel.#next();
    if (first === undefined) {
      await kernel.dispose();
      const said = complaint.trim().split('\n').at(-1) ?? '';
      // What stands in for a Python that is not there (a version manager's program, env) ends like a shell.
      if (bridge.exitCode === 127) throw notFound(said === '' ? 'python3 was not found' : said);
      const how = `python3 ended with ${bridge.signalCode ?? `exit code ${String(bridge.exitCode)}`}`;
      throw new Error(`The Jupyter kernel did not start: ${said === '' ? how : said}`);
    }
    if ('missing' in first) throw notFound(first.missing);
    if ('interpreter' in first) kernel.#interpreter = first.interpreter;
    log.info('Jupyter kernel started');
    return kernel;
  }

  /**
   * Runs a cell.
   *
   * @param timeoutSeconds the kernel is interrupted then; undefined waits for ever
   * @throws Error when the kernel ended meanwhile
   */
  async run(code: string, timeoutSeconds: number | undefined): Promise<CellResult> {
    this.#bridge.stdin.write(`${JSON.stringify({ code, timeout: timeoutSeconds ?? null })}\n`);
    const answer = await this.#next();
    if (answer === undefined || 'failed' in answer) {
      this.#broken = true;
      await this.dispose();
      throw new Error(
        `The Jupyter kernel ended while it ran the code${answer === undefined ? '' : ` (${answer.failed})`}; the next code gets a new one.`,
      );
    }
    if (!('text' in answer)) throw new Error('The Jupyter kernel answered something else.');
    return answer;
  }

  /** Ends the kernel. */
  async dispose(): Promise<void> {
    if (this.#bridge.exitCode !== null || this.#bridge.signalCode !== null) return;
    const ended = once(this.#bridge, 'exit');
    this.#bridge.stdin.end();
    const timer = setTimeout(() => this.#bridge.kill('SIGKILL'), 1_000);
    await ended;
    clearTimeout(timer);
  }

  async #next(): Promise<Answer | undefined> {
    const next = await this.#answers.next();
    return next.done === true ? undefined : answerShape.parse(JSON.parse(next.value));
  }
}

function notFound(why: string): ActionError {
  return new ActionError(`The jupyter requirement was not found: this devbox has no Python with ipykernel (${why}).`);
}
