import type { ApiCalls, CallOptions } from './apiCalls';
import { readChoices, type ChoiceList } from './choices';

/** The secrets of an account. */
export class Secrets {
  readonly #calls: ApiCalls;

  constructor(calls: ApiCalls) {
    this.#calls = calls;
  }

  /** Their names, to choose from; Runloop has no second page of them, but long ones. */
  async choices(call: CallOptions = {}): Promise<ChoiceList> {
    const order = { path: '/v1/secrets', key: 'secrets', what: 'secrets', pageSize: 5_000, pages: 1 } as const;
    return readChoices(this.#calls, order, call);
  }
}
