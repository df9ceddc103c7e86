import type { Disposable } from '../../core/events';
import type { Account } from '../account/account';
import type { Log } from '../messages/log';
import type { LogDocuments } from './logDocuments';
import type { RememberedLogs } from './rememberedLogs';

/** Brings the tabs of logs back after a reload. A window that had none reads no code for it. */
export function restoreLogs({
  account,
  rememberedLogs,
  logDocuments,
  log: ownLog,
}: {
  readonly account: Account;
  readonly rememberedLogs: RememberedLogs;
  readonly logDocuments: () => Promise<LogDocuments>;
  readonly log: Log;
}): Disposable {
  const restore = async (): Promise<void> => {
    const baseUrl = (await account.current())?.baseUrl;
    const logs = rememberedLogs.all().filter((log) => log.baseUrl === baseUrl);
    if (logs.length === 0) return;
    await (await logDocuments()).reopen(logs);
  };
  // After the activation, which must stay short.
  const soon = setTimeout(() => {
    if (rememberedLogs.all().length === 0) return;
    restore().catch((error: unknown) => ownLog.failure('Bringing back the tabs of logs', error));
  }, 0);
  return { dispose: () => clearTimeout(soon) };
}
