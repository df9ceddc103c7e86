import { EventStream, type RuntimeStatus } from '../actionServer/eventStream';
import type { RuntimeError } from '../errors';
import { Emitter, type Disposable } from '../events';
import type { Devbox } from '../platform/devbox';
import type { RuntimeEvent } from './runtimeStatus';

/** Everything that a runtime tells: events as they happen, and the stream of actions, observations and statuses. */
export class RuntimeEvents implements Disposable {
  /** Replayable, in order. */
  readonly stream = new EventStream();
  readonly #events = new Emitter<RuntimeEvent>();

  /** Hears every event from now on. */
  on(listener: (event: RuntimeEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  /** An arrow, so that it can be handed on. */
  readonly fire = (event: RuntimeEvent): void => this.#events.fire(event);

  phase(phase: Extract<RuntimeEvent, { type: 'phase' }>['phase'], devbox: Devbox | undefined): void {
    this.fire({ type: 'phase', phase, ...(devbox === undefined ? {} : { devbox }) });
  }

  /** A status of OpenHands' runtime, with what went wrong if it is one of the error statuses. */
  status(status: RuntimeStatus, error?: RuntimeError): void {
    this.stream.append({ kind: 'status', status, ...(error === undefined ? {} : { message: error.message }) });
    this.fire({ type: 'status', status, ...(error === undefined ? {} : { error }) });
  }

  dispose(): void {
    this.#events.dispose();
    this.stream.dispose();
  }
}
