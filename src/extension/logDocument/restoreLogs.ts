import type { Disposable } from '../../core/events';
import type { Services } from '../services';

/** Brings the tabs of logs back after a reload. A window that had none reads no code for it. */
export function restoreLogs(services: Services): Disposable {
  const restore = async (): Promise<void> => {
    const baseUrl = (await services.account.current())?.baseUrl;
    const logs = services.rememberedLogs.all().filter((log) => log.baseUrl === baseUrl);
    if (logs.length === 0) return;
    const { logDocuments } = await import('./logDocuments');
    await logDocuments(services).reopen(logs);
  };
  // After the activation, which must stay short.
  const soon = setTimeout(() => {
    if (services.rememberedLogs.all().length === 0) return;
    restore().catch((error: unknown) => services.log.failure('Bringing back the tabs of logs', error));
  }, 0);
  return { dispose: () => clearTimeout(soon) };
}
