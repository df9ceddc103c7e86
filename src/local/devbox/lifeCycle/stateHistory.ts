import { type DevboxStatus, type FailureReason, type StateTransition, isTerminal } from './status';
import { Wakeups } from '../../wakeups';

/** The states a devbox has passed through, and those who wait for the next one. */
export class StateHistory {
  readonly #transitions: StateTransition[];
  readonly #wakeups = new Wakeups();

  /** @param transitions what has happened so far, in order */
  constructor(transitions: readonly StateTransition[] = []) {
    this.#transitions = [...transitions];
  }

  /** The present status; `queued` before anything has happened. */
  get status(): DevboxStatus {
    return this.#transitions.at(-1)?.status ?? 'queued';
  }

  get transitions(): readonly StateTransition[] {
    return this.#transitions;
  }

  /**
   * Goes on to a status; nothing leaves a terminal one.
   * @returns false when the devbox has ended already
   */
  move(status: DevboxStatus, failureReason?: FailureReason): boolean {
    if (isTerminal(this.status)) {
      return false;
    }
    this.#transitions.push({ status, time: Date.now(), ...(failureReason === undefined ? {} : { failureReason }) });
    return true;
  }

  /** Wakes those who wait; to be called when the new status has been written down. */
  announce(): void {
    this.#wakeups.wake();
  }

  /**
   * Waits until the status is one of `statuses`.
   * @returns false when `signal` aborted first
   */
  async waitFor(statuses: readonly DevboxStatus[], signal: AbortSignal): Promise<boolean> {
    while (!statuses.includes(this.status)) {
      if (signal.aborted) {
        return false;
      }
      await this.#wakeups.next(signal);
    }
    return true;
  }
}
