import { RuntimeError } from '../errors';
import { isLoopbackHost } from '../http/loopback';

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
    code: 'invalid_option',
    message: `The template for tunnel addresses (runloop.tunnelUrlTemplate) ${problem ?? 'is not an address'}.`,
    nextStep: 'Use the form https://{port}-{key}.tunnel.example.com, or leave it empty.',
  });
}

/** @param matters whether the host depends on the port, or on the key */
function templateProblem(url: URL | undefined, matters: (name: 'port' | 'key') => boolean): string | undefined {
  if (url === undefined) return 'is not an address';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (/[{}]|%7[bd]/i.test(url.host)) return 'has other words in braces than {port} and {key}';
  if (!matters('port')) return 'must have {port} in its host name';
  if (!matters('key')) return 'must have {key} in its host name';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return 'must end with the host name';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    return 'must use https://, as http:// would send the tunnel’s token in the clear';
  }
  return undefined;
}
