import { networkInterfaces } from 'node:os';
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** What no policy lets out to: this computer itself, its devboxes, its neighbours on the wire, and what is no single host. */
const never4 = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
const never6 = [
  ['::', 127],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const;

/** Prefixes of version 6 that carry an address of version 4, and the group of two bytes in which that begins. */
const carriers = [
  [/^::ffff:/i, 6],
  [/^::ffff:0:/i, 6],
  [/^64:ff9b::/i, 6],
  [/^2002:/i, 1],
  [/^::/, 6],
] as const;

const variable = 'RUNLOOP_LOCAL_OUTSIDE';

/**
 * Whether an address is one that no network policy lets a devbox connect to: loopback, where the other devboxes and the
 * platform are, link-local, this computer's own addresses, and everything that is not one host. For tests, blocks in the
 * variable `RUNLOOP_LOCAL_OUTSIDE` count as outside.
 */
export function isNeverEgress(address: string): boolean {
  const bare = address.split('%')[0] ?? '';
  if (isIPv6(bare)) {
    const carried = carriedIn(bare);
    return (
      (carried !== undefined && isNeverEgress(carried)) || listOf(never6, 'ipv6').check(bare, 'ipv6') || isOwn(bare)
    );
  }
  return !isIPv4(bare) || (!isOutside(bare) && (listOf(never4, 'ipv4').check(bare, 'ipv4') || isOwn(bare)));
}

function isOutside(address: string): boolean {
  const blocks = (process.env[variable] ?? '').split(',').flatMap((block) => {
    const [network = '', prefix = ''] = block.trim().split('/');
    return isIPv4(network) ? [[network, Number(prefix || 32)] as const] : [];
  });
  return blocks.length > 0 && listOf(blocks, 'ipv4').check(address, 'ipv4');
}

function isOwn(address: string): boolean {
  const own = new BlockList();
  for (const found of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) {
    own.addAddress(found.address.split('%')[0] ?? '', found.family === 'IPv6' ? 'ipv6' : 'ipv4');
  }
  return own.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function listOf(blocks: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  blocks.forEach(([network, prefix]) => list.addSubnet(network, prefix, family));
  return list;
}

/** The address of version 4 that one of version 6 stands for, if it does. */
function carriedIn(address: string): string | undefined {
  // The one way to write it: Node's own.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const at = carriers.find(([prefix]) => prefix.test(plain))?.[1];
  if (at === undefined) {
    return undefined;
  }
  const [before = '', after] = plain.split('::');
  const [head, tail] = [before, after ?? ''].map((text) => text.split(':').filter((word) => word !== ''));
  const gap = Array<string>(after === undefined ? 0 : 8 - (head?.length ?? 0) - (tail?.length ?? 0)).fill('0');
  const words = [...(head ?? []), ...gap, ...(tail ?? [])].slice(at, at + 2).map((word) => Number.parseInt(word, 16));
  return words.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}
