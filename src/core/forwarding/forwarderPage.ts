import type { IncomingMessage, ServerResponse } from 'node:http';

/** Why the forwarder answers by itself. */
export type NoAnswer =
  /** No devbox has this host name. */
  | 'unknown'
  /** The devbox is not served now: it is suspended, has ended, or the window has detached from it. */
  | 'notServed'
  /** The devbox gave no answer, or none that a browser could have. */
  | 'unreachable'
  /** The devbox's VS Code asks for a token that the browser does not have: another browser, or it was started anew. */
  | 'locked'
  /** The address asks for something that is not this devbox's. */
  | 'refused';

/** What a page says. Plain text. */
export interface PageText {
  readonly title: string;
  readonly text: string;
  /** Of the words, such as `zh-cn`; English if absent. */
  readonly language?: string;
  /** Nothing comes after it: it does not ask again. */
  readonly isLast?: boolean;
  /** Where a person may go from here; the address is ours. */
  readonly link?: { readonly text: string; readonly address: string } | undefined;
}

/** Gives the words of a page about the devbox with this name; the name is undefined where none is known. */
export type PageTexts = (why: NoAnswer, name: string | undefined) => PageText;

const statuses: Readonly<Record<NoAnswer, number>> = {
  unknown: 404,
  notServed: 503,
  unreachable: 502,
  locked: 403,
  refused: 502,
};

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
    case 'locked':
      return {
        title: 'Open it again',
        text: 'The VS Code of the devbox asks for a token that this browser does not have.',
      };
    case 'refused':
      return { title: 'Not here', text: 'The address leads elsewhere.' };
  }
};

/** Answers a browser in the devbox's place. */
export function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  { why, page }: { readonly why: NoAnswer; readonly page: PageText },
): void {
  const isPage = (request.headers.accept ?? '').includes('text/html');
  const comesBack = (why === 'notServed' || why === 'unreachable') && page.isLast !== true;
  response.writeHead(statuses[why], {
    'content-type': `text/${isPage ? 'html' : 'plain'}; charset=utf-8`,
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'x-content-type-options': 'nosniff',
    // Nothing is left of a body that the devbox did not take.
    connection: 'close',
    ...(comesBack ? { 'retry-after': String(again) } : {}),
  });
  response.end(isPage ? html(page, comesBack) : `${page.text}\n`);
}

function html({ title, text, link, language = 'en' }: PageText, comesBack: boolean): string {
  return `<!doctype html>
<html lang="${escaped(language)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>${
    comesBack ? `<meta http-equiv="refresh" content="${again}">` : ''
  }<style>
:root { color-scheme: light dark }
body { font: 14px system-ui, sans-serif; max-width: 34em; margin: 20vh auto 0; padding: 0 2em; line-height: 1.5; overflow-wrap: anywhere }
h1 { font-size: 1.4em; font-weight: 600 }
</style></head><body><h1>${escaped(title)}</h1><p>${escaped(text)}</p>${
    link === undefined ? '' : `<p><a href="${escaped(link.address)}">${escaped(link.text)}</a></p>`
  }</body></html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** Leads a browser on; the address that it comes from is told to nobody. */
export function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' }).end();
}
