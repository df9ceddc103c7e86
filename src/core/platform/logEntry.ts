import { asObject, asString, parseJson } from '../parse';
import { withoutRunMark } from './runMark';

/** One entry of a devbox's log. */
export interface LogEntry {
  readonly level: string;
  readonly source: string;
  /** Unix milliseconds. */
  readonly timestampMs: number | undefined;
  readonly text: string;
  readonly exitCode?: number;
  /** The command that began here. */
  readonly command?: string;
  /** The execution it belongs to. */
  readonly executionId?: string;
}

/** One entry of a log as it came, not parsed yet: most entries of a replay are skipped. */
export interface RawEntry {
  /** The event's id, where it is a number that counts entries from 1. */
  readonly id: number | undefined;
  /** The entry as JSON text. */
  readonly json: string | Buffer;
}

/** Reads one entry of a devbox's log; undefined if it is none. */
function parseLogEntry(value: unknown): LogEntry | undefined {
  const entry = asObject(value);
  if (entry === undefined) return undefined;
  const time = entry['timestamp_ms'];
  const sent = asString(entry['cmd']);
  const command = sent === undefined ? undefined : withoutRunMark(sent);
  const exitCode = entry['exit_code'];
  const text =
    asString(entry['message']) ??
    (command !== undefined ? `$ ${command}` : typeof exitCode === 'number' ? `exit code ${exitCode}` : undefined);
  if (text === undefined) return undefined;
  return {
    level: asString(entry['level']) ?? '',
    source: asString(entry['source']) ?? '',
    timestampMs: typeof time === 'number' ? time : undefined,
    text,
    ...(typeof exitCode === 'number' ? { exitCode } : {}),
    ...(command !== undefined ? { command } : {}),
    ...(typeof entry['cmd_id'] === 'string' ? { executionId: entry['cmd_id'] } : {}),
  };
}

/** Reads an entry as it came. What is none is kept as its text: it must not be lost, and it counts. */
export function logEntryIn(json: string | Buffer): LogEntry {
  const text = typeof json === 'string' ? json : json.toString('utf8');
  return parseLogEntry(parseJson(text)) ?? { level: '', source: '', timestampMs: undefined, text };
}
