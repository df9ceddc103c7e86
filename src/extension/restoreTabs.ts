import type { Memento } from 'vscode';
import type { Disposable } from '../core/events';
import type { Account } from './account/account';
import { openLogsKey, openRunsKey } from './commandIds';
import type { Log } from './messages/log';

/** Documents whose tabs the editor does not bring back by itself. */
interface Restored {
  /** Brings back the tabs of before a reload, of the API that is used now. */
  restore(baseUrl: string | undefined): Promise<void>;
}

/** Brings the tabs of logs and commands back after a reload. A window that had none reads no code for it. */
export function restoreTabs(
  {
    account,
    logDocuments,
    runDocuments,
    log,
  }: {
    readonly account: Account;
    readonly logDocuments: () => Promise<Restored>;
    readonly runDocuments: () => Promise<Restored>;
    readonly log: Log;
  },
  memory: Memento,
): Disposable {
  const restore = async (key: string, documents: () => Promise<Restored>): Promise<void> => {
    if (memory.get(key) !== undefined) await (await documents()).restore((await account.current())?.baseUrl);
  };
  // After the activation, which must stay short.
  const soon = setTimeout(() => {
    Promise.all([restore(openLogsKey, logDocuments), restore(openRunsKey, runDocuments)]).catch((error: unknown) =>
      log.failure('Bringing back tabs', error),
    );
  }, 0);
  return { dispose: () => clearTimeout(soon) };
}
