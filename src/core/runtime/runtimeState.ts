import { RuntimeError } from '../errors';
import { devboxProblem } from '../problems/devbox';

/**
 * Where a runtime stands. `ready` is the one state in which actions can be performed: there is no other flag to keep in
 * step with it (D2).
 */
export type RuntimeState =
  | 'new'
  | 'connecting'
  | 'ready'
  | 'disconnected'
  | 'reconnecting'
  | 'suspending'
  | 'suspended'
  | 'resuming'
  | 'failed'
  | 'closing'
  | 'closed';

/** Every step that there is. */
const steps: Readonly<Record<RuntimeState, readonly RuntimeState[]>> = {
  new: ['connecting', 'closing'],
  connecting: ['ready', 'failed'],
  ready: ['disconnected', 'reconnecting', 'suspending', 'closing'],
  disconnected: ['reconnecting', 'suspending', 'closing'],
  reconnecting: ['ready', 'disconnected'],
  suspending: ['suspended', 'disconnected'],
  suspended: ['resuming', 'closing'],
  resuming: ['ready', 'suspended', 'disconnected'],
  failed: ['closing'],
  closing: ['closed'],
  closed: [],
};

export class StateMachine {
  readonly #onChange: (from: RuntimeState, to: RuntimeState) => void;
  #state: RuntimeState = 'new';

  constructor(onChange: (from: RuntimeState, to: RuntimeState) => void) {
    this.#onChange = onChange;
  }

  get state(): RuntimeState {
    return this.#state;
  }

  can(to: RuntimeState): boolean {
    return steps[this.#state].includes(to);
  }

  /** @throws RuntimeError `closed` for a step that there is not; it says what is possible */
  move(to: RuntimeState, devboxId?: string): void {
    const from = this.#state;
    if (!this.can(to)) throw wrongState(from, devboxId);
    this.#state = to;
    this.#onChange(from, to);
  }
}

/** The error for something that cannot be done in a state. */
export function wrongState(state: RuntimeState, devboxId?: string): RuntimeError {
  return new RuntimeError({ problem: devboxProblem(`state_${state}`), devboxId });
}
