import type { Disposable } from '../../core/events';
import type { Services } from '../services';

/** When the account changes, nothing of this window goes on speaking with the old key. */
export function followAccount(services: Pick<Services, 'account' | 'sessions' | 'keepAlive' | 'output'>): Disposable {
  return services.account.onDidChange(() => {
    services.sessions.detachAll();
    services.keepAlive.allOff();
    services.output.stopAll();
  });
}
