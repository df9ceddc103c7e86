import type { DevboxStore } from '../devboxes/devboxStore';
import { AccountFiles, type FilesAccount } from './accountFiles';
import { RunloopFileSystem, type FileSystemContext } from './runloopFileSystem';

/** Makes the file system, when the first file is asked for. */
export function openFileSystem({
  account,
  store,
  ...context
}: Omit<FileSystemContext, 'accountFiles'> & {
  readonly account: FilesAccount;
  readonly store: Pick<DevboxStore, 'get'>;
}): RunloopFileSystem {
  return new RunloopFileSystem({ ...context, accountFiles: new AccountFiles({ account, store }) });
}
