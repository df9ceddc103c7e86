import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../../ground/deadline';
import { isTransient, RuntimeError } from '../errors';
import type { CommandOpener, OpenCommand } from '../channel/devboxCommands';
import { bytesOfPath } from './pathText';
import { changeIn, takenIn, type WatchedChange, type WatchTarget } from './watchLines';
import { watchScript } from './watchScript';

/** Milliseconds between two words that somebody still looks. */
const beatMs = 3_000;
/** Milliseconds that a process outlives the last look: one often follows another. */
const lingerMs = 1_500;
/** Milliseconds until a process that has ended is started again, growing; and until a devbox that does not run is looked at. */
const againMs = [1_000, 60_000] as const;
const restMs = 2_000;
/** Bytes that the fields of what is watched may have: they are arguments of programs. What was looked at first is left out then. */
const mostBytes = 500_000;
/** Bytes of fields that a process is begun with; it is told of more once it runs. */
const mostAtFirst = 30_000;
/** Characters of one message to a process. */
const longestWord = 40_000;

export interface DevboxWatchContext {
  readonly commands: CommandOpener;
  /** Whether the devbox runs, as far as is known without a request. */
  readonly isRunning: () => boolean;
  /** @throws RuntimeError unless it runs */
  readonly requireRunning: (signal: AbortSignal, isDoubtful: boolean) => Promise<void>;
  readonly onChange: (changes: readonly WatchedChange[]) => void;
  /** Whether a process watches all that is wanted now: what was seen and not told since is still so. Told again for what is new. */
  readonly onWatching: (isWatching: boolean) => void;
  readonly onFailure: (error: unknown) => void;
  /** Ends with the account. */
  readonly signal: AbortSignal;
}

/**
 * Watches files of one devbox by one process in it, which is there as long as something is looked at: not a look by request.
 * Nothing is asked of a devbox that does not run.
 */
export class DevboxWatch {
  readonly #context: DevboxWatchContext;
  readonly #stop = new AbortController();
  #fields: Buffer = Buffer.alloc(0);
  /** What the process has been told, and the number of that. */
  #told: { readonly fields: Buffer; readonly number: number } = { fields: Buffer.alloc(0), number: 0 };
  /** The number of what it has taken in last. */
  #taken = -1;
  #running: Promise<void> | undefined;
  #wake = (): void => undefined;

  constructor(context: DevboxWatchContext) {
    this.#context = context;
  }

  /** @param skip patterns of paths that are left out below deep targets */
  set(targets: readonly WatchTarget[], skip: readonly string[]): void {
    this.#fields = fieldsOf(watchable(targets), skip);
    if (this.#fields.length > 0 && !this.#stop.signal.aborted) this.#running ??= this.#run();
    // It was wanted before, and is watched still.
    if (this.#hasTakenAll()) this.#context.onWatching(true);
    this.#wake();
  }

  /** Ends the process. @returns when that is done */
  async close(): Promise<void> {
    this.#fields = Buffer.alloc(0);
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#context;
    const either = linkSignals(this.#stop.signal, signal);
    let waitMs: number = againMs[0];
    try {
      while (!either.signal.aborted && this.#fields.length > 0) {
        const startedMs = performance.now();
        let restingMs = restMs;
        if (this.#context.isRunning()) {
          try {
            await this.#watch(either.signal);
          } catch (error) {
            if (!this.#stop.signal.aborted && !signal.aborted && !isTransient(error)) this.#context.onFailure(error);
          }
          waitMs = performance.now() - startedMs > 10_000 ? againMs[0] : Math.min(waitMs * 2, againMs[1]);
          restingMs = waitMs;
        }
        await this.#rest(restingMs, either.signal);
      }
    } finally {
      either.dispose();
      this.#running = undefined;
      // Looked at again while it ended.
      if (this.#fields.length > 0 && !this.#stop.signal.aborted && !signal.aborted) this.#running = this.#run();
    }
  }

  /** One process, until nobody looks or it has ended. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { commands, requireRunning, onChange, onWatching } = this.#context;
    await requireRunning(signal, false);
    const following = new AbortController();
    const either = linkSignals(signal, following.signal);
    this.#told = { fields: firstOf(this.#fields), number: 0 };
    this.#taken = -1;
    const begun = { stdin: this.#told.fields, isFed: true, signal: following.signal };
    const command = await commands.open(watchScript, begun);
    const telling = this.#tell(command, either.signal, following);
    try {
      for await (const lines of command.lines()) {
        const taken = lines.map(takenIn).findLast((number) => number !== undefined);
        this.#taken = taken ?? this.#taken;
        if (taken !== undefined && this.#hasTakenAll()) onWatching(true);
        const changes = lines.map(changeIn).filter((change) => change !== undefined);
        if (changes.length > 0) onChange(changes);
      }
    } catch (error) {
      if (!following.signal.aborted) throw error;
    } finally {
      this.#taken = -1;
      onWatching(false);
      following.abort();
      this.#wake();
      await telling;
      either.dispose();
    }
  }

  #hasTakenAll(): boolean {
    return this.#taken === this.#told.number && this.#fields.length > 0 && this.#fields.equals(this.#told.fields);
  }

  /** Tells the process that somebody looks, and at what; ends it when nobody does, or it cannot be told of other things. */
  async #tell(command: OpenCommand, signal: AbortSignal, following: AbortController): Promise<void> {
    let isClosed = false;
    let number = 0;
    let unwantedMs: number | undefined;
    // The first heartbeat at once: from then on it knows that they come, and ends when they stop.
    for (let toldMs = -beatMs; !following.signal.aborted;) {
      if (!this.#context.isRunning()) {
        following.abort();
        return;
      }
      const isWanted = this.#fields.length > 0;
      unwantedMs = isWanted ? undefined : (unwantedMs ?? performance.now());
      // One that cannot be told is begun with no more.
      const wanted = isClosed ? firstOf(this.#fields) : this.#fields;
      const isNew = isWanted && !wanted.equals(this.#told.fields);
      const isOver = unwantedMs !== undefined && performance.now() - unwantedMs >= lingerMs;
      if (signal.aborted || isOver || (isNew && isClosed)) {
        await this.#finish(command);
        following.abort();
        return;
      }
      if (!isClosed && (isNew || performance.now() - toldMs >= beatMs)) {
        toldMs = performance.now();
        const before = this.#told;
        // It may say that it has taken it in before the answer is here that it was told.
        if (isNew) this.#told = { fields: this.#fields, number: (number += 1) };
        const words = isNew ? wordsOf(this.#told) : ['b'];
        const said = await this.#send(command, words, signal, following);
        // What may not have arrived is told again, under another number.
        if (said !== 'delivered') this.#told = before;
        isClosed = said === 'closed';
      }
      await this.#rest(isWanted ? Math.max(50, beatMs - (performance.now() - toldMs)) : lingerMs, signal);
    }
  }

  /** @returns whether it arrived, or nobody knows; one whose input is closed goes on for a while, and then is started again */
  async #send(
    command: OpenCommand,
    words: readonly string[],
    signal: AbortSignal,
    following: AbortController,
  ): Promise<'delivered' | 'unknown' | 'closed'> {
    const { requireRunning, onFailure } = this.#context;
    try {
      await requireRunning(signal, false);
      for (const word of words) {
        // One that has not said yet that it watches may not have been started.
        const hasBegun = this.#taken >= 0;
        if (!(await command.tell(word))) return hasBegun ? 'closed' : 'unknown';
      }
      return 'delivered';
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      if (signal.aborted || isTransient(error)) return 'unknown';
      onFailure(error);
    }
    try {
      await requireRunning(signal, true);
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      following.abort();
    }
    return 'closed';
  }

  async #finish(command: OpenCommand): Promise<void> {
    try {
      await command.end();
    } catch (error) {
      this.#context.onFailure(error);
    }
  }

  /** Until the time is over, what is looked at changes, or there is no more to wait for. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const either = linkSignals(signal, woken.signal);
    this.#wake = () => woken.abort();
    try {
      await sleep(ms, undefined, { signal: either.signal });
    } catch (error) {
      if (!either.signal.aborted) throw error;
    } finally {
      either.dispose();
    }
  }
}

/** What of all that is looked at can be watched: all, or the newest of it where it is too much to be told. */
export function watchable(targets: readonly WatchTarget[]): readonly WatchTarget[] {
  const found: WatchTarget[] = [];
  let size = 0;
  for (const target of targets.toReversed()) {
    if (!target.path.startsWith('/') || target.path.includes('\0')) continue;
    size += fieldOf(target).length;
    if (size > mostBytes) break;
    found.push(target);
  }
  return found;
}

/** What is watched, as the process reads it. */
function fieldsOf(targets: readonly WatchTarget[], skip: readonly string[]): Buffer {
  if (targets.length === 0) return Buffer.alloc(0);
  const skipped = skip.slice(0, 50).map((pattern) => Buffer.from(`x${pattern.slice(0, 200)}\0`));
  // First, as a process may be begun with a part of all.
  return Buffer.concat([...skipped, ...targets.map(fieldOf)]);
}

function fieldOf({ kind, path }: WatchTarget): Buffer {
  const letter = kind === 'deep' ? 'd' : kind === 'folder' ? 's' : 'f';
  return Buffer.concat([Buffer.from(letter), bytesOfPath(path), Buffer.of(0)]);
}

/** As many whole fields as go with a command. */
function firstOf(fields: Buffer): Buffer {
  return fields.length <= mostAtFirst ? fields : fields.subarray(0, fields.lastIndexOf(0, mostAtFirst - 1) + 1);
}

/** Fields as words that a process is told. */
function wordsOf({ fields, number }: { readonly fields: Buffer; readonly number: number }): readonly string[] {
  const written = fields.toString('base64');
  const parts = Array.from({ length: Math.ceil(written.length / longestWord) }, (_, at) =>
    written.slice(at * longestWord, (at + 1) * longestWord),
  );
  return parts.map((part, at) => `${at === parts.length - 1 ? 'w' : 'p'} ${number}:${part}`);
}
