import { EventEmitter, window, type Event } from 'vscode';
import { isAborted, RuntimeError } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { hasEnded } from '../../core/platform/devbox';
import type { RunloopRuntime } from '../../core/runloopRuntime';
import type { Services } from '../services';

export type Health = 'well' | 'unreachable';

/** Seconds between two looks, by whether somebody looks at the window. */
const focusedSeconds = 30;
const unfocusedSeconds = 120;
/** Milliseconds that the command that ended a devbox gets to let go of it. */
const ownDoingMs = 1_500;
/** Milliseconds that one look may take. */
const lookMs = 20_000;

/**
 * Looks whether the action servers of this window's sessions answer, and notices when a devbox ends. Without sessions it
 * does nothing. Tunnel requests are told not to count as activity, so looking keeps no devbox alive.
 */
export class SessionHealth implements Disposable {
  readonly #services: Services;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange: Event<void> = this.#changed.event;
  readonly #health = new Map<string, Health>();
  readonly #stop = new AbortController();
  readonly #subscriptions: Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(services: Services) {
    this.#services = services;
    const { sessions, store } = services;
    this.#subscriptions = [
      this.#changed,
      sessions.onDidChange(() => this.#plan()),
      window.onDidChangeWindowState(({ focused }) => (focused ? this.#look() : this.#plan())),
      // The view's own list tells sooner that one of them is gone.
      store.onDidChange(() => {
        if (store.loaded && sessions.all().some(([id]) => store.get(id)?.status !== 'running')) this.#look();
      }),
    ];
  }

  /** How the action server of a session was last seen; undefined before the first look. */
  of(devboxId: string): Health | undefined {
    return this.#health.get(devboxId);
  }

  dispose(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted || this.#services.sessions.all().length === 0) return;
    const seconds = window.state.focused ? focusedSeconds : unfocusedSeconds;
    this.#timer = setTimeout(() => this.#look(), seconds * 1000);
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#lookAtAll()
      .catch((error: unknown) => this.#services.log.failure('Looking after the sessions', error))
      .finally(() => {
        this.#looking = false;
        this.#plan();
      });
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all(this.#services.sessions.all().map(([id, runtime]) => this.#lookAt(id, runtime)));
    if (!isAborted(this.#stop.signal)) this.#changed.fire();
  }

  async #lookAt(devboxId: string, runtime: RunloopRuntime): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(lookMs)]);
    const { sessions, log } = this.#services;
    const known = this.#services.store.get(devboxId)?.status ?? 'unlisted';
    if (known === 'running' && (await answers(runtime, signal))) {
      this.#health.set(devboxId, 'well');
      return;
    }
    try {
      const devbox = await runtime.api.retrieve(devboxId, { signal });
      if (hasEnded(devbox.status)) {
        // What this window's own commands end, they let go of themselves.
        await new Promise((resolve) => setTimeout(resolve, ownDoingMs));
        if (sessions.get(devboxId) !== runtime) return;
        sessions.detach(devboxId);
        this.#health.delete(devboxId);
        const { tellOfDeath } = await import('./deathNotice');
        await tellOfDeath(this.#services, devbox);
      } else if (devbox.status === 'suspended') {
        sessions.detach(devboxId);
        this.#health.delete(devboxId);
      } else {
        this.#health.set(devboxId, (await answers(runtime, signal)) ? 'well' : 'unreachable');
      }
    } catch (error) {
      if (isAborted(this.#stop.signal)) return;
      log.failure(`Looking after ${devboxId}`, error);
      this.#health.set(devboxId, 'unreachable');
      if (RuntimeError.is(error, 'not_found')) sessions.detach(devboxId);
    }
  }
}

async function answers(runtime: RunloopRuntime, signal: AbortSignal): Promise<boolean> {
  try {
    return await runtime.actions.alive(signal);
  } catch (error) {
    if (RuntimeError.is(error)) return false;
    throw error;
  }
}
