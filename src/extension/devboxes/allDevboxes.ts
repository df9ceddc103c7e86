import { l10n, window } from 'vscode';
import type { CallOptions } from '../../core/platform/apiCalls';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';

/**
 * Every devbox that has one of these statuses. Where some cannot be read, that is said: a list to choose from must not
 * seem to be all there is.
 *
 * @throws RuntimeError
 */
export async function devboxesWith(
  api: RunloopApi,
  statuses: readonly string[],
  call: CallOptions,
): Promise<readonly Devbox[]> {
  let unread = 0;
  const onMalformed = (count: number): void => void (unread += count);
  const lists = await Promise.all(
    statuses.map(async (status) => {
      const devboxes: Devbox[] = [];
      for await (const devbox of api.list({ status }, { ...call, onMalformed })) devboxes.push(devbox);
      return devboxes;
    }),
  );
  tellOfUnread(unread);
  return lists.flat();
}

/** Says how many entries of a list could not be read, if there are any. */
export function tellOfUnread(count: number): void {
  if (count > 0) void window.showWarningMessage(l10n.t('Devboxes that could not be read: {0}', count));
}
