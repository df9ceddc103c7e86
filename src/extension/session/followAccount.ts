import type { Disposable } from '../../core/events';
import type { Services } from '../services';

/** When the account changes, nothing of this window goes on speaking with the old key. */
export function followAccount(services: Pick<Services, 'account' | 'sessions' | 'output'>): Disposable {
  return services.account.onDidChange(() => {
    services.sessions.detachAll();
    services.output.stopAll();
  });
}
