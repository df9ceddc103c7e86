import { EventEmitter, type Disposable, type Event } from 'vscode';
import type { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import type { Log } from '../messages/log';
import type { RememberedSessions } from './rememberedSessions';

/** How the action server of a session was last seen: it answered, it was not asked and its devbox runs, or neither. */
export type Health = 'answers' | 'runs' | 'unreachable';

/** Which devboxes this window is attached to: one ready runtime for each. */
export class Sessions implements Disposable {
  readonly #log: Log;
  readonly remembered: RememberedSessions;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange: Event<void> = this.#changed.event;
  readonly #asked = new EventEmitter<void>();
  readonly onDidAskForLook: Event<void> = this.#asked.event;
  readonly #runtimes = new Map<string, RunloopRuntime>();
  readonly #health = new Map<string, Health>();
  readonly #attaching = new Map<string, Promise<RunloopRuntime>>();

  constructor(log: Log, remembered: RememberedSessions) {
    this.#log = log;
    this.remembered = remembered;
  }

  isAttached(devboxId: string): boolean {
    return this.#runtimes.has(devboxId);
  }

  get(devboxId: string): RunloopRuntime | undefined {
    return this.#runtimes.get(devboxId);
  }

  /** All sessions, the newest last. */
  all(): readonly (readonly [devboxId: string, runtime: RunloopRuntime])[] {
    return [...this.#runtimes];
  }

  /** The attach to a devbox that is under way, if one is: a second click joins the first instead of starting another. */
  attaching(devboxId: string): Promise<RunloopRuntime> | undefined {
    return this.#attaching.get(devboxId);
  }

  /** Attaches to a devbox; until that has ended, {@link attaching} knows of it. */
  attach(devboxId: string, start: () => Promise<RunloopRuntime>): Promise<RunloopRuntime> {
    const attaching = start().finally(() => this.#attaching.delete(devboxId));
    this.#attaching.set(devboxId, attaching);
    return attaching;
  }

  /** Makes a session the newest: the one that the status bar tells of. */
  turnTo(devboxId: string): void {
    const runtime = this.#runtimes.get(devboxId);
    if (runtime === undefined) return;
    this.#runtimes.delete(devboxId);
    this.#runtimes.set(devboxId, runtime);
    this.#remember(this.remembered.add({ devboxId, baseUrl: runtime.config.baseUrl }));
    this.#changed.fire();
  }

  /** How the action server of a session was last seen; undefined before the first look. */
  healthOf(devboxId: string): Health | undefined {
    return this.#health.get(devboxId);
  }

  /** Asks whoever looks after the sessions to look now, because somebody wants to know. */
  askForLook(): void {
    this.#asked.fire();
  }

  noteHealth(devboxId: string, health: Health): void {
    if (!this.isAttached(devboxId) || this.#health.get(devboxId) === health) return;
    this.#health.set(devboxId, health);
    this.#changed.fire();
  }

  /**
   * Takes over a runtime that is ready.
   *
   * @param ended aborted when the account that it speaks with is no longer this window's: then the window detaches from it
   * @returns false if the window has detached from it
   */
  add(devboxId: string, runtime: RunloopRuntime, ended: AbortSignal): boolean {
    if (ended.aborted) {
      this.#close(runtime);
      return false;
    }
    const earlier = this.#runtimes.get(devboxId);
    this.#runtimes.delete(devboxId);
    this.#runtimes.set(devboxId, runtime);
    if (earlier !== undefined && earlier !== runtime) this.#close(earlier);
    this.#remember(this.remembered.add({ devboxId, baseUrl: runtime.config.baseUrl }));
    this.#changed.fire();
    return true;
  }

  /** Detaches from a devbox without touching it, also after a reload. */
  detach(devboxId: string): void {
    this.#remember(this.remembered.remove(devboxId));
    this.#release(devboxId);
  }

  /** Detaches from a devbox that was suspended. It is remembered: whoever resumes it here is attached to it again. */
  rest(devboxId: string): void {
    this.#release(devboxId);
  }

  /** Detaches from all for now, as the account changed; back with it, the window attaches to them again. */
  detachAll(): void {
    for (const runtime of this.#runtimes.values()) this.#close(runtime);
    this.#runtimes.clear();
    this.#health.clear();
    this.#changed.fire();
  }

  /** Closing a window keeps every devbox: nothing is stopped without a yes. */
  dispose(): void {
    for (const runtime of this.#runtimes.values()) this.#close(runtime);
    this.#runtimes.clear();
    this.#changed.dispose();
    this.#asked.dispose();
  }

  #release(devboxId: string): void {
    const runtime = this.#runtimes.get(devboxId);
    if (runtime === undefined) return;
    this.#runtimes.delete(devboxId);
    this.#health.delete(devboxId);
    this.#close(runtime);
    this.#changed.fire();
  }

  #close(runtime: RunloopRuntime): void {
    runtime.close({ mode: 'keep' }).catch((error: unknown) => this.#log.failure('Detaching from a devbox', error));
  }

  #remember(done: Thenable<void>): void {
    done.then(undefined, (error: unknown) => this.#log.failure('Remembering the sessions', error));
  }
}
