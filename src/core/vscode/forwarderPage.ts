import type { IncomingMessage, ServerResponse } from 'node:http';

/** Why the forwarder answers by itself. */
export type NoAnswer =
  /** No devbox has this host name. */
  | 'unknown'
  /** The devbox is not served now: it is suspended, has ended, or the window has let go of it. */
  | 'notServed'
  /** The devbox gave no answer, or none that a browser could have. */
  | 'unreachable'
  /** The address asks for something that is not this devbox's. */
  | 'refused';

/** What a page says. Plain text. */
export interface PageText {
  readonly title: string;
  readonly text: string;
}

/** Gives the words of a page about the devbox with this name; the name is undefined where none is known. */
export type PageTexts = (why: NoAnswer, name: string | undefined) => PageText;

const statuses: Readonly<Record<NoAnswer, number>> = { unknown: 404, notServed: 503, unreachable: 502, refused: 502 };

/** Seconds after which a page of a devbox that may come back asks again. */
const again = 3;

/** English words, for whoever has none of their own. Never what a devbox or the network said: that may name its address. */
export const englishPages: PageTexts = (why) => {
  switch (why) {
    case 'unknown':
      return { title: 'Not attached', text: 'This window is not attached to that devbox.' };
    case 'notServed':
      return { title: 'Not attached', text: 'The devbox is suspended, has ended, or is no longer attached.' };
    case 'unreachable':
      return { title: 'No answer', text: 'The devbox cannot be reached, or gave no answer that can be shown.' };
    case 'refused':
      return { title: 'Not here', text: 'The address leads elsewhere.' };
  }
};

/** Answers a browser in the devbox's place. */
export function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  { why, page: { title, text } }: { readonly why: NoAnswer; readonly page: PageText },
): void {
  const isPage = (request.headers.accept ?? '').includes('text/html');
  const comesBack = why === 'notServed' || why === 'unreachable';
  response.writeHead(statuses[why], {
    'content-type': `text/${isPage ? 'html' : 'plain'}; charset=utf-8`,
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'x-content-type-options': 'nosniff',
    // Nothing is left of a body that the devbox did not take.
    connection: 'close',
    ...(comesBack ? { 'retry-after': String(again) } : {}),
  });
  response.end(isPage ? html({ title, text }, comesBack) : `${text}\n`);
}

function html({ title, text }: PageText, comesBack: boolean): string {
  return `<!doctype html>
<html><head><meta charset="utf-8"><title>${escaped(title)}</title>${
    comesBack ? `<meta http-equiv="refresh" content="${again}">` : ''
  }<style>
:root { color-scheme: light dark }
body { font: 14px system-ui, sans-serif; max-width: 34em; margin: 20vh auto 0; padding: 0 2em; line-height: 1.5 }
h1 { font-size: 1.4em; font-weight: 600 }
</style></head><body><h1>${escaped(title)}</h1><p>${escaped(text)}</p></body></html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
