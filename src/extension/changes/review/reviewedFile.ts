import type { Uri } from 'vscode';
import { sideOf } from '../changeAddress';
import type { DevboxState } from '../devboxLook';

/** What a document of the editor shows of a repository. */
export interface ReviewedFile {
  readonly devboxId: string;
  /** The folder of the repository, and the file in it. */
  readonly top: string;
  readonly path: string;
  /** Whether it is what is in the folder, not what was there before. */
  readonly isWork: boolean;
}

/** What a document shows: a side of a change, or a file itself in a repository that was looked at; undefined for others. */
export function reviewedFile(
  uri: Uri,
  devboxes: readonly { readonly devboxId: string; readonly state: DevboxState | undefined }[],
): ReviewedFile | undefined {
  const change = sideOf(uri);
  if (change !== undefined) {
    const { devboxId, top, path, side } = change;
    const state = devboxes.find((one) => one.devboxId === devboxId)?.state;
    // Of another account, or not known any more.
    if (side === undefined || state?.root.authority !== uri.authority) return undefined;
    return { devboxId, top, path, isWork: side.isWork };
  }
  for (const { devboxId, state } of devboxes) {
    if (state?.root.authority !== uri.authority || state.root.scheme !== uri.scheme) continue;
    const within = ({ top }: { readonly top: string }): boolean => uri.path.startsWith(top === '/' ? '/' : `${top}/`);
    const [nearest] = state.repositories.filter(within).sort((one, other) => other.top.length - one.top.length);
    if (nearest === undefined) return undefined;
    const { top } = nearest;
    return { devboxId, top, path: uri.path.slice(top === '/' ? 1 : top.length + 1), isWork: true };
  }
  return undefined;
}
