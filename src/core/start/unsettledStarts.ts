import { RuntimeError } from '../errors';
import { hasEnded, type Devbox } from '../platform/devbox';
import type { RunloopApi } from '../platform/runloopApi';
import { devboxesOfStart } from './lookForStart';
import { longestKeepAliveSeconds } from './endRule';
import { accountMark } from './notes/startNote';
import type { DamagedNote, OpenNote, StartNotes } from './notes/startNotes';

/** A start that was broken off, and of which something may still run or come. */
export interface UnsettledStart {
  readonly requestId: string;
  /** The name that was asked for. */
  readonly name: string;
  /**
   * `running`: these devboxes of it live, and nobody looks after them. `awaited`: nothing is there, and a create that was
   * sent may still make something. `unknown`: the account could not be asked.
   */
  readonly kind: 'running' | 'awaited' | 'unknown';
  readonly devboxes: readonly Devbox[];
  readonly failure: RuntimeError | undefined;
  /** Nothing is left of it, or what is left is wanted. */
  readonly settle: () => Promise<void>;
}

/** Milliseconds after its note in which a create may still take effect that had no answer. */
const lateMs = 10 * 60_000;
/** Milliseconds that a devbox lives at the most, and some more. */
const longestLifeMs = (longestKeepAliveSeconds + 3_600) * 1_000;

/**
 * Looks after the starts of an account that nobody looks after any more: what has come to nothing is settled here, the rest
 * is for the user to be asked about. Another window does not get the same ones while this process lives.
 */
export async function unsettledStarts(api: RunloopApi, notes: StartNotes): Promise<readonly UnsettledStart[]> {
  const claimed = await notes.claim(accountMark(api));
  const found = await Promise.all([
    ...claimed.map((note) => lookAt(api, note)),
    ...(await notes.damaged()).map((note) => lookAtDamaged(api, notes, note)),
  ]);
  return found.flatMap((start) => start ?? []);
}

/** A note that cannot be read may be of another account: only what is found counts. */
async function lookAtDamaged(
  api: RunloopApi,
  notes: StartNotes,
  note: DamagedNote,
): Promise<UnsettledStart | undefined> {
  try {
    const living = (await devboxesOfStart(api, note.requestId)).filter(({ status }) => !hasEnded(status));
    const [first] = living;
    if (first === undefined) {
      if (Date.now() - note.notedMs > longestLifeMs) await notes.forget(note);
      return undefined;
    }
    const open = await notes.repair(note, first.name ?? first.id, accountMark(api));
    return open === undefined ? undefined : await lookAt(api, open);
  } catch (error) {
    // It stays, and is looked at again by the next window.
    if (!RuntimeError.is(error)) throw error;
    return undefined;
  }
}

async function lookAt(api: RunloopApi, open: OpenNote): Promise<UnsettledStart | undefined> {
  const { requestId, name, stage, perhapsTwice, keptId, notedMs } = open.note;
  const start = { requestId, name, devboxes: [], failure: undefined, settle: () => open.settle() };
  // From here on it is this process that knows of it.
  if (stage === 'sending') await open.change({ stage: 'left' });
  try {
    const all = await devboxesOfStart(api, requestId);
    const living = all.filter(({ id, status }) => !hasEnded(status) && id !== keptId);
    if (living.length > 0) return { ...start, kind: 'running', devboxes: living };
    // One create makes one devbox: where that is there, and it was sent once, nothing comes any more.
    if (Date.now() - notedMs < lateMs && (perhapsTwice || all.length === 0)) return { ...start, kind: 'awaited' };
    await open.settle();
    return undefined;
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
    return { ...start, kind: 'unknown', failure: error };
  }
}
