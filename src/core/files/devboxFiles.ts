import { randomUUID } from 'node:crypto';
import { RuntimeError } from '../errors';
import { unexpected } from '../platform/answers';
import type { DevboxCommands } from '../channel/devboxCommands';
import { wayOf, type FileContent, type NewFileMode } from './fileContent';
import { fileError, killedError, maybeDone, mayNotRun, scriptError, tooLarge } from './fileErrors';
import { entriesOf, fieldsOf, statOf, type FileStat, type FolderEntry } from './fileFacts';
import { privatePath, temporaryPath, type FileTransfer } from './fileTransfer';
import { HalfDone, type Traces } from './halfDone';
import { bytesOfPath, isPlainPath, textOfPath } from './pathText';
import * as scripts from './scripts';

/** Milliseconds that something small may take, and something that may be about many files. */
const quickMs = 30_000;
const longMs = 30 * 60_000;
/** The longest path that Linux takes, in bytes. */
const longestPath = 4096;

export interface DevboxFilesContext {
  readonly devboxId: string;
  readonly commands: DevboxCommands;
  readonly transfer: FileTransfer;
  /**
   * Asked before every request, so that none of them wakes a devbox.
   *
   * @param isDoubtful true if an answer was as if it did not run
   * @throws RuntimeError unless the devbox runs
   */
  readonly requireRunning: (signal: AbortSignal, isDoubtful: boolean) => Promise<void>;
}

export interface FileCall {
  readonly signal: AbortSignal;
}

export interface WriteOptions extends FileCall, NewFileMode {
  readonly create: boolean;
  readonly overwrite: boolean;
  /** Of the version that may be replaced: undefined for none, `any` for whatever is there. */
  readonly token: string | undefined;
  /** Of other versions that may be replaced as well. */
  readonly orTokens?: readonly string[];
  /** Whether every user of the devbox may read what is there: such a content needs no folder of its own on its way. */
  readonly isShared?: boolean | undefined;
}

interface ScriptOptions {
  readonly deadlineMs?: number;
  /** What comes behind the inputs. */
  readonly more?: Uint8Array | undefined;
  readonly onStarted?: (() => void) | undefined;
}

/** A script, what it is about (in the end by its word), its inputs. */
type ScriptCall = readonly [
  script: string,
  path: string | ((word: string | undefined) => string),
  inputs: readonly Buffer[],
  signal: AbortSignal,
  options?: ScriptOptions,
];

/** The files of one devbox. Paths are absolute, in the writing of `pathText`. All throw RuntimeError `file` for what Linux refuses. */
export class DevboxFiles {
  readonly #context: DevboxFilesContext;
  readonly #halfDone = new HalfDone(async (traces) => this.#discard(traces));

  constructor(context: DevboxFilesContext) {
    this.#context = context;
  }

  /** The home folder of the devbox's user. */
  async home({ signal }: FileCall): Promise<string> {
    const [home] = await this.#run(scripts.homeScript, '/', [], signal);
    const path = home === undefined ? '' : textOfPath(home);
    return path.startsWith('/') ? path : '/';
  }

  async stat(path: string, { signal }: FileCall): Promise<FileStat> {
    return this.#statIn(await this.#run(scripts.statScript, path, [bytesOf(path)], signal));
  }

  /** All that is in a folder, in no order. */
  async list(path: string, { signal }: FileCall): Promise<readonly FolderEntry[]> {
    return entriesOf(await this.#output(scripts.listScript, path, [bytesOf(path)], signal));
  }

  /**
   * A file whose facts were just looked at, piece by piece.
   *
   * @throws RuntimeError `file` if it is none, or cannot be read
   */
  async *read(path: string, stat: FileStat, { signal }: FileCall): AsyncGenerator<Buffer> {
    const { devboxId } = this.#context;
    if (stat.type === 'folder') throw fileError('file_is_folder', path, devboxId);
    if (stat.type === 'special') throw fileError('file_special', path, devboxId);
    if (stat.type === 'missing') throw fileError('file_link_broken', path, devboxId);
    if (isPlainPath(path)) {
      yield* this.#download(path, path, signal);
      return;
    }
    const exposed = temporaryPath();
    await this.#run(scripts.exposeScript, path, [bytesOf(path), Buffer.from(exposed)], signal, { deadlineMs: longMs });
    try {
      yield* this.#download(exposed, path, signal);
    } finally {
      await this.#halfDone.discard({ path: exposed, sent: exposed, word: randomUUID() });
    }
  }

  /** A file as one piece. @throws RuntimeError `file` if it has more than `mostBytes` */
  async readWhole(
    path: string,
    stat: FileStat,
    { signal, mostBytes }: FileCall & { readonly mostBytes: number },
  ): Promise<Buffer> {
    const { devboxId } = this.#context;
    const limit = `${Math.round(mostBytes / 1024 / 1024)} MB`;
    if (stat.size > mostBytes && stat.type === 'file') throw tooLarge(path, limit, devboxId);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of this.read(path, stat, { signal })) {
      size += piece.length;
      // It grows, or has no size, as in /proc.
      if (size > mostBytes) throw tooLarge(path, limit, devboxId);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** Makes or replaces a file, whole or not at all. @returns what it is now */
  async write(path: string, content: FileContent, options: WriteOptions): Promise<FileStat> {
    const { create, overwrite, token, orTokens = [], signal } = options;
    const word = randomUUID();
    const tokens = token === 'any' ? ['-'] : [token ?? '+', ...orTokens];
    const mode = `${options.isExecutable === true ? 'x' : ''}${options.isPrivate === true ? 'p' : ''}`;
    const words = [create ? '1' : '0', overwrite ? '1' : '0', tokens.join(' '), word, mode];
    const send = async (from: string, more?: Uint8Array): Promise<readonly Buffer[]> => {
      const inputs = [bytesOf(path), ...[from, ...words].map((one) => Buffer.from(one))];
      return this.#undone({ path, sent: from === 'z' ? '' : from, word }, 'file_maybe_saved', signal, (onStarted) =>
        this.#run(scripts.writeScript, path, inputs, signal, { deadlineMs: longMs, more, onStarted }),
      );
    };
    // What is small goes with the command: one request instead of two.
    const { plain, packed, content: whole } = await wayOf(content);
    if (plain !== undefined) return this.#statIn(await send('', plain));
    if (packed !== undefined) {
      const said = await send('z', packed);
      if (said[0]?.toString() !== 'packed') return this.#statIn(said);
    }
    // What is sent by itself everybody may read until it is in its place, unless it is in a folder that they may not enter.
    const sent = options.isShared === true ? temporaryPath() : privatePath();
    await this.#undone({ path, sent, word }, 'file_maybe_saved', signal, async () => {
      if (options.isShared !== true) await this.#run(scripts.privateFolderScript, path, [Buffer.from(sent)], signal);
      await this.#upload(sent, whole, signal);
    });
    return this.#statIn(await send(sent));
  }

  async createFolder(path: string, { signal }: FileCall): Promise<void> {
    await this.#run(scripts.createFolderScript, path, [bytesOf(path)], signal);
  }

  async rename(from: string, to: string, { overwrite, signal }: FileCall & { overwrite: boolean }): Promise<void> {
    await this.#move(scripts.renameScript, from, to, overwrite, signal);
  }

  /** Copies within the devbox, with rights, times and links, and all that is in a folder. */
  async copy(from: string, to: string, { overwrite, signal }: FileCall & { overwrite: boolean }): Promise<void> {
    await this.#move(scripts.copyScript, from, to, overwrite, signal);
  }

  /** @param options.recursive for a folder: with all that is in it */
  async delete(path: string, { recursive, signal }: FileCall & { readonly recursive: boolean }): Promise<void> {
    if (/^\/+$/.test(path)) throw fileError('file_denied', path, this.#context.devboxId);
    await this.#run(scripts.deleteScript, path, [bytesOf(path), Buffer.from(recursive ? '1' : '0')], signal, {
      deadlineMs: longMs,
    });
  }

  async #move(script: string, from: string, to: string, overwrite: boolean, signal: AbortSignal): Promise<void> {
    const word = randomUUID();
    const words = [overwrite ? '1' : '0', word].map((one) => Buffer.from(one));
    // What is missing is the source, what is in the way the target.
    const path = (said: string | undefined): string => (said === 'file_exists' ? to : from);
    const inputs = [bytesOf(from), bytesOf(to), ...words];
    await this.#undone({ path: to, sent: '', word }, 'file_maybe_done', signal, (onStarted) =>
      this.#run(script, path, inputs, signal, { deadlineMs: longMs, onStarted }),
    );
  }

  async #upload(path: string, content: FileContent, signal: AbortSignal): Promise<void> {
    const { devboxId, transfer } = this.#context;
    await this.#guarded(signal, () => transfer.upload(devboxId, { path, content, signal }));
  }

  /**
   * Does something that says itself how it ended; where it did not, as it was ended half-way, its traces go.
   * @param doubt what to say where nobody can tell whether it was done
   */
  async #undone<T>(
    traces: Traces,
    doubt: 'file_maybe_saved' | 'file_maybe_done',
    signal: AbortSignal,
    work: (onStarted: () => void) => Promise<T>,
  ): Promise<T> {
    const { devboxId, requireRunning } = this.#context;
    const state = { mayBeDone: false };
    await requireRunning(signal, false);
    await this.#halfDone.settle();
    try {
      return await work(() => (state.mayBeDone = true));
    } catch (error) {
      if (!RuntimeError.is(error) || RuntimeError.is(error, 'file')) throw error;
      const undone = await this.#halfDone.discard(traces);
      if (!state.mayBeDone || undone === true) throw error;
      if (RuntimeError.is(undone, 'devbox_ended')) throw undone;
      throw maybeDone(doubt, traces.path, { error, devboxId });
    }
  }

  async *#download(from: string, path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { devboxId, transfer, requireRunning } = this.#context;
    await requireRunning(signal, false);
    try {
      yield* transfer.download(devboxId, { path: from, signal });
    } catch (error) {
      if (!RuntimeError.is(error) || (error.status !== 404 && error.status !== 400)) throw error;
      await requireRunning(signal, true);
      const { type } = await this.stat(path, { signal });
      // It is there and yet is not found: Runloop says the same of what may not be read.
      const became = { folder: 'file_is_folder', special: 'file_special', missing: 'file_link_broken' } as const;
      throw fileError(type === 'file' ? 'file_denied' : became[type], path, devboxId);
    }
  }

  async #run(...call: ScriptCall): Promise<Buffer[]> {
    return fieldsOf(await this.#output(...call));
  }

  async #output(...call: ScriptCall): Promise<Uint8Array> {
    await this.#halfDone.settle();
    return this.#script(...call);
  }

  async #script(...[script, path, inputs, signal, options = {}]: ScriptCall): Promise<Uint8Array> {
    const { deadlineMs = quickMs, more = Buffer.alloc(0), onStarted } = options;
    const { commands, devboxId } = this.#context;
    const about = typeof path === 'string' ? path : path(undefined);
    for (const input of inputs) {
      if (input.length > longestPath) throw fileError('file_name_too_long', about, devboxId);
      if (input.includes(0)) throw fileError('file_name_refused', about, devboxId);
    }
    const stdin = Buffer.concat([...inputs.flatMap((input) => [input, Buffer.of(0)]), more]);
    const { exitCode, stdout, stderr } = await this.#guarded(signal, () =>
      commands.run(script, { stdin, signal, deadlineMs, onStarted }),
    );
    if (exitCode === 0) return stdout;
    // By a signal, or nobody knows how.
    if (exitCode > 128 || exitCode < 0) throw killedError(about, devboxId);
    const said = fieldsOf(stdout);
    throw scriptError({ said, stderr }, typeof path === 'string' ? path : path(said.at(-1)?.toString()), devboxId);
  }

  /** Does something in the devbox if it runs, and finds out whether it does if the answer is a refusal. */
  async #guarded<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { requireRunning } = this.#context;
    await requireRunning(signal, false);
    try {
      return await work();
    } catch (error) {
      if (mayNotRun(error)) await requireRunning(signal, true);
      throw error;
    }
  }

  #statIn(fields: readonly Buffer[]): FileStat {
    const stat = statOf(fields);
    if (stat === undefined) throw unexpected('an execution', this.#context.devboxId);
    return stat;
  }

  async #discard({ path, sent, word }: Traces): Promise<boolean> {
    const { signal } = new AbortController();
    const inputs = [path, sent, word].map(bytesOfPath);
    const [said] = fieldsOf(await this.#script(scripts.discardScript, path, inputs, signal));
    return said?.toString() === 'undone';
  }
}

function bytesOf(path: string): Buffer {
  const bytes = bytesOfPath(path);
  if (!path.startsWith('/')) throw new Error('A path in a devbox is absolute.');
  return bytes;
}
