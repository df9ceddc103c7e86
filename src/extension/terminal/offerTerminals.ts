import { TerminalProfile, window, type Disposable } from 'vscode';
import type { DevboxSources } from '../devboxes/pickDevbox';
import type { Log } from '../messages/log';
import type { RememberedTerminals } from './rememberedTerminals';
import type { DevboxTerminals } from './terminals';

/**
 * Offers terminals in devboxes where the editor offers terminals, and brings those of the window back after a reload. A window
 * that had none reads no code for it.
 */
export function offerTerminals(
  services: DevboxSources & {
    readonly terminals: () => Promise<DevboxTerminals>;
    readonly rememberedTerminals: RememberedTerminals;
    readonly devboxUse: { used(devboxId: string): void };
    readonly log: Log;
  },
): Disposable[] {
  const { terminals, rememberedTerminals, log } = services;
  const restore = async (): Promise<void> => {
    if (rememberedTerminals.all().length > 0) await (await terminals()).restore();
  };
  // After the activation, which must stay short.
  const soon = setTimeout(() => {
    restore().catch((error: unknown) => log.failure('Bringing back the terminals', error));
  }, 0);
  return [
    { dispose: () => clearTimeout(soon) },
    window.registerTerminalProfileProvider('runloop.devboxTerminal', {
      provideTerminalProfile: async () => {
        const { terminalOptions } = await import('./terminalCommand');
        const options = await terminalOptions(services, undefined);
        return options === undefined ? undefined : new TerminalProfile(options);
      },
    }),
  ];
}
