/** Levels in rising order of importance. */
export type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

/** How the server logs. */
export interface LogSettings {
  readonly json: boolean;
  readonly jsonLevelKey: string;
  readonly level: LogLevel;
}

/** Writes the server's log. Callers never pass command text, output or values of variables. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** @param error its stack follows the record as continuation lines */
  error(message: string, error?: unknown): void;
  /** One line per request; only the JSON form has these. */
  access(client: string, request: string, status: number): void;
}

const order: Record<LogLevel, number> = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40 };

/**
 * Makes a logger: readable lines on stderr, or one JSON object per line on stdout.
 *
 * @param settings form and lowest level
 */
export function createLogger(settings: LogSettings): Logger {
  const write = (level: LogLevel, message: string, error?: unknown): void => {
    if (order[level] < order[settings.level]) return;
    const trace = error === undefined ? undefined : stackOf(error);
    if (settings.json) {
      const record = { message, [settings.jsonLevelKey]: level, timestamp: new Date().toISOString() };
      process.stdout.write(`${JSON.stringify(trace === undefined ? record : { ...record, exc_info: trace })}\n`);
      return;
    }
    const head = `\u001b[92m${clock(new Date())} - openhands:${level}\u001b[0m: ${callSite()} - `;
    process.stderr.write(`${head}${message}\n${trace === undefined ? '' : `${trace}\n`}`);
  };
  return {
    debug: (message) => write('DEBUG', message),
    info: (message) => write('INFO', message),
    warn: (message) => write('WARNING', message),
    error: (message, error) => write('ERROR', message, error),
    access: (client, request, status) => {
      if (!settings.json) return;
      const now = new Date();
      const record = {
        message: `${client} - "${request} HTTP/1.1" ${status}`,
        levelname: 'INFO',
        name: 'access',
        asctime: `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} ${clock(now)},${String(now.getMilliseconds()).padStart(3, '0')}`,
      };
      process.stdout.write(`${JSON.stringify(record)}\n`);
    },
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function clock(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** File and line of whoever called the logger: the line format has a place for it that viewers rely on. */
function callSite(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  // The frames above the caller: this function, `write`, and the logger's method.
  const match = /([^/\\(\s]+):(\d+):\d+\)?$/.exec(frames[3] ?? '');
  return match === null ? 'actionServer:0' : `${match[1] ?? ''}:${match[2] ?? ''}`;
}
