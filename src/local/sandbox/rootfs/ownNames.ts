import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { look, makeFolder, put } from './diskPaths';
import { accountFolder } from './accountFiles';
import { layerFolder } from './layers';
import { codeOf } from '../../errors';

/** Under which names a devbox knows itself; `-` and letters, as a host name has. */
const ownLine = /^127\.0\.1\.1\s+devbox-[a-z0-9-]+$/;

/** The largest list of hosts that is taken over. */
const largestFile = 1024 * 1024;

/** The host name of a devbox, as Runloop makes one: `devbox-` and what tells it from others. */
export function hostNameOf(id: string): string {
  return `devbox-${id
    .replace(/^[a-z]+_/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '-')
    .slice(0, 12)}`;
}

/**
 * Writes what a devbox knows of itself where this computer's would else be seen: host name, list of hosts and the number of
 * the machine. The list of hosts stays as the devbox has made it.
 * @param root the disk, seen from the host
 */
export async function writeNames(root: string, id: string): Promise<void> {
  const layer = `${layerFolder}/etc/upper`;
  const name = hostNameOf(id);
  const texts = {
    hostname: `${name}\n`,
    'machine-id': `${createHash('md5').update(`machine ${id}`).digest('hex')}\n`,
    hosts: hostsWith(name, await ownHosts(join(root, layer, 'hosts'))),
  };
  await makeFolder(root, accountFolder, 'keep');
  const folders = (await look(join(root, layer)))?.isDirectory() === true ? [accountFolder, layer] : [accountFolder];
  for (const folder of folders) {
    for (const [file, text] of Object.entries(texts)) {
      await put(join(root, folder, file), text, 0o644);
    }
  }
}

/** A list of hosts in which the devbox is, under its name alone. */
function hostsWith(name: string, text: string): string {
  const lines = text.split('\n').filter((line) => line !== '' && !ownLine.test(line));
  return [...lines, `127.0.1.1 ${name}`, ''].join('\n');
}

/** The devbox's own list, or this computer's without what it calls itself. Nothing is read through a link. */
async function ownHosts(path: string): Promise<string> {
  const found = await look(path);
  if (found?.isFile() === true && found.size <= largestFile) {
    return readFile(path, 'utf8');
  }
  const computer = hostname().toLowerCase();
  const isOwn = (word: string): boolean =>
    word.toLowerCase() === computer || word.toLowerCase().startsWith(`${computer}.`);
  const lines = (await readHosts()).split('\n').map((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const kept = names.filter((word) => !isOwn(word) || word.toLowerCase() === 'localhost');
    return kept.length === 0 ? '' : [address, ...kept].join(' ');
  });
  return lines.filter((line) => line !== '').join('\n');
}

async function readHosts(): Promise<string> {
  try {
    return await readFile('/etc/hosts', 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EACCES') {
      throw error;
    }
    return '127.0.0.1 localhost\n::1 localhost\n';
  }
}
