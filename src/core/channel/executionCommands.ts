import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { deadline, withDeadline } from '../../ground/deadline';
import { endedBy, RuntimeError } from '../errors';
import { unexpected } from '../platform/answers';
import type { Execution, ExecutionId } from '../platform/executions';
import { isUncertain } from '../platform/makeOnce';
import { StreamUnavailable } from '../platform/logRequest';
import { asOwn } from '../platform/ownExecutions';
import type { RunloopApi } from '../platform/runloopApi';
import { endExecution } from '../platform/runCommand';
import { wholeOutput } from '../platform/wholeOutput';
import type { CommandOpener, CommandOptions, CommandResult, DevboxCommands, OpenCommand } from './devboxCommands';
import { takeKeptFile } from './keptFile';
import { OpenExecution } from './openExecution';
import { answered, outputFile, type OutputFile } from './outputFile';

/** Seconds that the platform holds its answer for the end of a command. */
const holdSeconds = 2;
/** Lines that a view has at the most. */
const lastLines = 1000;
/** Milliseconds between two looks at a command that takes longer, growing. */
const lookMs = [100, 1_000] as const;
/** Bytes of input that fit into a command: the system of a devbox takes 128 KiB for one argument. */
const mostInput = 68 * 1024;
/** The most that a command may print, unpacked. */
const mostOutput = 64 * 1024 * 1024;
/** Milliseconds that taking away what was fetched may take, and how many files may wait for it. */
const tidyMs = 15_000;
const mostLeft = 100;

/**
 * Commands as executions of Runloop's API (contract §2.10): one request for one that ends soon. An execution has no input and
 * its output is text with loss, so both travel as base64: the input within the command, the output packed where it can be.
 */
export class ExecutionCommands implements DevboxCommands, CommandOpener {
  readonly #api: RunloopApi;
  readonly #devboxId: string;
  readonly #onLeft: (error: unknown) => void;
  /** Files of ours in the devbox that are still to be taken away. */
  #left: readonly string[] = [];

  /** @param onLeft told why a file of ours stays until the next command; for whoever lets outputs come by files */
  constructor(api: RunloopApi, devboxId: string, onLeft: (error: unknown) => void = () => undefined) {
    this.#api = api;
    this.#devboxId = devboxId;
    this.#onLeft = onLeft;
  }

  async run(
    command: string,
    { stdin = new Uint8Array(), signal, deadlineMs, onStarted, beforeFetch }: CommandOptions,
  ): Promise<CommandResult> {
    if (signal.aborted) throw endedBy(signal, this.#devboxId);
    if (stdin.byteLength > mostInput) throw new Error('This input is too large for an execution.');
    return withDeadline(deadlineMs, signal, async (limit) => {
      const file = beforeFetch === undefined ? undefined : outputFile(mostOutput);
      const { ended, packed } = await this.#answer(command, { stdin, file, limit, onStarted });
      const { text, rest } = file === undefined ? { text: packed, rest: 'none' } : answered(packed);
      const asText = (): Promise<CommandResult> => this.run(command, { stdin, signal: limit, deadlineMs, onStarted });
      if (rest === 'no room') return asText();
      const more = file === undefined || rest === 'none' ? [] : await this.#fetched(file, { limit, beforeFetch });
      if (more === 'refused') return asText();
      return {
        exitCode: ended.exitStatus ?? -1,
        stdout: await unpackedOutput(text, more, this.#devboxId),
        stderr: Buffer.from(ended.stderr),
      };
    });
  }

  async open(
    command: string,
    { stdin = new Uint8Array(), signal, isFed = false }: Parameters<CommandOpener['open']>[1],
  ): Promise<OpenCommand> {
    if (signal.aborted) throw endedBy(signal, this.#devboxId);
    if (stdin.byteLength > mostInput) throw new Error('This input is too large for an execution.');
    // Not cancelled half-way: nobody could tell then whether it runs.
    const sent = { signal: deadline(30_000), isFed };
    const executionId = await this.#api.executions.start(this.#devboxId, streaming(command, stdin), sent);
    return new OpenExecution(this.#api, { devboxId: this.#devboxId, executionId }, signal);
  }

  /** Runs a command, takes away what is left of others, and keeps in mind what may be left of this one. */
  async #answer(
    command: string,
    {
      stdin,
      file,
      limit,
      onStarted,
    }: {
      readonly stdin: Uint8Array;
      readonly file: OutputFile | undefined;
      readonly limit: AbortSignal;
    } & Pick<CommandOptions, 'onStarted'>,
  ): Promise<{ readonly ended: Execution; readonly packed: string }> {
    const left = this.#left;
    try {
      const ended = await this.#completed(carrying(`${removing(left)}${command}`, stdin, file), limit, onStarted);
      this.#left = this.#left.filter((path) => !left.includes(path));
      return { ended, packed: ended.isCut.stdout ? await this.#streamed(ended, limit) : ended.stdout };
    } catch (error) {
      // It was cancelled, or its answer is lost: it may have begun to write.
      if (file !== undefined) this.#leave(file);
      throw error;
    }
  }

  #leave({ path }: OutputFile): void {
    this.#left = [...this.#left, path].slice(-mostLeft);
  }

  /** What a command has printed into a file, which goes; or that this file is refused, as one that something has taken away. */
  async #fetched(
    file: OutputFile,
    { limit, beforeFetch }: { readonly limit: AbortSignal } & Pick<CommandOptions, 'beforeFetch'>,
  ): Promise<Buffer[] | 'refused'> {
    const devboxId = this.#devboxId;
    const pieces: Buffer[] = [];
    let size = 0;
    const take = (piece: Buffer): void => {
      size += piece.length;
      if (size > mostOutput) throw unexpected('an execution', devboxId);
      pieces.push(piece);
    };
    try {
      const ask = async (readAll: (pieces: AsyncIterable<Buffer>) => Promise<void>): Promise<void> => {
        await beforeFetch?.();
        await readAll(this.#api.files.download(devboxId, { path: file.path, signal: limit }));
      };
      await takeKeptFile(ask, take, limit);
      return pieces;
    } catch (error) {
      if (RuntimeError.is(error) && isRefusal(error.status)) return 'refused';
      throw error;
    } finally {
      this.#leave(file);
      // Nobody waits for it; where it fails, as the devbox does not run any more, it goes with the next command.
      this.#tidy(beforeFetch).catch(this.#onLeft);
    }
  }

  async #tidy(beforeFetch: CommandOptions['beforeFetch']): Promise<void> {
    await beforeFetch?.();
    const { signal } = new AbortController();
    await this.run(':', { signal, deadlineMs: tidyMs });
  }

  async #completed(command: string, signal: AbortSignal, onStarted: CommandOptions['onStarted']): Promise<Execution> {
    // Not cancelled half-way: nobody could tell then whether it runs. The same id runs once, so that it may be sent again.
    const asked = { command, commandId: timeOrderedId(), holdSeconds, lastLines };
    const onFailure = (error: unknown): void => {
      if (isUncertain(error)) onStarted?.();
    };
    const sent = { signal: deadline(30_000), onWait: ({ error }: { readonly error: unknown }) => onFailure(error) };
    let seen: Execution;
    try {
      seen = await this.#api.executions.startAndHold(this.#devboxId, asked, sent);
    } catch (error) {
      onFailure(error);
      throw error;
    }
    onStarted?.();
    const of = this.#idOf(seen);
    try {
      for (let waitMs: number = lookMs[0]; seen.status !== 'completed'; waitMs = Math.min(waitMs * 1.5, lookMs[1])) {
        await sleep(waitMs, undefined, { signal });
        seen = await this.#api.executions.retrieve(of, { signal, lastLines });
      }
      return seen;
    } catch (error) {
      if (!signal.aborted) throw error;
      await endExecution(this.#api, of);
      throw endedBy(signal, this.#devboxId);
    }
  }

  #idOf({ id }: Execution): ExecutionId {
    if (id === '') throw unexpected('an execution', this.#devboxId);
    return { devboxId: this.#devboxId, executionId: id };
  }

  /** An output that is too large for a view, whole. */
  async #streamed(ended: Execution, signal: AbortSignal): Promise<string> {
    const of = this.#idOf(ended);
    const pieces: string[] = [];
    let length = 0;
    try {
      for await (const text of wholeOutput(this.#api, of, 'stdout', signal)) {
        length += text.length;
        if (length > mostOutput) throw unexpected('an execution', this.#devboxId);
        pieces.push(text);
      }
    } catch (error) {
      if (!(error instanceof StreamUnavailable)) throw error;
      // It cannot be had any other way.
      const { problem } = unexpected('an execution');
      throw new RuntimeError({ problem, devboxId: this.#devboxId, cause: error });
    }
    return pieces.join('');
  }
}

function inputLines(stdin: Uint8Array): readonly string[] {
  const input = Buffer.from(stdin).toString('base64');
  return [`rl_in() { base64 -d <<'RUNLOOP_INPUT'`, ...(input.match(/.{1,76}/g) ?? []), 'RUNLOOP_INPUT', '}'];
}

/** A command with its input, whose output comes as it is, and whose own input is descriptor 4. */
function streaming(command: string, stdin: Uint8Array): string {
  return asOwn([...inputLines(stdin), 'exec 4<&0', 'rl_in | {', command, '}'].join('\n'));
}

/** A command with its input, whose output is base64 behind a letter that tells whether it is packed; what is much goes into a file. */
function carrying(command: string, stdin: Uint8Array, file: OutputFile | undefined): string {
  const part = file === undefined ? '' : ' | rl_part';
  return asOwn(
    [
      ...inputLines(stdin),
      ...(file === undefined ? [] : [file.script]),
      `if command -v gzip >/dev/null; then rl_out() { printf z; gzip -1 | base64 -w 0${part}; }`,
      `else rl_out() { printf p; base64 -w 0${part}; }; fi`,
      'rl_in | {',
      command,
      '} | rl_out',
      'exit "${PIPESTATUS[1]}"',
    ].join('\n'),
  );
}

/** Not in one go: it may be large, and others would wait. */
async function unpackedOutput(text: string, more: readonly Buffer[], devboxId: string): Promise<Buffer> {
  const bytes = Buffer.concat([Buffer.from(text.slice(1), 'base64'), ...more]);
  if (text.startsWith('p')) return bytes;
  try {
    if (text.startsWith('z')) return await promisify(gunzip)(bytes, { maxOutputLength: mostOutput });
  } catch (error) {
    throw new RuntimeError({ problem: unexpected('an execution').problem, devboxId, cause: error });
  }
  // It did not get as far as that: killed, or no shell as we know it.
  throw unexpected('an execution', devboxId);
}

/** Whether a status says that a file cannot be had, and not that nothing can be had, or not now. */
function isRefusal(status: number | undefined): boolean {
  return status === 400 || status === 403 || status === 404;
}

/** Takes files of ours away, in front of a command. */
function removing(paths: readonly string[]): string {
  return paths.length === 0 ? '' : `command -p rm -f -- ${paths.join(' ')}\n`;
}

/** A UUID of version 7, as the API wants it for commands. */
function timeOrderedId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
