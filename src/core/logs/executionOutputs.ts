import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals } from '../../ground/deadline';
import { isAborted, RuntimeError, isTransient } from '../errors';
import type { OutputName } from '../platform/executions';
import type { LogEntry } from '../platform/logEntry';
import { isCut, StreamUnavailable } from '../platform/logRequest';
import { isOwn } from '../platform/ownExecutions';
import type { RunloopApi } from '../platform/runloopApi';
import type { FollowEvent, FollowOptions, FollowPace } from './followEvent';
import { newPosition, outputNames, type ExecutionPosition, type ExecutionPositions } from './executionPositions';
import { isNotice, type Taken } from './followPosition';
import { placed, type Arrived, type Placing } from './placeOutput';

/** Executions whose outputs are streamed at the same time. */
const mostAtOnce = 8;
/** How many of the longest pauses pass until an output that was silent is looked at although the list tells of nothing. */
const silentTurns = 30;
const silentGrowth = 16;
/** Milliseconds that an open stream may bring nothing while the list has lines of it. */
const silentMs = 10_000;
/** Pieces that may wait for the reader. */
const mostWaiting = 64;

/**
 * What executions print, while they print it, on a platform that has no stream of the whole log: each execution that
 * the list tells of and that has not ended is read through its own output streams, which can be resumed at any byte.
 * Its lines are taken out of the list from then on. One output's lines stay in order.
 */
export class ExecutionOutputs {
  readonly #api: RunloopApi;
  readonly #devboxId: string;
  readonly #options: FollowOptions;
  readonly #pace: FollowPace;
  readonly #positions: Map<string, ExecutionPosition>;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();
  readonly #naps = new Map<string, AbortController>();
  readonly #stops = new Map<string, AbortController>();
  readonly #silentMs: number;
  readonly #placing: Placing;
  #arrived: Arrived[] = [];
  #onArrival: (() => void) | undefined;
  #onRoom: (() => void)[] = [];
  #failure: Error | undefined;
  /** Called when an execution has ended: the list has news then. */
  onEnd: (() => void) | undefined;

  constructor(
    api: RunloopApi,
    devboxId: string,
    options: FollowOptions,
    pace: FollowPace,
    positions: ExecutionPositions,
  ) {
    this.#api = api;
    this.#devboxId = devboxId;
    this.#options = options;
    this.#pace = pace;
    this.#positions = positions.byId;
    this.#silentMs = pace.silentMs?.[0] ?? silentMs;
    this.#placing = {
      now: () => api.clock.now(),
      onDone: () => this.onEnd?.(),
      onLeft: ({ id }) => {
        this.#positions.delete(id);
        this.#stops.get(id)?.abort();
        this.#stops.delete(id);
      },
    };
    this.#signal = linkSignals(options.signal, this.#stop.signal).signal;
    for (const position of this.#positions.values()) if (position.state === 'streamed') this.#open(position);
  }

  /** What of a list's new entries is to be shown: not what the streams bring. */
  fromList(taken: readonly Taken[]): Taken[] {
    return taken.filter((item) => isNotice(item) || this.#isForList(item));
  }

  /** A pass through the list has come to its end: what began in it and has not ended is streamed. */
  openNew(): void {
    const streamed = [...this.#positions.values()].filter(({ state }) => state === 'streamed').length;
    for (const position of [...this.#positions.values()]
      .filter(({ state }) => state === 'listed')
      .slice(0, mostAtOnce - streamed)) {
      position.state = 'streamed';
      this.#open(position);
    }
    for (const position of this.#positions.values()) {
      if (position.state === 'listed') this.#positions.delete(position.id);
    }
    this.#doubtSilent();
  }

  /** Streams that bring nothing, while the list has more or knows of the end, are held back by something on the way. */
  #doubtSilent(): void {
    for (const position of this.#positions.values()) {
      const hasNews = position.listed.hasMore || position.exit !== undefined;
      if (position.state !== 'streamed' || !hasNews || performance.now() - position.quietSinceMs < this.#silentMs) {
        continue;
      }
      this.#arrived.push({ position, name: 'stdout', what: 'held' });
      this.#onArrival?.();
    }
  }

  /** What arrives until something else has settled. */
  async *until(other: Promise<unknown>): AsyncGenerator<FollowEvent> {
    let settled = false;
    const settle = (): void => {
      settled = true;
      this.#onArrival?.();
    };
    // How it settled is for its owner to see, below.
    other.then(settle, settle);
    for (;;) {
      yield* this.#handOn();
      // It may be settled by what was shown meanwhile.
      if (settled as boolean) break;
      await new Promise<void>((resolve) => (this.#onArrival = resolve));
    }
    await other;
  }

  /** What arrives until all streams have ended. Those that bring nothing for a while are not waited for. */
  async *rest(): AsyncGenerator<FollowEvent> {
    while (this.#running.size > 0 && !this.#signal.aborted) {
      const woken = new AbortController();
      const pause = sleep(this.#silentMs / 4, undefined, { signal: woken.signal }).catch(() => undefined);
      yield* this.until(Promise.race([Promise.all(this.#running), pause]).finally(() => woken.abort()));
      for (const position of this.#positions.values()) {
        if (position.state !== 'streamed' || performance.now() - position.quietSinceMs < this.#silentMs) continue;
        this.#arrived.push({ position, name: 'stdout', what: 'held' });
      }
    }
    yield* this.#handOn();
  }

  close(): void {
    this.#stop.abort();
    this.#arrived = [];
    for (const resume of this.#onRoom.splice(0)) resume();
  }

  #isForList(entry: LogEntry): boolean {
    const id = entry.executionId;
    if (id === undefined) return true;
    const position = this.#positions.get(id);
    if (position === undefined) {
      if (entry.command !== undefined && !isOwn(entry.command)) this.#positions.set(id, newPosition(id));
      return true;
    }
    if (position.state === 'listed') {
      if (entry.exitCode !== undefined) {
        this.#positions.delete(id);
        return true;
      }
      position.known.set(entry.text, (position.known.get(entry.text) ?? 0) + 1);
      position.listed.shown(entry);
      return true;
    }
    if (position.state === 'streamed') this.#wake(position);
    if (!position.isNewInList) position.quietSinceMs = performance.now();
    position.isNewInList = true;
    if (entry.exitCode === undefined) {
      position.listed.listed(entry);
      return false;
    }
    if (position.state === 'done') {
      this.#placing.onLeft(position);
      return true;
    }
    position.exit = entry;
    return false;
  }

  #open(position: ExecutionPosition): void {
    position.quietSinceMs = performance.now();
    const stop = new AbortController();
    this.#stops.set(position.id, stop);
    for (const name of outputNames) {
      if (position.outputs[name].ended) continue;
      const either = linkSignals(this.#signal, stop.signal);
      const reading = this.#read(position, name, either.signal).finally(() => {
        either.dispose();
        this.#running.delete(reading);
        this.#onArrival?.();
      });
      // Failures arrive like everything else does.
      this.#running.add(reading);
    }
  }

  async #read(position: ExecutionPosition, name: OutputName, signal: AbortSignal): Promise<void> {
    const of = { devboxId: this.#devboxId, executionId: position.id };
    const call = { signal, onBytes: this.#options.onBytes };
    const { executions } = this.#api;
    const { reconnectMs, pollMs } = this.#pace;
    let waitMs = reconnectMs[0];
    while (!signal.aborted) {
      const before = position.outputs[name].offset;
      const stream = { isOpen: false };
      try {
        const onOpen = (): void => void (stream.isOpen = true);
        for await (const piece of executions.stream(of, name, { ...call, from: before, onOpen })) {
          await this.#push({ position, name, what: piece });
        }
        if (await executions.isCompleted(of, call)) {
          await this.#push({ position, name, what: 'end' });
          return;
        }
      } catch (error) {
        if (isAborted(signal)) return;
        if (!(RuntimeError.is(error) ? isTransient(error) : isCut(error))) {
          if (!RuntimeError.is(error) && !(error instanceof StreamUnavailable)) this.#failure ??= asError(error);
          await this.#push({ position, name, what: 'lost' });
          return;
        }
      }
      // What has arrived must be placed before it is known where to go on.
      await this.#allHandedOn();
      if (position.outputs[name].offset > before) {
        waitMs = reconnectMs[0];
      }
      // A server that ends a stream because it is silent is not asked again and again: the list tells when there is more.
      else {
        waitMs = stream.isOpen
          ? Math.min(waitMs * silentGrowth, silentTurns * pollMs[1])
          : Math.min(waitMs * 2, reconnectMs[1]);
      }
      await this.#nap(position, waitMs, signal);
    }
  }

  /** Waits, at most until the list tells of more from this execution. */
  async #nap({ id }: ExecutionPosition, ms: number, signal: AbortSignal): Promise<void> {
    const news = this.#naps.get(id) ?? new AbortController();
    this.#naps.set(id, news);
    const either = linkSignals(signal, news.signal);
    await sleep(ms, undefined, { signal: either.signal }).catch(() => undefined);
    either.dispose();
  }

  #wake({ id }: ExecutionPosition): void {
    this.#naps.get(id)?.abort();
    this.#naps.delete(id);
  }

  async #push(arrived: Arrived): Promise<void> {
    if (this.#signal.aborted) return;
    this.#arrived.push(arrived);
    this.#onArrival?.();
    if (this.#arrived.length >= mostWaiting) await this.#allHandedOn();
  }

  async #allHandedOn(): Promise<void> {
    while (this.#arrived.length > 0 && !this.#signal.aborted) {
      await new Promise<void>((resolve) => void this.#onRoom.push(resolve));
    }
  }

  *#handOn(): Generator<FollowEvent> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const arrived = this.#arrived.shift();
      if (arrived === undefined) break;
      yield* placed(arrived, this.#placing);
    }
    for (const resume of this.#onRoom.splice(0)) resume();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
