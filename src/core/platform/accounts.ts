import { asString } from '../parse';
import { retrying } from '../http/retry';
import { askedForReadRule } from '../http/retryRules';
import { objectOf, textIn } from './answers';
import type { ApiCalls, CallOptions } from './apiCalls';

export interface Account {
  readonly id: string;
  readonly name: string;
}

/** Accounts of Runloop, as far as a key tells of its own. */
export class Accounts {
  readonly #calls: ApiCalls;

  constructor(calls: ApiCalls) {
    this.#calls = calls;
  }

  /** Whose key this is: the cheapest way to check it. */
  async me(call: CallOptions = {}): Promise<Account> {
    const answer = await retrying(
      () => this.#calls.once('get', '/v1/accounts/me', {}, { doing: 'checking the API key' }, call),
      { rule: askedForReadRule, signal: call.signal, onWait: call.onWait },
    );
    const account = objectOf(answer, 'an account');
    return { id: textIn(account, 'id', 'an account'), name: asString(account['name']) ?? '' };
  }
}
