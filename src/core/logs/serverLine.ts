import { stripControls } from '../plainText';
import type { LogEntry } from '../platform/runloopApi';

export type LineLevel = 'debug' | 'info' | 'warning' | 'error';

export interface ShownLine {
  readonly level: LineLevel;
  /** The line without escape sequences, and without what the level and the viewer's own clock say already. */
  readonly text: string;
}

const levels: Readonly<Record<string, LineLevel>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  warning: 'warning',
  error: 'error',
  critical: 'error',
};

/** A line of the action server (its contract §11): time, logger, level, place, message. */
const serverLine = /^\d\d:\d\d:\d\d - ([\w.]+):(DEBUG|INFO|WARNING|ERROR|CRITICAL): \S+?:\d+ - (.*)$/s;
/** A line of uvicorn, which carries OpenHands' server. */
const uvicornLine = /^(INFO|WARNING|ERROR): {4,}(.*)$/s;

/**
 * How a line of a devbox's log is shown. What the action server wrote into the line decides before what the platform
 * says of it: everything that a program prints on stderr comes as `error` from a platform.
 */
export function shownLine(entry: Pick<LogEntry, 'level' | 'text' | 'source'>): ShownLine {
  const text = stripControls(entry.text);
  const server = serverLine.exec(text);
  if (server !== null) {
    const logger = server[1] === 'openhands' ? '' : `${server[1] ?? ''}: `;
    return { level: levelOf(server[2]), text: `${logger}${server[3] ?? ''}` };
  }
  const uvicorn = uvicornLine.exec(text);
  if (uvicorn !== null) return { level: levelOf(uvicorn[1]), text: uvicorn[2] ?? '' };
  // Continuation lines of the server (tracebacks, the VS Code server's chatter) are no errors by themselves.
  return { level: entry.source === 'entrypoint' ? 'info' : levelOf(entry.level), text };
}

function levelOf(word: string | undefined): LineLevel {
  return levels[word?.toLowerCase() ?? ''] ?? 'info';
}
