/** With whom a devbox shares the host name under which a browser knows it; undefined: it has one of its own. */
export type SharedHost =
  /** The programs of this computer, on other ports of `localhost`. */
  | 'computer'
  /** An editor elsewhere, which gives names or paths of its own. */
  | 'editor'
  | undefined;

/**
 * Headers that a browser remembers for a whole host, for what is below it, or beside the page: another one's encryption,
 * servers that take its place, and who is told of requests that fail.
 */
const ofTheHost: readonly string[] = [
  'strict-transport-security',
  'alt-svc',
  'nel',
  'report-to',
  'public-key-pins',
  'public-key-pins-report-only',
  'expect-ct',
];

/**
 * A header of a devbox's answer as far as it concerns the devbox's pages only.
 *
 * @param name in small letters
 * @returns undefined where nothing is left of it
 */
export function withinReach(name: string, value: string, shared: SharedHost): string | undefined {
  if (ofTheHost.includes(name)) return undefined;
  // It clears the cookies of all ports, and of the hosts beside it.
  if (name === 'clear-site-data' && shared !== undefined) return undefined;
  // Below a path of the editor's own address it would take over the editor's pages.
  if (name === 'service-worker-allowed' && shared === 'editor') return undefined;
  if (name !== 'www-authenticate') return value;
  // To `localhost` a browser may answer these by itself, with the account of whoever uses this computer.
  const others = value
    .replace(/(^|,)\s*(?:negotiate|ntlm|kerberos)(?:\s+[\w+/=.~-]+)?\s*(?=,|$)/gi, '')
    .replace(/^[\s,]+/, '');
  return others === '' ? undefined : others;
}
