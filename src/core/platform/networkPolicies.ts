import type { ApiCalls, CallOptions } from './apiCalls';
import { readChoices, type ChoiceList } from './choices';

/** The network policies of an account. */
export class NetworkPolicies {
  readonly #calls: ApiCalls;

  constructor(calls: ApiCalls) {
    this.#calls = calls;
  }

  /** To choose from. */
  async choices(call: CallOptions = {}): Promise<ChoiceList> {
    const order = { path: '/v1/network-policies', key: 'network_policies', what: 'network policies' } as const;
    return readChoices(this.#calls, order, call);
  }
}
