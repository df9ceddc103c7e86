import { randomUUID } from 'node:crypto';
import { endedBy, isAborted, saidBy, RuntimeError } from '../errors';
import type { RetryingOptions } from '../http/retry';
import type { CreateDevboxBody } from '../platform/createDevboxBody';
import { hasEnded, type Devbox } from '../platform/devbox';
import { endDevbox } from '../platform/endDevbox';
import type { RunloopApi } from '../platform/runloopApi';
import { createDevbox } from './createDevbox';
import { devboxesOfStart, requestKey } from './lookForStart';
import { accountMark } from './notes/startNote';
import type { OpenNote, StartNotes } from './notes/startNotes';
import { moneyProblem } from '../problems/money';

export interface StartCall {
  readonly signal: AbortSignal;
  readonly onWait?: RetryingOptions['onWait'];
}

/**
 * One start, from its note to its end: note, send, answer or look-up, then complete or failed. Whatever breaks it off in
 * between, the note tells who comes next what may be there.
 */
export class NotedStart {
  readonly requestId: string;
  readonly #api: RunloopApi;
  readonly #note: OpenNote | undefined;
  /** Nothing, as long as a create may be on its way; then what came of it. */
  #made: 'nothing' | 'unknown' | Devbox = 'nothing';
  #perhapsTwice = false;

  private constructor(api: RunloopApi, requestId: string, note: OpenNote | undefined) {
    this.#api = api;
    this.requestId = requestId;
    this.#note = note;
  }

  /**
   * Notes a start before anything is sent. Without a place for notes, a start whose process dies is lost from sight.
   *
   * @throws RuntimeError `not_noted`
   */
  static async begin(api: RunloopApi, name: string, notes: StartNotes | undefined): Promise<NotedStart> {
    const note = await notes?.begin(name, accountMark(api));
    return new NotedStart(api, note?.note.requestId ?? randomUUID(), note);
  }

  /** The devbox that was made, from the first moment. */
  get devbox(): Devbox | undefined {
    return typeof this.#made === 'string' ? undefined : this.#made;
  }

  /**
   * Sends the create.
   *
   * @param onCreated told of the devbox before a cancellation is thrown
   * @throws as {@link createDevbox}; the caller then calls {@link fail}
   */
  async create(body: CreateDevboxBody, call: StartCall, onCreated: (devbox: Devbox) => void): Promise<Devbox> {
    const metadata = { ...body.metadata, [requestKey]: this.requestId };
    const onPerhapsTwice = async (): Promise<void> => {
      this.#perhapsTwice = true;
      await this.#note?.change({ perhapsTwice: true });
    };
    this.#made = 'unknown';
    try {
      const options = { ...call, requestId: this.requestId, onPerhapsTwice };
      this.#made = await createDevbox(this.#api, { ...body, metadata }, options);
    } catch (error) {
      if (RuntimeError.is(error) && error.code !== 'start_unknown' && !this.#perhapsTwice) this.#made = 'nothing';
      throw error;
    }
    onCreated(this.#made);
    if (isAborted(call.signal)) throw endedBy(call.signal, this.#made.id);
    return this.#made;
  }

  /** The devbox is ready: whoever looks after it has it, and a second one that the create made is shut down. */
  async complete(): Promise<void> {
    const id = this.devbox?.id;
    if (id === undefined) return;
    const handedOver = (await this.#note?.handOver(id)) ?? true;
    if (this.#perhapsTwice) await this.#endOthers(id);
    // Where a second one may still come, it is looked for until it is too late for that.
    if (handedOver && !this.#perhapsTwice) await this.#note?.settle();
    else await this.#note?.change({ stage: 'left', ...(handedOver ? { keptId: id } : {}) });
  }

  /**
   * The start failed: shuts down what it made.
   *
   * @returns the failure to tell: `may_still_run` if the devbox could not be shut down; a `start_unknown` as it was
   */
  async fail(failure: RuntimeError): Promise<RuntimeError> {
    const { devbox } = this;
    if (devbox === undefined) {
      if (this.#made === 'nothing') await this.#note?.settle();
      else await this.#note?.change({ stage: 'left' });
      return failure;
    }
    try {
      await endDevbox(this.#api, devbox.id);
    } catch (error) {
      await this.#note?.change({ stage: 'left' });
      return mayStillRun(devbox.id, error, failure);
    }
    if (this.#perhapsTwice) {
      await this.#endOthers(devbox.id);
      await this.#note?.change({ stage: 'left' });
    } else {
      await this.#note?.settle();
    }
    return failure;
  }

  async #endOthers(keptId: string): Promise<void> {
    try {
      const others = (await devboxesOfStart(this.#api, this.requestId)).filter(
        ({ id, status }) => id !== keptId && !hasEnded(status),
      );
      for (const { id } of others) await endDevbox(this.#api, id);
    } catch (error) {
      // The note stays, and they are looked for again.
      if (!RuntimeError.is(error)) throw error;
    }
  }
}

/**
 * The failure to shut a devbox of ours down.
 *
 * @param before what made us do it, if that was a failure too
 */
export function mayStillRun(devboxId: string, error: unknown, before?: RuntimeError): RuntimeError {
  return new RuntimeError({
    problem:
      before === undefined
        ? moneyProblem('may_still_run', { devbox: devboxId, why: saidBy(error) })
        : moneyProblem('may_still_run_after', { before: saidBy(before), devbox: devboxId, why: saidBy(error) }),
    devboxId,
    status: before?.status,
    logTail: before?.logTail,
    cause: error,
  });
}
