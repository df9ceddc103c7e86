import { Accounts } from './accounts';
import { ApiCalls, type SentRequest } from './apiCalls';
import { Blueprints } from './blueprints';
import { parseApiKey, parseBaseUrl, type ApiAccount } from './client';
import { Devboxes } from './devboxes';
import { Evictions } from './evictions';
import { Executions } from './executions';
import { Files } from './files';
import { Logs } from './logs';
import { NetworkPolicies } from './networkPolicies';
import { Secrets } from './secrets';
import type { ServerClock } from './serverClock';
import { Snapshots } from './snapshots';
import { Tunnels } from './tunnels';

/**
 * Runloop's API as the core uses it, by resource: parsed answers, typed errors, our own retry rules, a signal on every call.
 * Nothing is loaded and no request is made before the first call.
 */
export class RunloopApi {
  readonly baseUrl: string;
  /** The time as the API's server sees it. */
  readonly clock: ServerClock;
  readonly accounts: Accounts;
  readonly devboxes: Devboxes;
  readonly executions: Executions;
  readonly files: Files;
  readonly logs: Logs;
  readonly tunnels: Tunnels;
  readonly snapshots: Snapshots;
  readonly blueprints: Blueprints;
  readonly secrets: Secrets;
  readonly networkPolicies: NetworkPolicies;
  readonly evictions: Evictions;
  readonly #authorization: string;

  /**
   * @param onRequest told of every request before it is sent, repeats included
   * @throws RuntimeError `missing_api_key`, `authentication` (malformed key) or `invalid_option` (base URL).
   */
  constructor(account: ApiAccount, onRequest?: (request: SentRequest) => void) {
    const apiKey = parseApiKey(account.apiKey);
    this.#authorization = `Bearer ${apiKey}`;
    this.baseUrl = parseBaseUrl(account.baseUrl);
    const calls = new ApiCalls({ apiKey, baseUrl: this.baseUrl }, onRequest);
    const access = { baseUrl: this.baseUrl, authorization: this.#authorization };
    this.clock = calls.clock;
    this.accounts = new Accounts(calls);
    this.devboxes = new Devboxes(calls, access);
    this.executions = new Executions(calls, access);
    this.files = new Files(calls, access);
    this.logs = new Logs(access);
    this.tunnels = new Tunnels(calls, this.devboxes);
    this.snapshots = new Snapshots(calls);
    this.blueprints = new Blueprints(calls);
    this.secrets = new Secrets(calls);
    this.networkPolicies = new NetworkPolicies(calls);
    this.evictions = new Evictions(access);
  }

  /** Authorization header for the few requests that the SDK has no call for. */
  get authorization(): string {
    return this.#authorization;
  }
}
