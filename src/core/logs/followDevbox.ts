import { setTimeout as sleep } from 'node:timers/promises';
import { linkSignals, startDeadline } from '../../ground/deadline';
import { isAborted, isTransient, RuntimeError, saidBy } from '../errors';
import { hasEnded } from '../platform/devbox';
import type { LogEntry } from '../platform/logEntry';
import { isCut, StreamUnavailable } from '../platform/logRequest';
import type { RunloopApi } from '../platform/runloopApi';
import { ExecutionOutputs } from './executionOutputs';
import type { FollowEvent, FollowOptions, FollowPace } from './followEvent';
import { FollowPosition, isNotice, type Taken } from './followPosition';
import { PollSchedule } from './pollSchedule';
import { StreamWatch, type StreamDoubt } from './streamWatch';
import { platformProblem } from '../problems/platform';

export type * from './followEvent';

const suspendedNotice: FollowEvent = { type: 'notice', notice: { kind: 'suspended' } };
/** Milliseconds in which nothing comes: the history is through. */
const quietMs = 300;
/** Milliseconds that looking at the list beside a stream may take. */
const lookMs = 120_000;
const usualPace: FollowPace = { reconnectMs: [500, 15_000], pollMs: [1_000, 60_000] };

/**
 * Every entry of a devbox's log, from the first one (or from `position`) on, then as they come, each once and in
 * order, until the devbox has ended or the signal is aborted. Cuts are bridged; where something may have been lost a
 * notice says so at that place.
 *
 * @throws RuntimeError for failures that will not pass (refused key, devbox unknown).
 */
export async function* followEvents(
  api: RunloopApi,
  devboxId: string,
  options: FollowOptions,
): AsyncGenerator<FollowEvent> {
  const position = options.position ?? new FollowPosition();
  const pace = options.pace ?? usualPace;
  const schedule = new PollSchedule(pace, options);
  const watch = new StreamWatch({
    follow: options,
    silentMs: pace.silentMs ?? [10_000, 600_000],
    heldMs: pace.heldMs ?? [120_000, 1_800_000],
    look: lookBehind(api, devboxId, options, schedule),
    count: () => position.count,
  });
  let outputs: ExecutionOutputs | undefined;
  const polls = (): boolean => outputs !== undefined || watch.isHeld;
  let saidSuspended = false;
  let isInterrupted = false;
  try {
    while (!isAborted(options.signal)) {
      try {
        schedule.begin();
        if (schedule.asksStatus) schedule.onStatus((await api.devboxes.retrieveCounted(devboxId, options)).status);
        if (isInterrupted) yield { type: 'notice', notice: { kind: 'reconnected' } };
        isInterrupted = false;
        // The pass after the end was seen is the last one: nothing can come behind it.
        const last = hasEnded(schedule.status ?? '');
        const isSuspended = schedule.status === 'suspended';
        const rests = isSuspended && !saidSuspended;
        saidSuspended = isSuspended;
        if (schedule.asksLog) {
          position.begin();
          const tail = (signal: AbortSignal): AsyncGenerator<FollowEvent> =>
            tailPass(api, devboxId, { ...options, signal }, position, schedule);
          if (polls()) yield* listPass(api, devboxId, options, position, { outputs, schedule });
          else if (rests) yield* saidWhenQuiet(tail, suspendedNotice, options.signal);
          else yield* watch.watched(tail);
          if (rests && polls()) yield suspendedNotice;
          if (last) {
            if (outputs !== undefined) yield* outputs.rest();
            return;
          }
          outputs?.openNew();
        }
        const wait = schedule.rest(polls(), position.count);
        yield* outputs === undefined ? nothingUntil(wait) : outputs.until(wait);
      } catch (error) {
        if (isAborted(options.signal)) return;
        if (error instanceof StreamUnavailable && outputs === undefined) {
          outputs = new ExecutionOutputs(api, devboxId, options, pace, position.executions);
          outputs.onEnd = () => schedule.hint();
          if (!hasEnded(schedule.status ?? '')) yield { type: 'notice', notice: { kind: 'polling' } };
          continue;
        }
        if (RuntimeError.is(error) ? !isTransient(error) : !isCut(error)) throw error;
        isInterrupted = true;
        yield { type: 'notice', notice: { kind: 'interrupted', why: saidBy(error) } };
        const wait = schedule.restAfterCut(RuntimeError.is(error) ? error.retryAfterSeconds : undefined);
        yield* outputs === undefined ? nothingUntil(wait) : outputs.until(wait);
      }
    }
  } finally {
    schedule.dispose();
    outputs?.close();
  }
}

/** {@link followEvents}, entry by entry and without the notices. */
export async function* followDevbox(
  api: RunloopApi,
  devboxId: string,
  options: FollowOptions,
): AsyncGenerator<LogEntry> {
  for await (const event of followEvents(api, devboxId, options)) {
    if (event.type === 'lines') yield* event.lines;
  }
}

/**
 * The whole log of a devbox as it is now, in batches.
 *
 * @throws RuntimeError; a cut is not bridged
 */
export async function* readLog(
  api: RunloopApi,
  devboxId: string,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEntry[]> {
  const position = new FollowPosition();
  position.begin();
  try {
    for await (const event of listPass(api, devboxId, { signal }, position)) {
      if (event.type === 'lines') yield event.lines;
    }
  } catch (error) {
    if (RuntimeError.is(error) || !isCut(error)) throw error;
    throw new RuntimeError({ problem: platformProblem('log_cut', { why: saidBy(error) }), devboxId, cause: error });
  }
}

async function* tailPass(
  api: RunloopApi,
  devboxId: string,
  options: FollowOptions,
  position: FollowPosition,
  schedule: PollSchedule,
): AsyncGenerator<FollowEvent> {
  const { lastId } = position;
  for await (const batch of api.logs.tail(devboxId, { signal: options.signal, onBytes: options.onBytes, lastId })) {
    yield* seen(events(position.take(batch)), api, schedule);
  }
}

async function* listPass(
  api: RunloopApi,
  devboxId: string,
  options: FollowOptions,
  position: FollowPosition,
  following?: { readonly outputs: ExecutionOutputs | undefined; readonly schedule: PollSchedule },
): AsyncGenerator<FollowEvent> {
  const { signal, onBytes } = options;
  const onEtag = (etag: string | undefined): void => void (position.etag = etag);
  const batches = api.logs.list(devboxId, { signal, onBytes, etag: position.etag, onEtag });
  for (;;) {
    const next = await batches.next();
    if (next.done === true) {
      if (next.value) yield* events(position.finish());
      return;
    }
    const taken = position.take(next.value);
    yield* following === undefined
      ? events(taken)
      : seen(events(following.outputs?.fromList(taken) ?? taken), api, following.schedule);
  }
}

/** Counts the list beside a stream that is silent, and asks whether the devbox still lives. */
function lookBehind(
  api: RunloopApi,
  devboxId: string,
  { onBytes }: FollowOptions,
  schedule: PollSchedule,
): (signal: AbortSignal) => Promise<StreamDoubt> {
  let etag: string | undefined;
  return async (signal) => {
    const { status } = await api.devboxes.retrieveCounted(devboxId, { signal, onBytes });
    schedule.onStatus(status);
    const onEtag = (told: string | undefined): void => void (etag = told);
    const limit = startDeadline(lookMs, signal);
    const batches = api.logs.list(devboxId, { signal: limit.signal, onBytes, etag, onEtag });
    try {
      for (let listed = 0; ;) {
        const next = await batches.next();
        if (next.done === true) return { listed: next.value ? listed : undefined, hasEnded: hasEnded(status) };
        listed += next.value.length;
      }
    } finally {
      limit.dispose();
    }
  };
}

/** Tells the pace of the lines to whoever decides when to read again. */
function* seen(those: Iterable<FollowEvent>, api: RunloopApi, schedule: PollSchedule): Generator<FollowEvent> {
  for (const event of those) {
    if (event.type === 'lines') schedule.onLines(event.lines, api.clock.now());
    yield event;
  }
}

/** What a stream brings, and behind its history, which ends when nothing comes for a moment, what is to be said. */
async function* saidWhenQuiet(
  open: (signal: AbortSignal) => AsyncGenerator<FollowEvent>,
  said: FollowEvent,
  signal: AbortSignal,
): AsyncGenerator<FollowEvent> {
  const stop = new AbortController();
  const events = open(linkSignals(signal, stop.signal).signal);
  let next = events.next();
  try {
    for (let isSaid = false; ;) {
      const moment = new AbortController();
      const quiet = isSaid ? [] : [sleep(quietMs, undefined, { signal: moment.signal }).catch(() => undefined)];
      const come = await Promise.race([next, ...quiet]).finally(() => moment.abort());
      if (come === undefined || come.done === true) {
        if (!isSaid) yield said;
        isSaid = true;
        if (come !== undefined) return;
      } else {
        yield come.value;
        next = events.next();
      }
    }
  } finally {
    stop.abort();
    // Whoever waits for it has its failure already.
    await next.catch(() => undefined);
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
