import { l10n } from 'vscode';
import { linkSignals } from '../../ground/deadline';
import { ExecutionCommands } from '../../core/channel/executionCommands';
import type { Disposable } from '../../core/events';
import { hasEnded, type Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { findListeners, type Listener } from '../../core/ports/listeners';
import { PortForwarder, type Forward } from '../../core/ports/portForwarder';
import { PortTargets } from '../../core/ports/portTargets';
import type { Account, SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { readSettings } from '../account/settings';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel } from '../devboxes/devboxText';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import { portPages } from './portPages';

export interface PortsContext {
  readonly account: Account;
  readonly store: DevboxStore;
  /** Told of what a person does in a page. */
  readonly devboxUse: { used(devboxId: string): void };
  readonly log: Log;
}

/** The ports of the devboxes of this window's account: looked for when somebody looks, served while somebody has opened them. */
export class DevboxPorts implements Disposable {
  readonly forwarder: PortForwarder;
  readonly #context: PortsContext;
  readonly #subscriptions: readonly Disposable[];
  #targets: { readonly of: RunloopApi; readonly targets: PortTargets } | undefined;

  constructor(context: PortsContext) {
    const { account, store, devboxUse } = context;
    this.#context = context;
    this.forwarder = new PortForwarder({
      // What is forwarded is of the account that is shown, until it is left.
      target: async (port) => this.#targetsOf(account.shown ?? (await account.require())).of(port),
      onDoubt: (devboxId) => this.#targets?.targets.doubt(devboxId),
      onInput: (devboxId) => devboxUse.used(devboxId),
      onOther: (forward) => this.#tellOfOther(forward),
      page: portPages(store),
    });
    this.#subscriptions = [
      store.onDidChange(({ ids }) => {
        for (const id of ids) this.#changed(id);
      }),
      account.onDidChange(() => {
        this.#targets = undefined;
        this.forwarder.clear();
      }),
    ];
  }

  /** What listens in a running devbox now. @throws RuntimeError if it does not run, or cannot tell */
  async look(signedIn: SignedIn, devboxId: string, signal: AbortSignal): Promise<readonly Listener[]> {
    const { api, ended } = signedIn;
    const either = linkSignals(signal, ended);
    try {
      // What the list says may be old, and nothing is asked of a devbox that rests.
      await this.#targetsOf(signedIn).running(devboxId, either.signal);
      mustStillBe(signedIn, devboxId);
      const commands = new ExecutionCommands(api, devboxId);
      return await findListeners(commands, { devboxId, signal: either.signal });
    } finally {
      either.dispose();
    }
  }

  /** A running devbox as it is now. @throws RuntimeError if it does not run */
  async running(signedIn: SignedIn, devboxId: string, signal: AbortSignal): Promise<Devbox> {
    return this.#targetsOf(signedIn).running(devboxId, signal);
  }

  /** The same with a tunnel, which is made where there is none. */
  async withTunnel(signedIn: SignedIn, devboxId: string, signal: AbortSignal): Promise<Devbox> {
    const devbox = await this.#targetsOf(signedIn).withTunnel(devboxId, signal);
    mustStillBe(signedIn, devboxId);
    this.#context.store.update(devbox);
    return devbox;
  }

  /** The tunnel of a devbox is another one. */
  renewed(devbox: Devbox): void {
    this.#context.store.update(devbox);
    this.#targets?.targets.doubt(devbox.id);
    this.forwarder.cut(devbox.id);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.forwarder.dispose();
  }

  /** @throws RuntimeError `account_changed` for an account that this window has left */
  #targetsOf(signedIn: SignedIn): PortTargets {
    mustStillBe(signedIn);
    const { api } = signedIn;
    if (this.#targets?.of !== api) {
      const known = (devboxId: string): string | undefined => this.#context.store.get(devboxId)?.status;
      const targets = new PortTargets({ api, known, template: () => readSettings().tunnelUrlTemplate });
      this.#targets = { of: api, targets };
    }
    return this.#targets.targets;
  }

  #changed(devboxId: string): void {
    const devbox = this.#context.store.get(devboxId);
    if (devbox === undefined || devbox.status === 'running') return;
    this.#targets?.targets.doubt(devboxId);
    if (hasEnded(devbox.status)) this.forwarder.end(devboxId);
    else this.forwarder.cut(devboxId);
  }

  #tellOfOther(forward: Forward): void {
    const { devboxId, port, localPort } = forward;
    const devbox = this.#context.store.get(devboxId);
    const text = l10n.t(
      'A program connected to localhost:{0} with a protocol that cannot be forwarded to port {1} of {2}. Only HTTP, WebSockets and server-sent events are.',
      localPort,
      port,
      devbox === undefined ? devboxId : devboxLabel(devbox),
    );
    const stop = { title: l10n.t('Stop Forwarding'), command: 'runloop.stopForwarding', argument: forward } as const;
    showActions('warning', text, [stop], this.#context.log);
  }
}
