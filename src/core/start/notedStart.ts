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
import { platformProblem } from '../problems/platform';

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
   * Notes a start before anything is sent. Without a place for notes, a start whose process crashes is lost from sight.
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

  /**
   * The devbox is ready: whoever looks after it has it, and whatever else the create made is shut down.
   *
   * @param seen the devbox as the API told of it last: where that is none of this start, another one was made
   * @returns what may still run beside it, which the note asks about, if there is one
   */
  async complete(seen?: Devbox): Promise<RuntimeError | undefined> {
    const made = this.devbox;
    if (made === undefined) return undefined;
    const { id } = made;
    const handedOver = (await this.#note?.handOver(id)) ?? true;
    const isOurs =
      seen === undefined ||
      seen.metadata[requestKey] === this.requestId ||
      // A server that tells no metadata of a devbox tells of ours neither.
      made.metadata[requestKey] === undefined;
    const isSentOnce = this.#sentAgainAfter === undefined;
    const { left, failure } = isSentOnce && isOurs ? noOthers : await this.#endOthers(id);
    // Where a second one may still come, it is looked for until it is too late for that.
    const isSettled = handedOver && isSentOnce && left.length === 0 && failure === undefined;
    if (isSettled) await this.#note?.settle();
    else await this.#note?.change({ stage: 'left', ...(handedOver ? { keptId: id } : {}) });
    return left.length > 0 ? mayStillRunAll(left, undefined) : failure;
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
    const left: Left[] = [];
    // Where the account has none of this id, the create's answer named another one than it made.
    let isNamedWell = true;
    try {
      isNamedWell = (await endDevbox(this.#api, devbox.id)) !== undefined;
    } catch (error) {
      left.push({ devboxId: devbox.id, error });
    }
    const before = this.#sentAgainAfter;
    if (before === undefined && isNamedWell && left.length === 0) {
      await this.#note?.settle();
      return failure;
    }
    // The note stays: what is there, or comes, is looked for again.
    await this.#note?.change({ stage: 'left' });
    const others = before === undefined && isNamedWell ? noOthers : await this.#endOthers(left[0]?.devboxId);
    left.push(...others.left);
    if (left.length > 0) return mayStillRunAll(left, failure);
    if (before !== undefined || others.failure !== undefined) {
      return startUnknown(devbox.name, before ?? failure, others.failure);
    }
    await this.#note?.settle();
    return failure;
  }

  /** Ends each devbox of this start that still lives, but for one. */
  async #endOthers(keptId: string | undefined): Promise<Others> {
    let others: readonly Devbox[];
    try {
      others = (await devboxesOfStart(this.#api, this.requestId)).filter(
        ({ id, status }) => id !== keptId && !hasEnded(status),
      );
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      return { left: [], failure: error };
    }
    // One that cannot be ended is no reason to leave the next one running.
    const ends = others.map(async ({ id }): Promise<readonly Left[]> => {
      try {
        if ((await endDevbox(this.#api, id)) !== undefined) return [];
        // The list has just had it, and who denies it now is not to be relied on.
        return [
          { devboxId: id, error: new RuntimeError({ problem: platformProblem('devbox_unknown', { devbox: id }) }) },
        ];
      } catch (error) {
        return [{ devboxId: id, error }];
      }
    });
    return { left: (await Promise.all(ends)).flat(), failure: undefined };
  }
}

/** A devbox that could not be ended, and why. */
interface Left {
  readonly devboxId: string;
  readonly error: unknown;
}

interface Others {
  readonly left: readonly Left[];
  /** Why nobody knows whether there are any. */
  readonly failure: RuntimeError | undefined;
}

const noOthers: Others = { left: [], failure: undefined };

/**
 * The failure to shut a devbox of ours down.
 *
 * @param before what made us do it, if that was a failure too
 */
export function mayStillRun(devboxId: string, error: unknown, before?: RuntimeError): RuntimeError {
  return mayStillRunAll([{ devboxId, error }], before);
}

/** The same for several: all are named, and the first is the one to begin with. */
function mayStillRunAll(left: readonly Left[], before: RuntimeError | undefined): RuntimeError {
  const [first] = left;
  const named = { devbox: left.map(({ devboxId }) => devboxId).join(', '), why: saidBy(first?.error) };
  return new RuntimeError({
    problem:
      before === undefined
        ? moneyProblem('may_still_run', named)
        : moneyProblem('may_still_run_after', { before: saidBy(before), ...named }),
    devboxId: first?.devboxId,
    status: before?.status,
    logTail: before?.logTail,
    cause: first?.error,
  });
}
