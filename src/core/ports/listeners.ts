import type { DevboxCommands } from '../channel/devboxCommands';
import { RuntimeError } from '../errors';
import { oneLine } from '../safeText';
import { unexpected } from '../platform/answers';
import { listenersScript } from './listenersScript';

/** A port that something listens on. */
export interface Listener {
  readonly port: number;
  /** Nobody outside of the devbox reaches it, its tunnel neither. */
  readonly isLocal: boolean;
  /** Each as it is written. */
  readonly addresses: readonly string[];
  /** The processes that Linux tells of, the oldest first; none for those of another user. */
  readonly processes: readonly PortProcess[];
}

interface PortProcess {
  readonly pid: number;
  /** As the process calls itself: a line without control characters. */
  readonly name: string;
}

/** Milliseconds that looking may take. */
const lookMs = 20_000;
/** Ports that are told at the most. */
const mostPorts = 500;
const longestName = 60;

/**
 * What listens in a devbox, by port: one execution.
 *
 * @throws RuntimeError `unexpected_answer` where the devbox cannot tell; what the channel throws
 */
export async function findListeners(
  commands: DevboxCommands,
  { devboxId, signal }: { readonly devboxId: string; readonly signal: AbortSignal },
): Promise<readonly Listener[]> {
  const { exitCode, stdout } = await commands.run(listenersScript, { signal, deadlineMs: lookMs });
  const fields = Buffer.from(stdout).toString().split('\0');
  const [own, table, holders, ...named] = fields;
  if (exitCode !== 0 || own === undefined || table === undefined || holders === undefined) {
    throw new RuntimeError({ problem: unexpected('an execution').problem, devboxId });
  }
  const names = new Map<number, string>();
  for (let at = 0; at + 1 < named.length; at += 2) {
    names.set(Number(named[at]), oneLine(named[at + 1] ?? '', longestName));
  }
  const pidsOf = new Map<string, number[]>();
  for (const [, inode = '', pid = ''] of holders.matchAll(/^(\d+) (\d{1,10})$/gm)) {
    pidsOf.set(inode, [...(pidsOf.get(inode) ?? []), Number(pid)]);
  }
  const ports = new Map<number, { addresses: Set<string>; isLocal: boolean; pids: Set<number> }>();
  for (const { address, port, inode } of socketsIn(table)) {
    const pids = pidsOf.get(inode) ?? [];
    // A local platform's devboxes share its computer's network: what neither one of its processes is seen to hold nor listens on its
    // own address is somebody else's.
    if (own !== '' && address !== own && pids.length === 0) continue;
    if (!ports.has(port) && ports.size >= mostPorts) continue;
    const known = ports.get(port) ?? { addresses: new Set(), isLocal: true, pids: new Set() };
    known.addresses.add(address);
    known.isLocal &&= isLoopback(address) && address !== own;
    for (const pid of pids) known.pids.add(pid);
    ports.set(port, known);
  }
  return [...ports]
    .sort(([one], [other]) => one - other)
    .map(([port, { addresses, isLocal, pids }]) => ({
      port,
      isLocal,
      addresses: [...addresses].sort(),
      processes: [...pids].sort((one, other) => one - other).map((pid) => ({ pid, name: names.get(pid) ?? '' })),
    }));
}

interface ListeningSocket {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** The sockets that lines of `/proc/net/tcp` and `tcp6` tell of. */
export function* socketsIn(table: string): Generator<ListeningSocket> {
  for (const line of table.split('\n')) {
    const [, address = '', port = '', inode = ''] =
      /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A \S+ \S+ \S+ +\d+ +\d+ (\d+)(?: |$)/.exec(
        line,
      ) ?? [];
    if (inode !== '') yield { address: writtenAddress(address), port: Number.parseInt(port, 16), inode };
  }
}

/** An address of the kernel's tables, which are words of the processor's byte order, as it is written. */
function writtenAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  // Both processors that Runloop offers have the lowest byte first.
  bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'))) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
