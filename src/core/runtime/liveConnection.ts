import { actionServerPort, vscodePort } from '../actionServer/startupCommand';
import type { Disposable } from '../events';
import type { RuntimeConfig } from '../options/runtimeConfig';
import { keepDevboxAlive } from '../platform/lifeCycle';
import type { RunloopApi } from '../platform/runloopApi';
import { tunnelOrigin } from '../platform/tunnel';
import { VscodeAddress, type AddressUse } from '../vscode/vscodeAddress';
import type { Connection } from './connect/bringUp';
import { watchLifetime } from './connect/lifetime';
import { asStarted } from './connect/startedWorkspace';
import type { RuntimeEvent } from './runtimeStatus';

/** What a {@link LiveConnection} is given. */
export interface LiveConnectionContext {
  readonly api: RunloopApi;
  readonly config: RuntimeConfig;
  readonly fire: (event: RuntimeEvent) => void;
  /** Addresses that outlive the runtime, so that pages of the devbox's VS Code stay open; its own if undefined. */
  readonly vscode: VscodeAddress | undefined;
}

/** The connection that a runtime has now, if any, with what lasts no longer than it: its addresses and the watch over its lifetime. */
export class LiveConnection implements Disposable {
  readonly #context: LiveConnectionContext;
  readonly #vscode: VscodeAddress;
  #current: Connection | undefined;
  #lifetime: Disposable | undefined;

  constructor(context: LiveConnectionContext) {
    this.#context = context;
    this.#vscode = context.vscode ?? new VscodeAddress();
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
    const { api, config, fire } = this.#context;
    this.#current = connection;
    const { client, devbox } = connection;
    this.#vscode.serve(devbox.id, this.#vscodeTarget(connection), async () => client.connectionToken());
    this.#lifetime = watchLifetime({
      devbox: connection.devbox,
      idle: config.idle,
      keepAlive: () => keepDevboxAlive(api, connection.devbox.id),
      onExpiring: (seconds) => fire({ type: 'expiring', seconds }),
      onFailure: () => fire({ type: 'note', message: 'The devbox could not be kept alive this time.' }),
    });
  }

  /** The address of the devbox's VS Code; undefined if the devbox has none. */
  async vscodeUrl(connection: Connection, use: AddressUse, signal?: AbortSignal): Promise<string | undefined> {
    const token = await connection.client.connectionToken(signal);
    if (token === undefined || token === '') return undefined;
    const { workspacePath: folder } = asStarted(this.#context.config, connection.devbox);
    return this.#vscode.of({ devboxId: connection.devbox.id, ...this.#vscodeTarget(connection), token, folder }, use);
  }

  /** The same page under an address without the token; undefined for an address that the forwarder does not serve. */
  hiddenUrl(url: string): string | undefined {
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

  #origin(port: number, { tunnel }: Connection): string {
    const { api, config } = this.#context;
    return tunnelOrigin({ port, key: tunnel.key, apiBaseUrl: api.baseUrl, template: config.tunnelUrlTemplate });
  }
}
