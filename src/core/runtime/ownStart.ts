import { cancelled, RuntimeError } from '../errors';
import type { RuntimeConfig } from '../options/runtimeConfig';
import type { Devbox } from '../platform/devbox';
import type { NotedStart } from '../start/notedStart';
import { forgetSessionKey } from './connect/leaveDevbox';
import type { RuntimeEvent } from './runtimeStatus';

interface OwnStartContext {
  readonly config: RuntimeConfig;
  readonly fire: (event: RuntimeEvent) => void;
}

/** The start of a devbox that a runtime has made itself, if it made one, and what is left of it where it failed. */
export class OwnStart {
  readonly #context: OwnStartContext;
  #start: NotedStart | undefined;
  /** What a failed start has made could not be shut down. */
  #mayStillRun = false;

  constructor(context: OwnStartContext) {
    this.#context = context;
  }

  begin(start: NotedStart): void {
    this.#start = start;
  }

  /** @param devbox as it was seen last */
  async complete(devbox: Devbox | undefined): Promise<void> {
    const left = await this.#start?.complete(devbox);
    if (left !== undefined) this.#context.fire({ type: 'note', message: `${left.message} ${left.nextStep}` });
  }

  /** Cleans up after a start that failed. @returns the failure to tell, with what is left behind */
  async fail(failure: RuntimeError): Promise<RuntimeError> {
    const told = (await this.#start?.fail(failure)) ?? failure;
    this.#mayStillRun = RuntimeError.is(told, 'may_still_run');
    const created = this.#start?.devbox;
    const isLeft = this.#mayStillRun && told.devboxId === created?.id;
    if (created !== undefined && !isLeft) await forgetSessionKey(this.#context, created.id);
    return told;
  }

  /** Tries again to end what a failed start left behind; mostly that is nothing. @throws RuntimeError `may_still_run` */
  async endRest(): Promise<void> {
    const told = this.#mayStillRun ? await this.fail(cancelled()) : undefined;
    if (RuntimeError.is(told, 'may_still_run')) throw told;
  }
}
