import { RuntimeError } from '../errors';

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

const explanations: Readonly<Record<RuntimeState, readonly [string, string]>> = {
  new: ['This runtime is not connected yet.', 'Connect it first.'],
  connecting: ['This runtime is connecting.', 'Wait until it is ready.'],
  ready: ['This runtime was connected before.', 'Make a new runtime for each connection.'],
  disconnected: ['The connection to the devbox is lost.', 'Reconnect, or attach to the devbox again.'],
  reconnecting: ['This runtime is connecting again.', 'Wait until it is ready.'],
  suspending: ['The devbox is being suspended.', 'Wait until it is suspended, then resume it.'],
  suspended: ['The devbox is suspended.', 'Resume it, then try again.'],
  resuming: ['The devbox is being resumed.', 'Wait until it is ready.'],
  failed: ['This runtime was connected before, and failed.', 'Make a new runtime for each connection.'],
  closing: ['This runtime is closing.', 'Attach to the devbox, then try again.'],
  closed: ['This runtime is closed.', 'Attach to the devbox, then try again.'],
};

/** The error for something that cannot be done in a state. */
export function wrongState(state: RuntimeState, devboxId?: string): RuntimeError {
  const [message, nextStep] = explanations[state];
  return new RuntimeError({ code: state === 'disconnected' ? 'disconnected' : 'closed', message, nextStep, devboxId });
}
