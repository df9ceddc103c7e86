import { BlockList, isIPv4 } from 'node:net';
import * as z from 'zod';

const portRule = z.object({
  port: z.number(),
  end_port: z.number().nullish(),
  protocol: z.enum(['TCP', 'UDP']).nullish(),
});

/** Where a devbox may connect to, as a network policy says it. */
export const egressRecord = z.object({
  allow_all: z.boolean(),
  allowed_hostnames: z.array(z.string()),
  allowed_cidrs: z.array(z.object({ cidr: z.string(), ports: z.array(portRule).nullish() })),
  allow_devbox_to_devbox: z.boolean(),
  allow_agent_gateway: z.boolean(),
  allow_mcp_gateway: z.boolean(),
  allow_runloop_mirrors: z.boolean(),
});

/** Where a devbox may connect to. */
export type Egress = z.infer<typeof egressRecord>;

/** True if a host is allowed by its name, whatever the port. */
export function allowsName(egress: Egress, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return egress.allow_all || egress.allowed_hostnames.some((allowed) => nameFits(allowed.toLowerCase(), name));
}

/** True if a connection to an IPv4 address and port is allowed by the address. */
export function allowsAddress(egress: Egress, address: string, port: number): boolean {
  return (
    egress.allow_all ||
    (isIPv4(address) &&
      egress.allowed_cidrs.some(({ cidr, ports }) => cidrHas(cidr, address) && portFits(ports ?? [], port)))
  );
}

/** True for an IPv4 block whose host bits are zero. */
export function isCanonicalCidr(cidr: string): boolean {
  const [address = '', prefix = ''] = cidr.split('/');
  const bits = Number(prefix);
  if (!isIPv4(address) || !/^\d{1,2}$/.test(prefix) || bits > 32) {
    return false;
  }
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return number % 2 ** (32 - bits) === 0;
}

function nameFits(allowed: string, name: string): boolean {
  return allowed.startsWith('*.')
    ? name.endsWith(allowed.slice(1)) && name.length > allowed.length - 1
    : name === allowed;
}

function cidrHas(cidr: string, address: string): boolean {
  const [network = '', prefix = ''] = cidr.split('/');
  const block = new BlockList();
  block.addSubnet(network, Number(prefix), 'ipv4');
  return block.check(address, 'ipv4');
}

function portFits(rules: readonly z.infer<typeof portRule>[], port: number): boolean {
  // Only TCP is carried; a rule about UDP lets no TCP through.
  return (
    rules.length === 0 ||
    rules.some((rule) => rule.protocol !== 'UDP' && port >= rule.port && port <= (rule.end_port ?? rule.port))
  );
}
