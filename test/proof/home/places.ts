import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { people } from './histories';

/** git of the campaign's own, which runs nothing that a clone configures. */
const quiet =
  'export GIT_OPTIONAL_LOCKS=0 GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null GIT_CONFIG_KEY_1=core.fsmonitor GIT_CONFIG_VALUE_1=false';

/** Runs bash on this computer. */
export function sh(cwd: string, command: string, input?: Uint8Array): string {
  return execFileSync('bash', ['-c', `${people}; ${quiet}\n${command}`], {
    cwd,
    encoding: 'latin1',
    stdio: ['pipe', 'pipe', 'pipe'],
    input: input ?? '',
    maxBuffer: 1e8,
  });
}

/** Every file, folder and link below a folder with what it holds, git's own among them; names byte by byte. */
export function stateOf(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const walk = (path: string): void => {
    const place = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
    const facts = lstatSync(place);
    const mode = facts.mode.toString(8);
    if (facts.isSymbolicLink()) {
      found.set(path, `${mode} ${readlinkSync(place, 'latin1')}`);
    } else if (facts.isFile()) {
      found.set(path, `${mode} ${createHash('sha256').update(readFileSync(place)).digest('hex')}`);
    } else {
      found.set(path, mode);
    }
    if (!facts.isDirectory()) return;
    for (const name of readdirSync(place, 'latin1')) walk(path === '' ? name : `${path}/${name}`);
  };
  walk('');
  return found;
}

/** What is other in one state than in another, by path. */
export function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
}

/**
 * Prints a line for all in a folder of a devbox, times and inodes included: another one after every change. Of git's objects the
 * times do not count: git renews them wherever it finds what it would write.
 */
export const fingerprint = (folder: string): string =>
  `( cd ${folder} && { find . -path '*/objects/*/*' -printf '%P %y %m %s %i\\0' -o -printf '%P %y %m %s %T@ %C@ %i %l\\0' | tr '\\n\\0' '?\\n'; find . -type f -print0 | xargs -0 -r sha256sum -z | tr '\\n\\0' '?\\n'; } | sort )`;

/** @throws Error with the lines that are other */
export function requireSame(now: string, before: string, what: string): void {
  const [ours, theirs] = [new Set(now.split('\n')), new Set(before.split('\n'))];
  const other = [
    ...[...ours].filter((line) => !theirs.has(line)).map((line) => `+${line}`),
    ...[...theirs].filter((line) => !ours.has(line)).map((line) => `-${line}`),
  ];
  if (other.length > 0) throw new Error(`${what}: ${other.slice(0, 12).join('; ')}`);
}

/**
 * Prints what a folder's working tree is, as git would add it: its tree, then every file. In a copy, as the folder is not to be
 * written to. What git takes for no name, as `.GIT`, is left out, and all else is there.
 */
export const asAdded = (copy: string): string =>
  `( cd ${copy} && git add -A --ignore-errors >/dev/null 2>&1; git write-tree; git ls-files -s -z )`;

/** What {@link asAdded} has printed. */
export function addedTree(printed: string): { readonly tree: string; readonly files: ReadonlyMap<string, string> } {
  const end = printed.indexOf('\n');
  const files = printed
    .slice(end + 1)
    .split('\0')
    .filter((line) => line !== '')
    .map((line): [string, string] => {
      const tab = line.indexOf('\t');
      return [line.slice(tab + 1), line.slice(0, tab)];
    });
  return { tree: printed.slice(0, end), files: new Map(files) };
}
