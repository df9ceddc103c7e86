import { stripControls } from '../plainText';
import type { LogEntry } from '../platform/runloopApi';

export type LineLevel = 'debug' | 'info' | 'warning' | 'error';

const levels: Readonly<Record<string, LineLevel>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  warning: 'warning',
  error: 'error',
  critical: 'error',
};

/** The head of an action server's log line (action server contract §11). */
const serverLine = /^\d\d:\d\d:\d\d - [\w.]+:(DEBUG|INFO|WARNING|ERROR|CRITICAL): /;
/** The head of a line of uvicorn, which carries the server. */
const uvicornLine = /^(INFO|WARNING|ERROR): {4,}/;

/**
 * The level of a log line: what the action server wrote into the line, else what the platform says. Everything that a
 * program prints on stderr comes as `error` from a platform, so the line itself is the better witness.
 */
export function lineLevel(entry: Pick<LogEntry, 'level' | 'text' | 'source'>): LineLevel {
  const text = stripControls(entry.text);
  const word = (serverLine.exec(text) ?? uvicornLine.exec(text))?.[1];
  if (word !== undefined) return levels[word.toLowerCase()] ?? 'info';
  // Continuation lines of the server (tracebacks, the VS Code server's chatter) are no errors by themselves.
  if (entry.source === 'entrypoint') return 'info';
  return levels[entry.level.toLowerCase()] ?? 'info';
}
