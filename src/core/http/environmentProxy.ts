import { BlockList, isIP, isIPv6 } from 'node:net';
import { RuntimeError } from '../errors';
import { httpProblem } from '../problems/http';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for a URL, as curl reads it: `https_proxy`, `http_proxy`, `all_proxy` and
 * `no_proxy`, in small or capital letters. By hand: `proxy-from-env` (2.1.0) takes `example.com` for that one name without those below
 * it, and knows neither networks (`10.0.0.0/8`) nor bare IPv6 addresses.
 *
 * @throws RuntimeError `invalid_option` for an address that names no proxy we can speak to
 */
export function environmentProxy(url: URL, environment: Environment = process.env): URL | undefined {
  const read = (name: string): string => (environment[name] ?? environment[name.toUpperCase()] ?? '').trim();
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const [variable, text] = read(name) === '' ? ['all_proxy', read('all_proxy')] : [name, read(name)];
  if (text === '' || isExcepted(url, read('no_proxy'))) return undefined;
  const address = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(address) ? new URL(address) : undefined;
  if (proxy !== undefined && /^https?:$/.test(proxy.protocol) && proxy.hostname !== '') return proxy;
  throw new RuntimeError({
    problem:
      proxy === undefined || proxy.hostname === ''
        ? httpProblem('proxy_variable', { variable })
        : httpProblem('proxy_kind', { variable, kind: `${proxy.protocol}//` }),
  });
}

function isExcepted(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, bracketed, bare, wanted] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
      if (wanted !== undefined && wanted !== port) return false;
      return matches(host, bracketed ?? bare ?? entry);
    });
}

function matches(host: string, entry: string): boolean {
  if (isIP(host) !== 0) return isInNetwork(host, entry);
  const domain = entry.replace(/^\*?\./, '').replace(/\.$/, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function isInNetwork(address: string, entry: string): boolean {
  const [network = '', bits, ...more] = entry.split('/');
  if (isIP(network) === 0 || more.length > 0) return false;
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const longest = family === 'ipv6' ? 128 : 32;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (prefix < 0 || prefix > longest) return false;
  const networks = new BlockList();
  networks.addSubnet(network, prefix, family);
  return networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
