import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { codeOf } from '../../errors';

const statusFile = '/var/lib/dpkg/status';

/**
 * The settings below `/etc` that came with this computer's packages and that nobody has changed: they tell nothing but which
 * packages there are. Without them a package that a devbox finds installed would have lost its settings.
 * @param wanted leaves out those that need not be looked at
 * @returns paths below `/etc`, and the folders above each with a stroke behind
 */
export async function untouchedSettings(wanted: (path: string) => boolean): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const [path, sum] of settingsIn((await read(statusFile))?.toString('utf8') ?? '')) {
    if (!wanted(path)) {
      continue;
    }
    const bytes = await read(`/etc/${path}`);
    if (bytes === undefined || createHash('md5').update(bytes).digest('hex') !== sum) {
      continue;
    }
    found.add(path);
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      found.add(path.slice(0, at + 1));
    }
  }
  return found;
}

/** The settings below `/etc` with the sums of what they were, as the list of packages has them. */
function settingsIn(status: string): readonly (readonly [string, string])[] {
  return [...status.matchAll(/^ \/etc\/(\S+) ([0-9a-f]{32})$/gm)].map(([, path = '', sum = '']) => [path, sum]);
}

/** Undefined for what cannot be read. */
async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR', 'EISDIR', 'ELOOP'].includes(codeOf(error) ?? '')) {
      return undefined;
    }
    throw error;
  }
}
