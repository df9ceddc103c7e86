import { asObject, asString, parseJson } from '../parse';
import { stripControls } from '../safeText';
import type { LogEntry } from '../platform/logEntry';

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
 *
 * @param redacted takes secrets out of the line: without escape sequences, which may hide one, and with its links whole,
 *   which may hold one
 */
export function shownLine(
  entry: Pick<LogEntry, 'level' | 'text' | 'source'>,
  redacted: (text: string) => string = (text) => text,
): ShownLine {
  const { level, text } = readLine(entry);
  return { level, text: safeLinks(redacted(text)) };
}

function readLine(entry: Pick<LogEntry, 'level' | 'text' | 'source'>): ShownLine {
  const text = stripControls(entry.text).replace(/[\u2028\u2029]/g, ' ');
  const json = text.startsWith('{"') ? jsonLine(text) : undefined;
  if (json !== undefined) return json;
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

/**
 * A line of the server with LOG_JSON=1 (its contract §11): OpenHands' own dialect has `level`, uvicorn's `levelname`, and
 * the first of these can be renamed, so that any field with a level's word will do.
 */
function jsonLine(text: string): ShownLine | undefined {
  const fields = asObject(parseJson(text));
  const message = asString(fields?.['message']);
  if (fields === undefined || message === undefined) return undefined;
  const word =
    asString(fields['level']) ??
    asString(fields['levelname']) ??
    Object.values(fields)
      .map(asString)
      .find((value) => value !== undefined && value.toLowerCase() in levels);
  const logger = asString(fields['name']);
  const trace = asString(fields['exc_info']);
  const head = logger === undefined || logger === 'openhands' ? message : `${logger}: ${message}`;
  return { level: levelOf(word), text: stripControls(trace === undefined ? head : `${head}\n${trace}`) };
}

/**
 * Breaks the links that lead elsewhere than to a web page: an editor makes `file:` addresses clickable, and those of a
 * foreign host or with a user name in front of it deceive. The text stays readable.
 */
export function safeLinks(text: string): string {
  if (!text.includes(':')) return text;
  return text
    .replace(/\b(file|command|javascript|data|vscode(?:-insiders)?|vscode-remote):(?=\/\/|[\w.]+[?(])/gi, '$1: ')
    .replace(/\b(https?:\/\/[^\s/?#@]*)@/gi, '$1 @');
}

/** What begins a record of the server; other lines may belong to the one before them. */
export function beginsRecord(text: string): boolean {
  const plain = stripControls(text);
  return serverLine.test(plain) || uvicornLine.test(plain) || plain.startsWith('{"');
}
