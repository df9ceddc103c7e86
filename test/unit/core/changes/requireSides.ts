import assert from 'node:assert/strict';
import type { ChangeSide, FileChange } from '../../../../src/core/changes/compare';
import type { RepositoryChanges } from '../../../../src/core/changes/devboxChanges';
import { bytesOfPath } from '../../../../src/core/files/pathText';
import { signal, type ChangesDevbox } from './useChanges';

/** Says what git calls the content of each place and name: nothing where there is none. */
const idsScript = `while IFS= read -r -d '' place && IFS= read -r -d '' f; do
  case $place in
    /*) at=$place/$f
      if ! cd -- "$(dirname -- "$at"; echo)" 2>/dev/null || [ "$(pwd -P)" != "$PWD" ]; then :
      elif [ -L "$at" ]; then printf %s "$(readlink -n -- "$at"; echo x)" | head -c -1 | git hash-object --stdin
      elif [ -f "$at" ] && [ -r "$at" ]; then git hash-object --no-filters --stdin < "$at"; fi ;;
    *) id=$(git -C "$top" rev-parse -q --verify "$place:$f"); [ "$(git -C "$top" cat-file -t "$id" 2>/dev/null)" != blob ] || echo "$id" ;;
  esac
  printf '\\0'
done`;

/** Where the content of a change is, and what it is called there by what was read. */
interface Told {
  readonly place: string;
  readonly path: string;
  readonly side: ChangeSide | undefined;
}

/**
 * Holds both sides of all uncommitted changes against git's own commit, index and the folder, and of those since the start against
 * a copy of the folder from then, if there is one: by hashes, so that no file is left out but large ones and repositories within.
 *
 * @returns the sides compared
 */
export async function requireSidesAsThere(
  { commands }: ChangesDevbox,
  top: string,
  { groups, report }: RepositoryChanges,
  { start, about }: { readonly start?: string; readonly about?: string } = {},
): Promise<number> {
  const staged = new Map(report.status.map((entry) => [`${entry.kind} ${entry.path}`, entry]));
  const uncommitted = groups.uncommitted.flatMap((change): Told[] => {
    const { kind, path, from = path, before, after } = change;
    const entry = staged.get(`changed ${path}`);
    // Added and gone again, git takes what was only meant to be added (`add -N`) for committed.
    const isDropped = after === undefined && (entry?.modes[0] === '000000' || entry?.staged === '.');
    const place = kind === 'conflict' ? ':2' : isDropped ? ':0' : 'HEAD';
    return [...(kind === 'untracked' ? [] : [{ place, path: from, side: before }]), { place: top, path, side: after }];
  });
  const since = (start === undefined ? [] : (groups.sinceStart ?? [])).flatMap(
    ({ path, from = path, before, after }): Told[] => [
      { place: start ?? '', path: from, side: before },
      { place: top, path, side: after },
    ],
  );
  const all = [...uncommitted, ...since].filter((one) =>
    isCompared(one, [...groups.uncommitted, ...(groups.sinceStart ?? [])]),
  );
  const stdin = Buffer.concat(
    all.flatMap(({ place, path }) => [Buffer.from(`${place}\0`), bytesOfPath(path), Buffer.of(0)]),
  );
  const { stdout } = await commands.run(`top='${top}'; ${idsScript}`, { stdin, signal, deadlineMs: 60_000 });
  const ids = Buffer.from(stdout).toString('latin1').split('\0');
  const words = (word: (one: Told, at: number) => string): string[] =>
    all.map((one, at) => `${one.place} ${one.path}: ${word(one, at)}`);
  assert.deepEqual(
    words(({ side }) => side?.id ?? ''),
    words((_, at) => (ids[at] ?? '').trim()),
    about,
  );
  return all.length;
}

/** Repositories within are known by their commits, large files by size and time. */
function isCompared({ path, side }: Told, changes: readonly FileChange[]): boolean {
  return (
    side?.mode !== '160000' &&
    !changes.some((one) => one.path === path && (one.after?.isLarge === true || isWithin(one))) &&
    !/(?:^|\/)big$/.test(path)
  );
}

function isWithin({ before, after }: FileChange): boolean {
  return [before, after].some((side) => side?.mode === '160000');
}
