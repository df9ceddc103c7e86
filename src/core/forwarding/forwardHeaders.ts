import { validateHeaderName, validateHeaderValue, type IncomingMessage } from 'node:http';
import type { ForwardTarget } from './forwardTarget';
import { withinReach, type SharedHost } from './reach';

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
 * @param options.isEmbedded the page is shown inside another page, as in the editor's own browser
 * @param options.shared with whom it shares its host name
 * @param options.ownOrigin where it is given, what the devbox says of its own address is turned into it
 * @returns undefined for a status that ends no answer
 */
export function answerHead(
  answer: IncomingMessage,
  {
    isEmbedded,
    target,
    ownOrigin,
    shared,
  }: {
    readonly isEmbedded: boolean;
    readonly target: ForwardTarget;
    readonly ownOrigin?: string | undefined;
    readonly shared?: SharedHost;
  },
): AnswerHead | undefined {
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
    let told = withinReach(lower, value, shared);
    if (told === undefined) continue;
    if (ownOrigin !== undefined) told = toldHere(lower, told, { target: new URL(target.origin), ownOrigin });
    headers.push(name, lower === 'set-cookie' ? browsersCookie(told, isEmbedded) : told);
  }
  return { status, reason: /^[\t\x20-\x7e\x80-\xff]*$/.test(reason) ? reason : '', headers };
}

/** Status line and headers of an answer that changes the protocol, as text. */
export function upgradeHead(answer: IncomingMessage, shared?: SharedHost): string {
  const lines = ['HTTP/1.1 101 Switching Protocols'];
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    const value = answer.rawHeaders[index + 1] ?? '';
    const told = withinReach(name.toLowerCase(), value, shared);
    if (told === undefined || !canBeSent(name, value)) continue;
    lines.push(`${name}: ${name.toLowerCase() === 'set-cookie' ? browsersCookie(told, false) : told}`);
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

/** A cookie of a browser's request, or the first of what sets one. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Both, as they are written. */
  readonly text: string;
}

/** The cookies of a `Cookie` header; of a `Set-Cookie` header the first is the cookie, and the rest says how it is kept. */
export function cookiesOf(header: string): readonly Cookie[] {
  return header.split(';').flatMap((part) => {
    const text = part.trim();
    const at = text.indexOf('=');
    return at < 1 ? [] : [{ name: text.slice(0, at).trim(), value: text.slice(at + 1).trim(), text }];
  });
}

/** What sets a cookie of a devbox: never for other hosts than its own, as those below the same domain may be other devboxes'. */
function browsersCookie(cookie: string, embedded: boolean): string {
  const own = cookie.replace(/;\s*domain\s*(?:=[^;]*)?(?=;|$)/gi, '');
  return embedded ? forFrame(own) : own;
}

/**
 * A cookie for a page inside another page: there a browser keeps cookies only if they say that they are meant for it. Other
 * pages cannot use them, as they do not know the host name.
 */
function forFrame(cookie: string): string {
  return `${cookie.replace(/;\s*(?:samesite=\w+|secure|partitioned)/gi, '')}; SameSite=None; Secure; Partitioned`;
}

/** Headers in which a server tells its own address, which a browser cannot use: it has no token for it. */
const tellingAddresses: readonly string[] = ['location', 'content-location', 'refresh', 'access-control-allow-origin'];

/** A header as a browser can use it that knows the devbox under another address. */
function toldHere(
  name: string,
  value: string,
  { target, ownOrigin }: { readonly target: URL; readonly ownOrigin: string },
): string {
  if (!tellingAddresses.includes(name)) return value;
  // A server behind a tunnel does not know by which protocol it is reached.
  const origins = [target.origin, `http://${target.host}`, `https://${target.host}`];
  const [, before = '', address = ''] = /^((?:\d+\s*[;,]\s*url=)?)(.*)$/i.exec(value) ?? [];
  const origin = origins.find((one) => /^(?:[/?#]|$)/.test(address.slice(one.length)) && isSame(address, one));
  return origin === undefined ? value : `${before}${ownOrigin}${address.slice(origin.length)}`;
}

function isSame(address: string, origin: string): boolean {
  return address.slice(0, origin.length).toLowerCase() === origin.toLowerCase();
}
