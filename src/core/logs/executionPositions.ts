import type { OutputName } from '../platform/executions';
import type { LogEntry } from '../platform/logEntry';
import { ListedLines } from './listedLines';
import { OutputPosition } from './outputPosition';

export const outputNames: readonly OutputName[] = ['stdout', 'stderr'];

/** How far one reader has come with one execution. */
export interface ExecutionPosition {
  readonly id: string;
  readonly outputs: Readonly<Record<OutputName, OutputPosition>>;
  /** Lines that the list had shown before the streams were there, by how often: the streams bring them again. */
  readonly known: Map<string, number>;
  /** What the list tells of it, held against what the streams bring. */
  readonly listed: ListedLines;
  /** When the streams brought something last; or, if the list has had something since, when that came. */
  quietSinceMs: number;
  isNewInList: boolean;
  /** The entry of its end, which comes behind its last line. */
  exit: LogEntry | undefined;
  state: 'listed' | 'streamed' | 'refused' | 'done';
}

/** What a reader knows of executions; kept from one follow of a log to the next. */
export class ExecutionPositions {
  readonly byId = new Map<string, ExecutionPosition>();
}

/** The command is in the list; whether its outputs are worth a stream will show at the end of the pass. */
export function newPosition(id: string): ExecutionPosition {
  return {
    id,
    outputs: { stdout: new OutputPosition(), stderr: new OutputPosition() },
    known: new Map(),
    listed: new ListedLines(),
    quietSinceMs: performance.now(),
    isNewInList: false,
    exit: undefined,
    state: 'listed',
  };
}
