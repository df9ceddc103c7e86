import type { OutputName, OutputPiece } from '../platform/executions';
import type { LogEntry } from '../platform/logEntry';
import type { FollowEvent } from './followEvent';
import { outputNames, type ExecutionPlace } from './executionPlaces';

/** What came of one output: a piece, its end, that it cannot be had, or that it is kept back on the way. */
export interface Arrived {
  readonly place: ExecutionPlace;
  readonly name: OutputName;
  readonly what: OutputPiece | 'end' | 'lost' | 'held';
}

/** What is told of an execution as it comes, in order. */
export interface Placing {
  /** Now, by the server's clock. */
  readonly now: () => number;
  /** Nothing comes of it any more but the entry of its end. */
  readonly onDone: () => void;
  /** Everything has been told, or the list tells the rest. */
  readonly onLeft: (place: ExecutionPlace) => void;
}

/** What a reader is to be told when something of an execution has arrived. */
export function* placed({ place, name, what }: Arrived, placing: Placing): Generator<FollowEvent> {
  if (place.state !== 'streamed') return;
  if (what === 'lost' || what === 'held') {
    if (what === 'held' && place.listed.hasMore) yield { type: 'notice', notice: { kind: 'held' } };
    const lines = [...place.listed.waiting, ...(place.exit === undefined ? [] : [place.exit])];
    // The list alone tells of this one from here on.
    place.state = 'refused';
    placing.onLeft(place);
    if (lines.length > 0) yield { type: 'lines', lines };
    return;
  }
  const output = place.outputs[name];
  if (what !== 'end') {
    place.quietSinceMs = performance.now();
    place.isNewInList = false;
  }
  const { lines, gap } = what === 'end' ? { lines: output.end(), gap: false } : output.take(what);
  if (what !== 'end') place.listed.arrived(output.length);
  if (gap) yield { type: 'notice', notice: { kind: 'gap', missing: undefined } };
  const fresh = entries(place, name, lines, placing.now);
  if (outputNames.every((one) => place.outputs[one].ended)) {
    place.known.clear();
    placing.onDone();
    // Streams that ended without a word: the list alone tells.
    if (!outputNames.some((one) => place.outputs[one].offset > 0)) fresh.unshift(...place.listed.waiting);
    if (place.exit === undefined) {
      place.state = 'done';
    } else {
      placing.onLeft(place);
      fresh.push(place.exit);
    }
  }
  if (fresh.length > 0) yield { type: 'lines', lines: fresh };
}

function entries(place: ExecutionPlace, name: OutputName, lines: readonly string[], now: () => number): LogEntry[] {
  const fresh: LogEntry[] = [];
  for (const text of lines) {
    const known = place.known.get(text) ?? 0;
    if (known > 1) place.known.set(text, known - 1);
    else place.known.delete(text);
    if (known > 0) continue;
    place.listed.streamed(text);
    // The stream does not tell when a line was written; it came just now.
    fresh.push({
      level: name === 'stderr' ? 'error' : 'info',
      source: 'exec',
      timestampMs: now(),
      text,
      executionId: place.id,
    });
  }
  return fresh;
}
