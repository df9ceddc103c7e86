import type { SignedIn } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import { AccountFiles } from './accountFiles';
import { RunloopFileSystem, type FileSystemContext } from './runloopFileSystem';

/** Makes the file system, when the first file is asked for. */
export function openFileSystem({
  account,
  store,
  ...context
}: Omit<FileSystemContext, 'accountFiles'> & {
  readonly account: { current(): Promise<SignedIn | undefined> };
  readonly store: Pick<DevboxStore, 'get'>;
}): RunloopFileSystem {
  return new RunloopFileSystem({ ...context, accountFiles: new AccountFiles({ account, store }) });
}
