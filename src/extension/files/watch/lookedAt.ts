import { window, workspace, type Disposable, type Uri } from 'vscode';
import type { WatchTarget } from '../../../core/files/watchLines';
import { filesScheme } from '../../commandIds';
import { addressedFile } from '../fileAddress';

/** What the editor has asked to watch: the file of its active editor, and folders of the workspace. */
export interface EditorWatch {
  readonly uri: Uri;
  readonly recursive: boolean;
  readonly excludes: readonly string[];
}

/** What is looked at of one devbox. */
export interface LookedAt {
  /** One address of it. */
  readonly root: Uri;
  readonly targets: WatchTarget[];
  /** Patterns of paths that are left out below whole folders. */
  readonly skip: string[];
}

/** Objects of a repository come with what names them, and are many. */
const objects = ['*/.git/objects/*'];

/**
 * What somebody can see now, by the authority of its addresses.
 *
 * @param open folders that are open in our view
 * @param whole folders of which anything that changes below is shown
 */
export function lookedAt(
  asked: Iterable<EditorWatch>,
  open: readonly Uri[],
  whole: readonly Uri[],
): Map<string, LookedAt> {
  const all = new Map<string, LookedAt>();
  const add = (uri: Uri, kind: WatchTarget['kind'], skip: readonly string[] = []): void => {
    const file = addressedFile(uri);
    if (file === undefined) return;
    const of = all.get(uri.authority) ?? { root: uri, targets: [], skip: [] };
    all.set(uri.authority, of);
    if (of.targets.some((one) => one.kind === kind && one.path === file.path)) return;
    of.targets.push({ kind, path: file.path });
    of.skip.push(...skip);
  };
  const folders = workspace.workspaceFolders ?? [];
  for (const { uri, recursive, excludes } of asked) {
    if (!recursive) {
      add(uri, 'file');
    }
    // A folder of the workspace is on screen as long as its window is in front.
    else if (window.state.focused && folders.some((folder) => folder.uri.toString() === uri.toString())) {
      add(
        uri,
        'deep',
        excludes.map(patternOf).filter((pattern) => pattern !== undefined),
      );
    }
  }
  for (const uri of open) add(uri, 'folder');
  for (const uri of whole) add(uri, 'deep', objects);
  for (const { document } of window.visibleTextEditors) {
    if (document.uri.scheme === filesScheme) add(document.uri, 'file');
  }
  return all;
}

/** Tells when what can be seen may be different. */
export function onLookedAtElsewhere(again: () => void): Disposable[] {
  return [window.onDidChangeVisibleTextEditors(again), window.onDidChangeWindowState(again)];
}

/** A glob of the editor's as a pattern for whole paths, in which `*` matches anything; undefined for one that has no such form. */
function patternOf(glob: string): string | undefined {
  const [, middle] = /^\*\*\/([^{}[\]?\\]+?)(?:\/\*\*)?\/?$/.exec(glob) ?? [];
  if (middle === undefined || /^\*+$/.test(middle)) return undefined;
  return `*/${middle.replaceAll('**', '*')}${glob.endsWith('/**') ? '/*' : ''}`;
}
