import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { codeOf } from '../../errors';
import type { ListeningSocket } from './listeningSocket';

/** State of a socket that listens, in the kernel's tables, where these come first. */
const listening = '0A';

/**
 * The sockets of this network that listen on a port, from the kernel's tables. To show them the kernel walks past the place
 * of every connection there may be, which takes milliseconds in which nothing else is done: only where there is no other way.
 */
export function socketsInTables(port: number): readonly ListeningSocket[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    listeningLines(table).flatMap((line) => {
      const [, local = '', , , , , , , , inode = ''] = line.trim().split(/\s+/);
      return local.endsWith(`:${wanted}`) ? [{ host: inOrder(local.slice(0, -5)), inode, only6: false }] : [];
    }),
  );
}

/** The first lines of a table, up to the first connection: there may be very many of those. */
function listeningLines(table: string): readonly string[] {
  let file: number;
  try {
    file = openSync(table, 'r');
  } catch (error) {
    // Without version 6 there is no table of it.
    if (codeOf(error) === 'ENOENT') return [];
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
      if (read === 0 || end !== -1) return end === -1 ? lines : lines.slice(0, end);
    }
  } finally {
    closeSync(file);
  }
}

/** The tables write an address as numbers of four bytes each, as this processor has them. */
function inOrder(host: string): string {
  const bytes = (word: string): string[] => word.match(/../g) ?? [];
  const words = host.toLowerCase().match(/.{8}/g) ?? [];
  return words.map((word) => (endianness() === 'LE' ? bytes(word).reverse().join('') : word)).join('');
}
