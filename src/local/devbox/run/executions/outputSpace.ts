import { SequentialQueue } from '../../../../ground/sequentialQueue';

/** Bytes kept of one execution, of both its outputs together: the oldest ones. */
const largestExecution = 256 * 1024 * 1024;

/** Bytes kept of the outputs of all executions of a devbox. */
const largestDevbox = 1024 * 1024 * 1024;

/** The room for the outputs of a devbox's executions. */
export class OutputSpace {
  /** The turns in which they are logged: one piece of one of them, then everything else that is to be done. */
  readonly logTurns = new SequentialQueue();
  readonly #limit: number;
  readonly #makeRoom: () => boolean;
  #used = 0;

  /** @param makeRoom removes what is least missed and gives its bytes back; false when there is nothing left for that */
  constructor(makeRoom: () => boolean, limit = largestDevbox) {
    this.#makeRoom = makeRoom;
    this.#limit = limit;
  }

  /** @returns how many bytes may be kept of so many more */
  take(wanted: number): number {
    while (this.#used + wanted > this.#limit && this.#makeRoom());
    const taken = Math.max(0, Math.min(wanted, this.#limit - this.#used));
    this.#used += taken;
    return taken;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/** What of that one execution has. */
export class ExecutionSpace {
  readonly #all: OutputSpace;
  readonly #limit: number;
  #used = 0;
  #isFull = false;

  constructor(all: OutputSpace, limit = largestExecution) {
    this.#all = all;
    this.#limit = limit;
  }

  /** @returns how many bytes may be kept of so many more; once it was fewer, none */
  take(wanted: number): number {
    const taken = this.#isFull ? 0 : this.#all.take(Math.min(wanted, this.#limit - this.#used));
    this.#used += taken;
    this.#isFull ||= taken < wanted;
    return taken;
  }

  /** Its outputs are not kept any more. */
  release(): void {
    this.#all.give(this.#used);
    this.#used = 0;
    this.#isFull = true;
  }
}
