import type { OutputName, OutputPiece } from '../platform/executions';
import type { LogEntry } from '../platform/logEntry';
import type { FollowEvent } from './followEvent';
import { outputNames, type ExecutionPosition } from './executionPositions';

/** What came of one output: a piece, its end, that it cannot be had, or that it is kept back on the way. */
export interface Arrived {
  readonly position: ExecutionPosition;
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
  readonly onLeft: (position: ExecutionPosition) => void;
}

/** What a reader is to be told when something of an execution has arrived. */
export function* placed({ position, name, what }: Arrived, placing: Placing): Generator<FollowEvent> {
  if (position.state !== 'streamed') return;
  if (what === 'lost' || what === 'held') {
    if (what === 'held' && position.listed.hasMore) yield { type: 'notice', notice: { kind: 'held' } };
    const lines = [...position.listed.waiting, ...(position.exit === undefined ? [] : [position.exit])];
    // The list alone tells of this one from here on.
    position.state = 'refused';
    placing.onLeft(position);
    if (lines.length > 0) yield { type: 'lines', lines };
    return;
  }
  const output = position.outputs[name];
  if (what !== 'end') {
    position.quietSinceMs = performance.now();
    position.isNewInList = false;
  }
  const { lines, gap } = what === 'end' ? { lines: output.end(), gap: false } : output.take(what);
  if (what !== 'end') position.listed.arrived(output.length);
  if (gap) yield { type: 'notice', notice: { kind: 'gap', missing: undefined } };
  const fresh = entries(position, name, lines, placing.now);
  if (outputNames.every((one) => position.outputs[one].ended)) {
    position.known.clear();
    placing.onDone();
    // Streams that ended without a word: the list alone tells.
    if (!outputNames.some((one) => position.outputs[one].offset > 0)) fresh.unshift(...position.listed.waiting);
    if (position.exit === undefined) {
      position.state = 'done';
    } else {
      placing.onLeft(position);
      fresh.push(position.exit);
    }
  }
  if (fresh.length > 0) yield { type: 'lines', lines: fresh };
}

function entries(
  position: ExecutionPosition,
  name: OutputName,
  lines: readonly string[],
  now: () => number,
): LogEntry[] {
  const fresh: LogEntry[] = [];
  for (const text of lines) {
    const known = position.known.get(text) ?? 0;
    if (known > 1) position.known.set(text, known - 1);
    else position.known.delete(text);
    if (known > 0) continue;
    position.listed.streamed(text);
    // The stream does not tell when a line was written; it came just now.
    fresh.push({
      level: name === 'stderr' ? 'error' : 'info',
      source: 'exec',
      timestampMs: now(),
      text,
      executionId: position.id,
    });
  }
  return fresh;
}
