import { fieldsOf } from '../files/fileFacts';
import { bytesOfPath, textOfPath } from '../files/pathText';
import { unexpected } from '../platform/answers';
import type { DevboxChanges } from './devboxChanges';
import { discardScript } from './discardScript';
import { runWhole } from './wholeRun';

/** Seconds that one step of git's may take, and milliseconds that all may: files of any size are kept. */
const limits = { seconds: 300, deadlineMs: 10 * 60_000 };

/** What would be discarded of a repository. */
export interface Discardable {
  /** Another one after every change of the repository. */
  readonly state: string;
  readonly lost: readonly {
    readonly path: string;
    readonly kind: 'untracked' | 'added' | 'modified' | 'deleted';
    /** Where it was moved from, and goes back to. */
    readonly from?: string;
  }[];
  /** What stays as it is: submodules, files that pass a filter, edits that git overlooks, what cannot be read. */
  readonly staying: readonly string[];
}

/** What is discarded. */
export interface Meant {
  /** The folder of the repository. */
  readonly top: string;
  /** Files that are meant; none for all that is not committed. */
  readonly paths: readonly string[];
  /** What they go back to, where it is not the last commit: how they were when an agent was prompted last. */
  readonly to?: 'turn';
  readonly signal: AbortSignal;
}

/** Says what would be discarded; the repository is only read. @throws RuntimeError where nothing can be */
export async function discardable(changes: DevboxChanges, meant: Meant): Promise<Discardable> {
  const { top, signal } = meant;
  const inputs = inputsOf(changes, meant, '');
  const [state = Buffer.of(), ...told] = fieldsOf(await changes.run(discardScript, top, inputs, { ...limits, signal }));
  const kinds = new Map([
    ['U', 'untracked'],
    ['A', 'added'],
    ['M', 'modified'],
    ['D', 'deleted'],
  ] as const);
  const lost: Discardable['lost'][number][] = [];
  const staying: string[] = [];
  for (const field of told) {
    const path = textOfPath(field.subarray(1));
    const letter = field.toString('latin1', 0, 1);
    const kind = [...kinds].find(([one]) => one === letter)?.[1];
    const last = lost.at(-1);
    if (letter === '=' && last !== undefined) lost[lost.length - 1] = { ...last, from: path };
    else if (kind === undefined) staying.push(path);
    else lost.push({ path, kind });
  }
  return { state: state.toString('latin1'), lost, staying };
}

/**
 * Puts files back to how they were committed, index and all, and keeps what they were in a stash of the repository. Back to a
 * turn, the index of those files becomes that of the last commit, and commits made since stay.
 *
 * @param state of what the person was told
 * @returns the commit of the stash
 * @throws RuntimeError `discard_moved` if anything is different since; nothing was discarded then. `discard_maybe` where nobody
 * knows whether it was
 */
export async function discard(
  changes: DevboxChanges,
  { state, devboxId, ...meant }: Meant & { readonly state: string; readonly devboxId: string },
): Promise<string> {
  const inputs = inputsOf(changes, meant, state);
  const said = await runWhole(
    { changes, devboxId },
    { script: discardScript, top: meant.top, inputs },
    { ...limits, signal: meant.signal, doubt: 'discard_maybe' },
  );
  const stash = fieldsOf(said).at(-1)?.toString('latin1') ?? '';
  if (!/^[0-9a-f]{40,64}$/.test(stash)) throw unexpected('an execution', devboxId);
  return stash;
}

function inputsOf(changes: DevboxChanges, { top, paths, to }: Meant, state: string): readonly Buffer[] {
  const how = [state, to ?? '', to === undefined ? 'none' : changes.keyOf(top)].map((word) => Buffer.from(word));
  return [bytesOfPath(top), ...how, ...paths.map(bytesOfPath)];
}
