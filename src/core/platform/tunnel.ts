import { RuntimeError } from '../errors';
import { isLoopbackHost } from '../http/loopback';
import { platformProblem } from '../problems/platform';
import { phrase } from '../problems/phrases';
import type { Phrase } from '../problems/problem';

/** The header that authenticated tunnels ask for (Runloop contract §3). */
export const tunnelAuthorizationHeader = 'X-Runloop-Tunnel-Authorization';

/**
 * The origin of one port of a devbox, without a trailing slash.
 *
 * In the cloud: `https://<port>-<key>.tunnel.<domain>`, the domain being the API's host name without a leading
 * `api.`. An API on a loopback address is a local platform; its tunnels share its scheme and port, below
 * `tunnel.localhost`.
 *
 * @param template overrides both, with `{port}` and `{key}`, for platforms that name their tunnels otherwise.
 * @throws RuntimeError `invalid_option` for a template that gives no address of a tunnel, with what is wrong about it.
 */
export function tunnelOrigin(options: {
  readonly port: number;
  readonly key: string;
  readonly apiBaseUrl: string;
  readonly template?: string | undefined;
}): string {
  const label = `${options.port}-${options.key}`;
  if (options.template !== undefined && options.template !== '') {
    return originOfTemplate(options.template, options.port, options.key);
  }
  const api = new URL(options.apiBaseUrl);
  if (isLoopbackHost(api.hostname)) {
    return `${api.protocol}//${label}.tunnel.localhost${api.port === '' ? '' : `:${api.port}`}`;
  }
  return `https://${label}.tunnel.${api.hostname.replace(/^api\./, '')}`;
}

function originOfTemplate(template: string, port: number, key: string): string {
  const filled = (forPort: string, forKey: string): URL | undefined => {
    const text = template.trim().replaceAll('{port}', forPort).replaceAll('{key}', forKey);
    return URL.canParse(text) ? new URL(text) : undefined;
  };
  const url = filled(String(port), key);
  const problem = templateProblem(url, (name) =>
    name === 'port'
      ? filled('4001', 'k')?.host !== filled('4002', 'k')?.host
      : filled('4001', 'k1')?.host !== filled('4001', 'k2')?.host,
  );
  if (problem === undefined && url !== undefined) return url.origin;
  throw new RuntimeError({
    problem: platformProblem('tunnel_template', {
      fault: problem ?? phrase('is not a valid address'),
      form: 'https://{port}-{key}.tunnel.example.com',
    }),
  });
}

/** @param matters whether the host depends on the port, or on the key */
function templateProblem(url: URL | undefined, matters: (name: 'port' | 'key') => boolean): Phrase | undefined {
  if (url === undefined) return phrase('is not a valid address');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return phrase('must begin with https://');
  if (url.username !== '' || url.password !== '') return phrase('must not contain a user name or password');
  if (/[{}]|%7[bd]/i.test(url.host)) {
    return phrase('has placeholders other than {names}', { names: '{port}, {key}' });
  }
  if (!matters('port')) return phrase('must contain {name} in its host name', { name: '{port}' });
  if (!matters('key')) return phrase('must contain {name} in its host name', { name: '{key}' });
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return phrase('must end with the host name');
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return phrase("must use https://, because http:// would send the tunnel's token unencrypted");
  }
  return undefined;
}
