import { EventEmitter, window, type Event } from 'vscode';
import { deadline } from '../../ground/deadline';
import { spent } from '../../core/cost/prices';
import { isAborted, RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { hasEnded } from '../../core/platform/devbox';
import { onceRule } from '../../core/http/retryRules';
import type { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import type { Account } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import type { Sessions } from './sessions';

export interface SessionHealthServices {
  readonly account: Account;
  readonly sessions: Sessions;
  readonly store: DevboxStore;
  readonly log: Log;
}

/** Seconds until a new session is looked at, and between two looks, by whether somebody looks at the window. */
const newSeconds = 1;
const focusedSeconds = 30;
const unfocusedSeconds = 120;
/** Milliseconds that the command that ended a devbox gets to detach from it. */
const ownDoingMs = 1_500;
/** Milliseconds between two readings of what a devbox has cost. */
const spendMs = 60_000;
/** Milliseconds that one look may take. */
const lookMs = 20_000;

/**
 * Looks whether the action servers of this window's sessions answer, finds back to those that do again, and notices when a
 * devbox ends. Without sessions it does nothing. Looking is no use of a devbox: it goes through no tunnel that counts
 * requests as such.
 */
export class SessionHealth implements Disposable {
  readonly #services: SessionHealthServices;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange: Event<void> = this.#changed.event;
  readonly #spent = new Map<string, { readonly dollars: number; readonly readMs: number }>();
  readonly #stop = new AbortController();
  readonly #subscriptions: Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  /** A connection was lost while it was looking. */
  #again = false;
  readonly #subscribed = new WeakSet<RunloopRuntime>();

  constructor(services: SessionHealthServices) {
    this.#services = services;
    const { sessions, store } = services;
    this.#subscriptions = [
      this.#changed,
      sessions.onDidChange(() => {
        this.#listen();
        this.#plan();
      }),
      sessions.onDidAskForLook(() => this.#look()),
      window.onDidChangeWindowState(({ focused }) => (focused ? this.#look() : this.#plan())),
      // The view's own list tells sooner that one of them is gone.
      store.onDidChange(() => {
        if (store.loaded && sessions.all().some(([id]) => store.get(id)?.status !== 'running')) this.#look();
      }),
    ];
    this.#listen();
    this.#plan();
  }

  /** Estimated dollars that a session's devbox has cost so far; undefined where that is not known. */
  spentOf(devboxId: string): number | undefined {
    return this.#spent.get(devboxId)?.dollars;
  }

  dispose(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted || this.#services.sessions.all().length === 0) return;
    const { sessions } = this.#services;
    const isNew = sessions.all().some(([id]) => sessions.healthOf(id) === undefined);
    const seconds = isNew ? newSeconds : window.state.focused ? focusedSeconds : unfocusedSeconds;
    this.#timer = setTimeout(() => this.#look(), seconds * 1000);
  }

  /** An action that could not reach its server tells at once that something is wrong. */
  #listen(): void {
    for (const [, runtime] of this.#services.sessions.all()) {
      if (this.#subscribed.has(runtime)) continue;
      this.#subscribed.add(runtime);
      // The runtime detaches from it at its end.
      runtime.onEvent((event) => {
        if (event.type === 'state' && event.from === 'ready' && event.to === 'disconnected') {
          this.#again = true;
          this.#look();
        }
      });
    }
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#again = false;
    this.#lookAtAll()
      .catch((error: unknown) => this.#services.log.failure('Looking after the sessions', error))
      .finally(() => {
        this.#looking = false;
        if (this.#again && !this.#stop.signal.aborted) {
          this.#look();
        } else {
          this.#plan();
        }
      });
  }

  async #lookAtAll(): Promise<void> {
    const all = this.#services.sessions.all();
    for (const id of this.#spent.keys()) if (!all.some(([kept]) => kept === id)) this.#spent.delete(id);
    await Promise.all(all.map(([id, runtime]) => this.#lookAt(id, runtime)));
    const current = all.at(-1);
    if (current !== undefined) await this.#readSpend(...current);
    if (!isAborted(this.#stop.signal)) this.#changed.fire();
  }

  /** Of the current session only, and once a minute at most: it is a call to the API. */
  async #readSpend(devboxId: string, runtime: RunloopRuntime): Promise<void> {
    const now = Date.now();
    if (now - (this.#spent.get(devboxId)?.readMs ?? 0) < spendMs) return;
    const { account } = this.#services;
    await account.current();
    const { prices } = account;
    // The local platform costs nothing.
    if (prices === undefined) return;
    const signal = this.#whileAttached(devboxId, runtime);
    try {
      const dollars = spent(await runtime.api.devboxes.usage(devboxId, { signal, rule: onceRule }), prices);
      this.#spent.set(devboxId, { dollars, readMs: now });
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      // Not offered or not reachable now: the last estimate stays.
    }
  }

  async #lookAt(devboxId: string, runtime: RunloopRuntime): Promise<void> {
    const signal = this.#whileAttached(devboxId, runtime);
    const { sessions, log } = this.#services;
    const known = this.#services.store.get(devboxId)?.status ?? 'unlisted';
    if (known === 'running' && runtime.state !== 'disconnected' && (await this.#isWell(devboxId, runtime, signal))) {
      return;
    }
    try {
      const devbox = await runtime.api.devboxes.retrieve(devboxId, { signal });
      if (hasEnded(devbox.status) || devbox.status === 'suspended') {
        // What this window's own commands end or suspend, they detach from themselves.
        await new Promise((resolve) => setTimeout(resolve, ownDoingMs));
        if (sessions.get(devboxId) !== runtime) return;
        if (hasEnded(devbox.status)) sessions.detach(devboxId);
        else sessions.rest(devboxId);
        const { notifyEnded, notifySuspended } = await import('./endNotice');
        if (hasEnded(devbox.status)) notifyEnded(this.#services, devbox);
        else notifySuspended(this.#services, devbox);
      } else {
        if (runtime.state === 'disconnected' && devbox.status === 'running') {
          await runtime.reconnect({ signal, resumeSuspended: false, isUnasked: true });
        }
        if (!(await this.#isWell(devboxId, runtime, signal))) sessions.noteHealth(devboxId, 'unreachable');
      }
    } catch (error) {
      if (sessions.get(devboxId) !== runtime || isAborted(this.#stop.signal)) return;
      log.failure(`Looking after ${devboxId}`, error);
      sessions.noteHealth(devboxId, 'unreachable');
      if (RuntimeError.is(error, 'not_found')) sessions.detach(devboxId);
    }
  }

  /** For one look: over too when the window lets go of the session, as where its account changes. */
  #whileAttached(devboxId: string, runtime: RunloopRuntime): AbortSignal {
    const { sessions } = this.#services;
    const left = new AbortController();
    const signal = deadline(lookMs, left.signal, this.#stop.signal);
    const leave = (): void => {
      if (sessions.get(devboxId) !== runtime) left.abort();
    };
    leave();
    const subscription = sessions.onDidChange(leave);
    signal.addEventListener(
      'abort',
      () => {
        subscription.dispose();
      },
      { once: true },
    );
    return signal;
  }

  async #isWell(devboxId: string, runtime: RunloopRuntime, signal: AbortSignal): Promise<boolean> {
    try {
      const health = await runtime.serverHealth(signal);
      if (health !== undefined) this.#services.sessions.noteHealth(devboxId, health);
      return health !== undefined;
    } catch (error) {
      if (RuntimeError.is(error)) return false;
      throw error;
    }
  }
}
