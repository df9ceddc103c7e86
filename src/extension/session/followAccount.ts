import type { Disposable } from '../../core/events';
import type { Account } from '../account/account';
import type { Sessions } from './sessions';

/** When the account changes, nothing of this window goes on speaking with the old key. */
export function followAccount({
  account,
  sessions,
  keepAlive,
  devboxUse,
  output,
}: {
  readonly account: Account;
  readonly sessions: Sessions;
  readonly keepAlive: { allOff(): void };
  readonly devboxUse: { forget(): void };
  readonly output: { stopAll(): void };
}): Disposable {
  return account.onDidChange(() => {
    sessions.detachAll();
    keepAlive.allOff();
    devboxUse.forget();
    output.stopAll();
  });
}
