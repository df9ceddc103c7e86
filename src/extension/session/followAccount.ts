import type { Disposable } from '../../core/events';
import type { Account } from '../account/account';
import type { Sessions } from './sessions';

/** When the account changes, nothing of this window goes on speaking with the old key. */
export function followAccount({
  account,
  sessions,
  keepAlive,
  output,
}: {
  readonly account: Account;
  readonly sessions: Sessions;
  readonly keepAlive: { allOff(): void };
  readonly output: { stopAll(): void };
}): Disposable {
  return account.onDidChange(() => {
    sessions.detachAll();
    keepAlive.allOff();
    output.stopAll();
  });
}
