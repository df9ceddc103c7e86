import type { Uri } from 'vscode';
import { asArray, asBoolean, asObject, asString } from '../../core/parse';
import type { LazyFileSystem } from './lazyFileSystem';
import { nameOf, addressedFile } from './fileAddress';

/** A file or folder that a command is about. */
export interface MeantFile {
  readonly uri: Uri;
  readonly name: string;
  readonly isFolder: boolean;
}

/** What commands on files work with. */
export interface FileServices {
  readonly fileSystem: LazyFileSystem;
}

/** The files that a command was called on: the selected rows of the tree, or its one row. */
export async function meantFiles(
  { fileSystem }: FileServices,
  argument: unknown,
  arguments_: unknown,
): Promise<readonly MeantFile[]> {
  const rows = asArray(arguments_).length > 0 ? asArray(arguments_) : [argument];
  const files: MeantFile[] = [];
  for (const row of rows) {
    const view = asObject(row);
    const devboxId = asString(view?.['devboxId']);
    const uri = view?.['uri'];
    if (view?.['kind'] === 'files' && devboxId !== undefined) {
      const root = await fileSystem.rootOf(devboxId);
      files.push({ uri: root, name: nameOf(root), isFolder: true });
    } else if (isUri(uri) && addressedFile(uri) !== undefined) {
      files.push({ uri, name: nameOf(uri), isFolder: asBoolean(view?.['isFolder']) ?? false });
    }
  }
  return files;
}

function isUri(value: unknown): value is Uri {
  const view = asObject(value);
  return asString(view?.['scheme']) !== undefined && asString(view?.['authority']) !== undefined;
}
