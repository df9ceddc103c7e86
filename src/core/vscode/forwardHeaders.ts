import { validateHeaderName, validateHeaderValue, type IncomingMessage } from 'node:http';

/** Headers of an answer that belong to its connection; the browser's has its own. */
const ofOneConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** An answer's status line and headers, as far as a browser may have them. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** Names and values in turn. */
  readonly headers: string[];
}

/**
 * What a browser is told of a devbox's answer. A devbox answers what it likes, and what Node would not send makes it throw.
 *
 * @param embedded the page is shown inside another page, as in the editor's own browser
 * @returns undefined for a status that ends no answer
 */
export function answerHead(answer: IncomingMessage, embedded: boolean): AnswerHead | undefined {
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 999) return undefined;
  const reason = answer.statusMessage ?? '';
  const headers: string[] = [];
  const named = new Set((answer.headers.connection ?? '').toLowerCase().split(/\s*,\s*/));
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    const value = answer.rawHeaders[index + 1] ?? '';
    const lower = name.toLowerCase();
    if (ofOneConnection.has(lower) || named.has(lower) || !canBeSent(name, value)) continue;
    headers.push(name, embedded && lower === 'set-cookie' ? forFrame(value) : value);
  }
  return { status, reason: /^[\t\x20-\x7e\x80-\xff]*$/.test(reason) ? reason : '', headers };
}

/** Status line and headers of an answer that changes the protocol, as text. */
export function upgradeHead(answer: IncomingMessage): string {
  const lines = ['HTTP/1.1 101 Switching Protocols'];
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    const value = answer.rawHeaders[index + 1] ?? '';
    if (canBeSent(name, value)) lines.push(`${name}: ${value}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function canBeSent(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    // That is what was asked.
    return false;
  }
}

/**
 * A cookie for a page inside another page: there a browser keeps cookies only if they say that they are meant for it. Other
 * pages cannot use them, as they do not know the host name.
 */
function forFrame(cookie: string): string {
  return `${cookie.replace(/;\s*(?:samesite=\w+|secure|partitioned)/gi, '')}; SameSite=None; Secure; Partitioned`;
}
