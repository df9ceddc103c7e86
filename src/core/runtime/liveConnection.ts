import { actionServerPort, vscodePort } from '../actionServer/startupCommand';
import { DevboxActivity, type UsedDevbox } from '../activity/devboxActivity';
import type { Disposable } from '../events';
import type { RuntimeConfig } from '../options/runtimeConfig';
import type { Devbox } from '../platform/devbox';
import type { RunloopApi } from '../platform/runloopApi';
import { tunnelOrigin } from '../platform/tunnel';
import { VscodeAddress, type AddressUse } from '../vscode/vscodeAddress';
import type { Connection } from './connect/bringUp';
import { watchLifetime } from './connect/lifetime';
import { serverHealth, stillLeads, type ServerHealth } from './connect/serverHealth';
import { asStarted } from './connect/startedWorkspace';
import { wrongState } from './runtimeState';
import type { RuntimeEvent } from './runtimeStatus';

/** What several runtimes share, and what outlives them; where there is none, a runtime has its own. */
export interface SharedByRuntimes {
  /** Addresses, so that pages of the devbox's VS Code stay open. */
  readonly vscode?: VscodeAddress | undefined;
  /** Tells Runloop of use. */
  readonly activity?: DevboxActivity | undefined;
}

/** What a {@link LiveConnection} is given. */
export interface LiveConnectionContext extends SharedByRuntimes {
  readonly api: RunloopApi;
  readonly config: RuntimeConfig;
  readonly fire: (event: RuntimeEvent) => void;
}

/** The connection that a runtime has now, if any, with what lasts no longer than it: its addresses and the watch over its lifetime. */
export class LiveConnection implements Disposable {
  readonly #context: LiveConnectionContext;
  readonly #vscode: VscodeAddress;
  readonly #activity: DevboxActivity;
  #current: Connection | undefined;
  #lifetime: Disposable | undefined;

  constructor(context: LiveConnectionContext) {
    this.#context = context;
    this.#activity =
      context.activity ??
      new DevboxActivity({
        onFailure: () =>
          context.fire({ type: 'note', message: 'Runloop could not be told that the devbox is in use.' }),
      });
    this.#vscode = context.vscode ?? new VscodeAddress({ onInput: () => this.used() });
  }

  get current(): Connection | undefined {
    return this.#current;
  }

  /** Origin of the action server. */
  get serverUrl(): string | undefined {
    return this.#current === undefined ? undefined : this.#origin(actionServerPort, this.#current);
  }

  /** Takes a connection that has come about; tells by events when its devbox is about to end. */
  hold(connection: Connection): void {
    const { fire } = this.#context;
    this.#lifetime?.dispose();
    this.#current = connection;
    const { client, devbox } = connection;
    this.#vscode.serve(devbox.id, this.#vscodeTarget(connection), async () => client.connectionToken());
    this.#lifetime = watchLifetime({ devbox, onExpiring: (seconds) => fire({ type: 'expiring', seconds }) });
  }

  /** A person uses the devbox. */
  used(): void {
    if (this.#current !== undefined) this.#activity.used(this.#inUse(this.#current));
  }

  /** Somebody waits for what is done in the devbox. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    return this.#current === undefined ? work() : this.#activity.during(this.#inUse(this.#current), work);
  }

  /** How the server is, as far as can be told without its devbox counting as used. */
  async health(signal?: AbortSignal): Promise<ServerHealth | undefined> {
    return this.#current === undefined ? undefined : serverHealth(this.#context.api, this.#current, signal);
  }

  /** Goes on with the connection that was thought to be lost. @returns undefined if it is lost */
  async regain(
    current: Devbox,
    how: { readonly signal: AbortSignal; readonly isUnasked: boolean },
  ): Promise<Connection | undefined> {
    const connection = this.#current;
    if (connection === undefined || !(await stillLeads(connection, current, how))) return undefined;
    return { ...connection, devbox: current };
  }

  /** The address of the devbox's VS Code; undefined if the devbox has none. */
  async vscodeUrl(connection: Connection, use: AddressUse, signal?: AbortSignal): Promise<string | undefined> {
    const token = await connection.client.connectionToken(signal);
    // The runtime may have been closed, or connected anew, while the token was read.
    if (this.#current?.client !== connection.client) throw wrongState('disconnected', connection.devbox.id);
    if (token === undefined || token === '') return undefined;
    const { workspacePath: folder } = asStarted(this.#context.config, connection.devbox);
    return this.#vscode.of({ devboxId: connection.devbox.id, ...this.#vscodeTarget(connection), token, folder }, use);
  }

  /** The same page under an address without the token; undefined for an address that the forwarder does not serve. */
  async hiddenUrl(url: string): Promise<string | undefined> {
    return this.#vscode.hidden(url);
  }

  /** Ends everything that belongs to the connection; another may be held after it. */
  letGo(): void {
    this.#lifetime?.dispose();
    this.#lifetime = undefined;
    if (this.#current !== undefined) this.#vscode.forget(this.#current.devbox.id);
    this.#current?.client.dispose();
    this.#current = undefined;
  }

  dispose(): void {
    this.letGo();
    if (this.#context.vscode === undefined) this.#vscode.dispose();
  }

  #vscodeTarget(connection: Connection): { readonly origin: string; readonly tunnelToken: string | undefined } {
    return { origin: this.#origin(vscodePort, connection), tunnelToken: connection.tunnel.authToken };
  }

  #inUse({ devbox: { id, idleRule } }: Connection): UsedDevbox {
    return { id, idleRule, tell: (signal) => this.#context.api.devboxes.keepAlive(id, { signal }) };
  }

  #origin(port: number, { tunnel }: Connection): string {
    const { api, config } = this.#context;
    return tunnelOrigin({ port, key: tunnel.key, apiBaseUrl: api.baseUrl, template: config.tunnelUrlTemplate });
  }
}
