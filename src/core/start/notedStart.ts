import { randomUUID } from 'node:crypto';
import { endedBy, isAborted, saidBy, RuntimeError } from '../errors';
import type { RetryingOptions } from '../http/retry';
import type { CreateDevboxBody } from '../platform/createDevboxBody';
import { hasEnded, type Devbox } from '../platform/devbox';
import { endDevbox } from '../platform/endDevbox';
import type { RunloopApi } from '../platform/runloopApi';
import { createDevbox, startUnknown } from './createDevbox';
import { devboxesOfStart } from './lookForStart';
import { requestKey } from '../platform/requestKey';
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
  /** What a create was said before it was sent again: a second devbox may be there, or come. */
  #sentAgainAfter: RuntimeError | undefined;

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
    const onPerhapsTwice = async (before: RuntimeError): Promise<void> => {
      this.#sentAgainAfter = before;
      await this.#note?.change({ perhapsTwice: true });
    };
    this.#made = 'unknown';
    try {
      const options = { ...call, requestId: this.requestId, onPerhapsTwice };
      this.#made = await createDevbox(this.#api, { ...body, metadata }, options);
    } catch (error) {
      if (RuntimeError.is(error) && error.code !== 'start_unknown' && this.#sentAgainAfter === undefined) {
        this.#made = 'nothing';
      }
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
    const isOne = this.#sentAgainAfter === undefined;
    // What cannot be ended now, the note asks about.
    if (!isOne) await this.#endOthers(id);
    // Where a second one may still come, it is looked for until it is too late for that.
    if (handedOver && isOne) await this.#note?.settle();
    else await this.#note?.change({ stage: 'left', ...(handedOver ? { keptId: id } : {}) });
  }

  /**
   * The start failed: shuts down what it made.
   *
   * @returns the failure to tell: `may_still_run` if a devbox could not be shut down; `start_unknown` where a second one may
   *   come, or nobody knows of any
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
    const before = this.#sentAgainAfter;
    if (before === undefined) {
      await this.#note?.settle();
      return failure;
    }
    // The note stays: what is there, or comes, is looked for again.
    await this.#note?.change({ stage: 'left' });
    const left = await this.#endOthers(devbox.id);
    if (left?.devboxId !== undefined) return mayStillRun(left.devboxId, left.error, failure);
    return startUnknown(devbox.name, before, left?.error);
  }

  /** @returns what could not be ended, or looked for; undefined if no other one is there */
  async #endOthers(keptId: string): Promise<{ readonly devboxId?: string; readonly error: RuntimeError } | undefined> {
    let devboxId: string | undefined;
    try {
      const others = (await devboxesOfStart(this.#api, this.requestId)).filter(
        ({ id, status }) => id !== keptId && !hasEnded(status),
      );
      for (const { id } of others) {
        devboxId = id;
        await endDevbox(this.#api, id);
      }
      return undefined;
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      return { error, ...(devboxId === undefined ? {} : { devboxId }) };
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
