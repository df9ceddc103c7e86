import { ProgressLocation, window } from 'vscode';
import type { Devbox } from '../../../core/platform/devbox';
import { unlessAborted, withSignal } from '../../messages/cancellation';
import type { Agents } from '../agents';
import type { LiveAgent } from '../liveAgent';
import { openSession } from './openSession';

/** Starts an agent under a progress that ends it again, and opens its document. */
export async function launch(
  agents: Agents,
  { devbox, title }: { readonly devbox: Devbox; readonly title: string },
  start: (onMade: (made: LiveAgent) => void) => Promise<unknown>,
): Promise<void> {
  await window.withProgress(
    { location: ProgressLocation.Notification, title: `${title}…`, cancellable: true },
    (_, token) =>
      withSignal(token, async (signal) => {
        let open: Promise<void> | undefined;
        let ended: Promise<void> | undefined;
        const starting = start((made) => {
          const end = (): void => {
            ended = made.end();
          };
          if (signal.aborted) end();
          else signal.addEventListener('abort', end, { once: true });
          open = openSession(agents, made);
        });
        try {
          await unlessAborted(starting, signal, devbox.id);
          await open;
        } finally {
          await ended;
        }
      }),
  );
}
