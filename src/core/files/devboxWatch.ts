import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../../ground/deadline';
import { isTransient, RuntimeError } from '../errors';
import type { CommandOpener, OpenCommand } from '../channel/devboxCommands';
import { bytesOfPath } from './pathText';
import { changeIn, type WatchedChange, type WatchTarget } from './watchLines';
import { watchScript } from './watchScript';

/** Milliseconds between two words that somebody still looks. */
const beatMs = 3_000;
/** Milliseconds that a process outlives the last look: one often follows another. */
const lingerMs = 1_500;
/** Milliseconds until a process that has ended is started again, growing; and until a devbox that does not run is looked at. */
const againMs = [1_000, 60_000] as const;
const restMs = 2_000;
/** Bytes that the fields of what is watched may have; what was looked at first is left out then. */
const mostBytes = 30_000;

export interface DevboxWatchContext {
  readonly commands: CommandOpener;
  /** Whether the devbox runs, as far as is known without a request. */
  readonly isRunning: () => boolean;
  /** @throws RuntimeError unless it runs */
  readonly requireRunning: (signal: AbortSignal, isDoubtful: boolean) => Promise<void>;
  readonly onChange: (changes: readonly WatchedChange[]) => void;
  /** Whether a process watches now: what was seen and not told since is still so. */
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
  /** What the process has been told. */
  #told: Buffer = Buffer.alloc(0);
  #running: Promise<void> | undefined;
  #wake = (): void => undefined;

  constructor(context: DevboxWatchContext) {
    this.#context = context;
  }

  /** @param skip patterns of paths that are left out below deep targets */
  set(targets: readonly WatchTarget[], skip: readonly string[]): void {
    this.#fields = fieldsOf(targets, skip);
    if (this.#fields.length > 0 && !this.#stop.signal.aborted) this.#running ??= this.#run();
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
    this.#told = this.#fields;
    const command = await commands.open(watchScript, { stdin: this.#told, isFed: true, signal: following.signal });
    const telling = this.#tell(command, either.signal, following);
    try {
      for await (const lines of command.lines()) {
        if (lines.includes('r')) onWatching(true);
        const changes = lines.map(changeIn).filter((change) => change !== undefined);
        if (changes.length > 0) onChange(changes);
      }
    } catch (error) {
      if (!following.signal.aborted) throw error;
    } finally {
      onWatching(false);
      following.abort();
      this.#wake();
      await telling;
      either.dispose();
    }
  }

  /** Tells the process that somebody looks, and at what; ends it when nobody does, or it cannot be told of other things. */
  async #tell(command: OpenCommand, signal: AbortSignal, following: AbortController): Promise<void> {
    let isDeaf = false;
    let unwantedMs: number | undefined;
    // The first word at once: from then on it knows that it is told, and that silence is an end.
    for (let toldMs = -beatMs; !following.signal.aborted;) {
      if (!this.#context.isRunning()) {
        following.abort();
        return;
      }
      const isWanted = this.#fields.length > 0;
      unwantedMs = isWanted ? undefined : (unwantedMs ?? performance.now());
      const isNew = isWanted && !this.#fields.equals(this.#told);
      const isOver = unwantedMs !== undefined && performance.now() - unwantedMs >= lingerMs;
      if (signal.aborted || isOver || (isNew && isDeaf)) {
        await this.#finish(command);
        following.abort();
        return;
      }
      if (!isDeaf && (isNew || performance.now() - toldMs >= beatMs)) {
        toldMs = performance.now();
        if (isNew) this.#told = this.#fields;
        isDeaf = !(await this.#say(command, isNew ? `w${this.#told.toString('base64')}` : 'b', signal, following));
      }
      await this.#rest(isWanted ? Math.max(50, beatMs - (performance.now() - toldMs)) : lingerMs, signal);
    }
  }

  /** @returns whether it listens: where it does not, it is there for a while, and then is started again */
  async #say(command: OpenCommand, word: string, signal: AbortSignal, following: AbortController): Promise<boolean> {
    const { requireRunning, onFailure } = this.#context;
    try {
      await requireRunning(signal, false);
      return await command.tell(word);
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      if (signal.aborted || isTransient(error)) return true;
      onFailure(error);
    }
    try {
      await requireRunning(signal, true);
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      following.abort();
    }
    return false;
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

/** The newest of what is looked at, as the process reads it. */
function fieldsOf(targets: readonly WatchTarget[], skip: readonly string[]): Buffer {
  const field = (kind: string, path: string): Buffer =>
    Buffer.concat([Buffer.from(kind), bytesOfPath(path), Buffer.of(0)]);
  const fields: Buffer[] = [];
  let size = 0;
  for (const { kind, path } of targets.toReversed()) {
    if (!path.startsWith('/') || path.includes('\0')) continue;
    const one = field(kind === 'deep' ? 'd' : kind === 'folder' ? 's' : 'f', path);
    size += one.length;
    if (size > mostBytes) break;
    fields.push(one);
  }
  if (fields.length === 0) return Buffer.alloc(0);
  return Buffer.concat([...fields, ...skip.slice(0, 50).map((pattern) => field('x', pattern.slice(0, 200)))]);
}
