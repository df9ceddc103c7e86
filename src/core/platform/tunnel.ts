import { RuntimeError } from '../errors';

/** The header that authenticated tunnels ask for (Runloop contract §3). */
export const tunnelAuthorizationHeader = 'X-Runloop-Tunnel-Authorization';

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.') || hostname.endsWith('.localhost')
  );
}

/**
 * The origin of one port of a devbox, without a trailing slash.
 *
 * In the cloud: `https://<port>-<key>.tunnel.<domain>`, the domain being the API's host name without a leading
 * `api.`. An API on a loopback address is a local platform; its tunnels share its scheme and port, below
 * `tunnel.localhost`.
 *
 * @param template overrides both, with `{port}` and `{key}`, for platforms that name their tunnels otherwise.
 * @throws RuntimeError `invalid_option` if the template gives no http(s) URL.
 */
export function tunnelOrigin(options: {
  readonly port: number;
  readonly key: string;
  readonly apiBaseUrl: string;
  readonly template?: string | undefined;
}): string {
  const label = `${options.port}-${options.key}`;
  if (options.template !== undefined && options.template !== '') {
    const text = options.template.replaceAll('{port}', String(options.port)).replaceAll('{key}', options.key);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || !options.template.includes('{key}')) {
      throw new RuntimeError({
        code: 'invalid_option',
        message: 'The tunnel URL template does not give an http or https URL with the tunnel key in it.',
        nextStep: 'Use the form https://{port}-{key}.tunnel.example.com, or leave it empty.',
      });
    }
    return url.origin;
  }
  const api = new URL(options.apiBaseUrl);
  if (isLoopback(api.hostname)) {
    return `${api.protocol}//${label}.tunnel.localhost${api.port === '' ? '' : `:${api.port}`}`;
  }
  return `https://${label}.tunnel.${api.hostname.replace(/^api\./, '')}`;
}
