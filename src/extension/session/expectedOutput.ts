import { window } from 'vscode';
import type { Disposable } from '../../core/events';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Sessions } from './sessions';

/** Where this window learns of what makes a devbox print. */
export interface OutputReasons {
  readonly store: DevboxStore;
  readonly sessions: Sessions;
}

/**
 * Tells when a devbox may have printed something, or somebody waits for what it prints: its status is another one, an
 * action of this window's session began or ended, the window came to the front. A log without a stream is read then.
 */
export function onExpectedOutput(
  { store, sessions }: OutputReasons,
  devboxId: string,
  listener: () => void,
): Disposable {
  let status = store.get(devboxId)?.status;
  let runtime = sessions.get(devboxId);
  let actions = runtime?.stream.on(listener);
  const subscriptions: readonly Disposable[] = [
    store.onDidChange(({ ids }) => {
      const now = store.get(devboxId)?.status;
      if (!ids.has(devboxId) || now === status) return;
      status = now;
      listener();
    }),
    sessions.onDidChange(() => {
      const now = sessions.get(devboxId);
      if (now === runtime) return;
      runtime = now;
      actions?.dispose();
      actions = runtime?.stream.on(listener);
      listener();
    }),
    window.onDidChangeWindowState(({ focused }) => {
      if (focused) listener();
    }),
  ];
  return {
    dispose: () => {
      actions?.dispose();
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}
