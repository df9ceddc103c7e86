import { BlockList, isIPv6, type LookupFunction } from 'node:net';

const loopbackAddresses = new BlockList();
loopbackAddresses.addSubnet('127.0.0.0', 8);
loopbackAddresses.addAddress('::1', 'ipv6');

/** Whether a URL's host is this computer: `localhost`, `*.localhost`, 127.0.0.0/8 or ::1. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  // Also finds IPv4 addresses that are written as IPv6 ones.
  return /(?:^|\.)localhost$/.test(host) || loopbackAddresses.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

/**
 * Browsers resolve every `*.localhost` name to the loopback address by themselves, Node does not. The host name
 * matters here, as local tunnels are told apart by it.
 */
export const loopbackLookup: LookupFunction = (_hostname, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};
