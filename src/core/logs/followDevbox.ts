import { setTimeout as sleep } from 'node:timers/promises';
import { isAborted, messageOf, RuntimeError } from '../errors';
import { isTransient } from '../platform/apiErrors';
import { hasEnded } from '../platform/devbox';
import { devboxNow } from '../platform/devboxNow';
import type { LogEntry } from '../platform/logEntry';
import { listLogs } from '../platform/logList';
import { isCut, StreamUnavailable } from '../platform/logRequest';
import { tailLogs } from '../platform/logTail';
import type { RunloopApi } from '../platform/runloopApi';
import { ExecutionOutputs } from './executionOutputs';
import type { FollowEvent, FollowOptions, FollowPace } from './followEvent';
import { FollowPosition, isNotice, type Taken } from './followPosition';

export type * from './followEvent';

const usualPace: FollowPace = { reconnectMs: [500, 15_000], pollMs: [1_000, 75_000] };

/**
 * Every entry of a devbox's log, from the first one (or from `position`) on, then as they come, each once and in
 * order, until the devbox has ended or the signal is aborted. Cuts are bridged; where something may have been lost a
 * notice says so at that place.
 *
 * @throws RuntimeError for failures that will not pass (refused key, devbox unknown).
 */
export async function* followEvents(api: RunloopApi, devboxId: string, options: FollowOptions): AsyncGenerator<FollowEvent> {
  const position = options.position ?? new FollowPosition();
  const pace = options.pace ?? usualPace;
  const waits = new Waits(pace, options.signal);
  let outputs: ExecutionOutputs | undefined;
  let status: string | undefined;
  let saidSuspended = false;
  try {
    while (!isAborted(options.signal)) {
      try {
        // The pass after the end was seen is the last one: nothing can come behind it.
        const last: boolean = hasEnded((status ??= (await devboxNow(api, devboxId, options)).status));
        if (status === 'suspended' && !saidSuspended) yield { type: 'notice', notice: { kind: 'suspended' } };
        saidSuspended = status === 'suspended';
        const before = position.count;
        position.begin();
        yield* outputs === undefined ? tailPass(api, devboxId, options, position, waits) : listPass(api, devboxId, options, position, outputs);
        if (last) {
          if (outputs !== undefined) yield* outputs.rest();
          return;
        }
        outputs?.openNew();
        const wait = waits.afterPass(position.count > before, outputs);
        yield* outputs === undefined ? nothingUntil(wait) : outputs.until(wait);
        // An idle devbox costs one request a minute at most: its status is asked for with every fifth read only.
        if (waits.idlePasses <= 3 || waits.idlePasses % 5 === 0) status = undefined;
      } catch (error) {
        if (isAborted(options.signal)) return;
        if (error instanceof StreamUnavailable && outputs === undefined) {
          outputs = new ExecutionOutputs(api, devboxId, options, pace, position.executions);
          yield { type: 'notice', notice: { kind: 'polling' } };
          continue;
        }
        if (RuntimeError.is(error) ? !isTransient(error) : !isCut(error)) throw error;
        status = undefined;
        yield { type: 'notice', notice: { kind: 'interrupted', why: messageOf(error) } };
        const wait = waits.afterCut(RuntimeError.is(error) ? error.retryAfterSeconds : undefined);
        yield* outputs === undefined ? nothingUntil(wait) : outputs.until(wait);
      }
    }
  } finally {
    outputs?.close();
  }
}

/** {@link followEvents}, entry by entry and without the notices. */
export async function* followDevbox(api: RunloopApi, devboxId: string, options: FollowOptions): AsyncGenerator<LogEntry> {
  for await (const event of followEvents(api, devboxId, options)) {
    if (event.type === 'lines') yield* event.lines;
  }
}

/**
 * The whole log of a devbox as it is now, in batches.
 *
 * @throws RuntimeError; a cut is not bridged
 */
export async function* readLog(api: RunloopApi, devboxId: string, signal: AbortSignal): AsyncGenerator<readonly LogEntry[]> {
  const position = new FollowPosition();
  position.begin();
  try {
    for await (const event of listPass(api, devboxId, { signal }, position)) if (event.type === 'lines') yield event.lines;
  } catch (error) {
    if (RuntimeError.is(error) || !isCut(error)) throw error;
    throw new RuntimeError({
      code: 'network',
      message: `The connection was cut while reading the log: ${messageOf(error)}`,
      nextStep: 'Try again.',
      devboxId,
      cause: error,
    });
  }
}

async function* tailPass(
  api: RunloopApi,
  devboxId: string,
  options: FollowOptions,
  position: FollowPosition,
  waits: Waits,
): AsyncGenerator<FollowEvent> {
  const { lastId } = position;
  for await (const batch of tailLogs(api, devboxId, { signal: options.signal, onBytes: options.onBytes, lastId })) {
    waits.goodNews();
    yield* events(position.take(batch));
  }
}

async function* listPass(
  api: RunloopApi,
  devboxId: string,
  options: FollowOptions,
  position: FollowPosition,
  outputs?: ExecutionOutputs,
): AsyncGenerator<FollowEvent> {
  const { signal, onBytes } = options;
  const onEtag = (etag: string | undefined): void => void (position.etag = etag);
  const batches = listLogs(api, devboxId, { signal, onBytes, etag: position.etag, onEtag });
  for (;;) {
    const next = await batches.next();
    if (next.done === true) {
      if (next.value) yield* events(position.finish());
      return;
    }
    const taken = position.take(next.value);
    yield* events(outputs === undefined ? taken : outputs.fromList(taken));
  }
}

/** The same shape as waiting with outputs that arrive meanwhile. */
async function* nothingUntil(wait: Promise<void>): AsyncGenerator<never> {
  await wait;
  yield* [];
}

/** Entries that came together stay together; a notice stands where it belongs. */
function* events(taken: readonly Taken[]): Generator<FollowEvent> {
  let lines: LogEntry[] = [];
  for (const item of taken) {
    if (!isNotice(item)) {
      lines.push(item);
      continue;
    }
    if (lines.length > 0) yield { type: 'lines', lines };
    lines = [];
    yield { type: 'notice', notice: item };
  }
  if (lines.length > 0) yield { type: 'lines', lines };
}

/** The waiting between passes. */
class Waits {
  readonly #pace: FollowPace;
  readonly #signal: AbortSignal;
  #cutMs: number;
  #idleMs: number;
  idlePasses = 0;

  constructor(pace: FollowPace, signal: AbortSignal) {
    this.#pace = pace;
    this.#signal = signal;
    this.#cutMs = pace.reconnectMs[0];
    this.#idleMs = pace.pollMs[0];
  }

  /** Entries came: the next cut is the first again. */
  goodNews(): void {
    this.#cutMs = this.#pace.reconnectMs[0];
  }

  /** @param outputs cut the wait short when an execution ends; each of its streams that a server ends again and again is a request as well */
  async afterPass(something: boolean, outputs: ExecutionOutputs | undefined): Promise<void> {
    this.goodNews();
    this.idlePasses = something ? 0 : this.idlePasses + 1;
    const most = this.#pace.pollMs[1] * (1 + (outputs?.streams ?? 0));
    this.#idleMs = something ? this.#pace.pollMs[0] : Math.min(this.#idleMs * 2, most);
    const news = new AbortController();
    if (outputs !== undefined) outputs.onEnd = () => news.abort();
    await sleep(this.#idleMs, undefined, { signal: AbortSignal.any([this.#signal, news.signal]) }).catch((error: unknown) => {
      if (!news.signal.aborted) throw error;
    });
  }

  async afterCut(askedSeconds: number | undefined): Promise<void> {
    // Spread, so that many followers do not come back together.
    const own = this.#cutMs * (0.75 + Math.random() / 2);
    this.#cutMs = Math.min(this.#cutMs * 2, this.#pace.reconnectMs[1]);
    const ms = Math.max(own, (askedSeconds ?? 0) * 1000);
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => undefined);
  }
}
