import { Uri } from 'vscode';
import type { ChangeKind, ChangeSide } from '../../core/changes/compare';
import { asBoolean, asObject, asString, parseJson } from '../../core/parse';

/** Scheme of the read-only documents of both sides. */
export const changesScheme = 'runloop-changes';

/** One side of a change, as an address names it. */
export interface AddressedSide {
  readonly devboxId: string;
  /** The folder of the repository. */
  readonly top: string;
  /** In the repository. */
  readonly path: string;
  /** Undefined for the side on which there is no file. */
  readonly side: Pick<ChangeSide, 'mode' | 'id' | 'isWork'> | undefined;
  /** What the row of the change shows. */
  readonly kind: ChangeKind;
}

/** The address of a side: the file's own path for those who look, the rest behind it. */
export function sideAddress(account: string, { devboxId, top, path, side, kind }: AddressedSide): Uri {
  const { mode, id, isWork } = side ?? {};
  return Uri.from({
    scheme: changesScheme,
    authority: account,
    path: `${top === '/' ? '' : top}/${path.replace(/\/$/, '')}`,
    query: JSON.stringify({ devboxId, top, path, mode, id, isWork, kind }),
  });
}

/** Stands for the content that a file has in the last commit, whichever that is by then. */
export const lastCommit = 'HEAD';

/** The address of a file as it is in the last commit: the same one after every commit, for those who keep it. */
export function lastCommitAddress(account: string, file: Pick<AddressedSide, 'devboxId' | 'top' | 'path'>): Uri {
  const side = { mode: '100644', id: lastCommit, isWork: false };
  return sideAddress(account, { ...file, side, kind: 'modified' });
}

/** What an address names; undefined if it is none of ours. */
export function sideOf(uri: Uri): AddressedSide | undefined {
  if (uri.scheme !== changesScheme) return undefined;
  const view = asObject(parseJson(uri.query));
  const [devboxId, top, path] = ['devboxId', 'top', 'path'].map((name) => asString(view?.[name]));
  const [mode, id, isWork] = [asString(view?.['mode']), asString(view?.['id']), asBoolean(view?.['isWork'])];
  if (devboxId === undefined || top === undefined || path === undefined) return undefined;
  const side = mode === undefined || id === undefined || isWork === undefined ? undefined : { mode, id, isWork };
  return { devboxId, top, path, side, kind: kindOf(asString(view?.['kind'])) };
}

const kinds = new Set<string>([
  ...['added', 'untracked', 'modified', 'deleted', 'renamed', 'copied', 'typeChanged', 'conflict'],
]);

function kindOf(text: string | undefined): ChangeKind {
  return text !== undefined && isKind(text) ? text : 'modified';
}

function isKind(text: string): text is ChangeKind {
  return kinds.has(text);
}
