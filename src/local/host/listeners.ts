import { closeSync, openSync, readSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { codeOf } from '../errors';
import type { ProcessScope } from './processTable';
import { entries, linkOf, processesIn } from './scopeProcesses';

/** State of a socket that listens, in the kernel's tables, where these come first. */
const listening = '0A';

/** The address of the kernel's tables for every address of version 4, and of version 6. */
const every4 = '00000000';
const every6 = '0'.repeat(32);
const mapped4 = '0000000000000000FFFF0000';

/**
 * The sockets of this network that a connection to an address and port would come to, by the kernel's numbers for them:
 * those that listen on the very address, else those that listen on all.
 * @param address an address, not a name
 */
export function listenersAt(address: string, port: number): readonly string[] {
  const exact: string[] = [];
  const every: string[] = [];
  const wanted = hexOf(address);
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const { host, inode } of rowsOf(table, port)) {
      if (host === wanted || host === mapped4 + wanted) {
        exact.push(inode);
      } else if (host === every6 || (host === every4 && wanted.length === every4.length)) {
        every.push(inode);
      }
    }
  }
  return exact.length > 0 ? exact : every;
}

/** Whether processes of a devbox hold all of these sockets. */
export function ownsSockets(scope: ProcessScope, inodes: readonly string[]): boolean {
  const missing = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const pid of processesIn(scope)) {
    for (const descriptor of entries(`/proc/${pid}/fd`)) {
      missing.delete(linkOf(`/proc/${pid}/fd/${descriptor}`));
      if (missing.size === 0) {
        return true;
      }
    }
  }
  return false;
}

function* rowsOf(table: string, port: number): Generator<{ readonly host: string; readonly inode: string }> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of listeningLines(table)) {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    if (state === listening && local.endsWith(`:${wanted}`)) {
      yield { host: local.slice(0, -5), inode };
    }
  }
}

/** The first lines of a table, up to the first connection: there may be very many of those. */
function listeningLines(table: string): readonly string[] {
  let file: number;
  try {
    file = openSync(table, 'r');
  } catch (error) {
    // Without version 6 there is no table of it.
    if (codeOf(error) === 'ENOENT') {
      return [];
    }
    throw error;
  }
  try {
    const chunk = Buffer.alloc(64 * 1024);
    let text = '';
    for (;;) {
      const read = readSync(file, chunk);
      text += chunk.toString('latin1', 0, read);
      const lines = text.split('\n').slice(1, -1);
      const end = lines.findIndex((line) => line.trim().split(/\s+/)[3] !== listening);
      if (read === 0 || end !== -1) {
        return end === -1 ? lines : lines.slice(0, end);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** An address as the kernel's tables write it: words of four bytes, each the wrong way round. */
function hexOf(address: string): string {
  const bytes = isIPv6(address) ? bytesOf6(address) : address.split('.').map(Number);
  let hex = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4).reverse();
    hex += word.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return hex.toUpperCase();
}

function bytesOf6(address: string): number[] {
  const [before = '', after] = address.split('%')[0]?.split('::') ?? [];
  const words = (text: string): number[] =>
    text === ''
      ? []
      : text.split(':').flatMap((part) => (part.includes('.') ? pairs(part) : [Number.parseInt(part, 16)]));
  const [head, tail] = [words(before), words(after ?? '')];
  const gap: number[] = after === undefined ? [] : Array<number>(8 - head.length - tail.length).fill(0);
  return [...head, ...gap, ...tail].flatMap((word) => [word >> 8, word & 0xff]);
}

function pairs(address: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
