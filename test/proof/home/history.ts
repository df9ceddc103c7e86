import { messageOf, RuntimeError } from '../../../src/core/errors';
import type { RunloopApi } from '../../../src/core/platform/runloopApi';
import type { ChangesDevbox } from '../../unit/core/changes/useChanges';
import { Finding, type Counts } from '../campaign';
import type { Trick } from './histories';
import type { addedTree } from './places';

export type HomeBox = ChangesDevbox & { readonly api: RunloopApi };

/** A repository in the devbox, ready to be brought home. */
export interface History {
  /** Its folder; beside it `.start`, how it was at the first look, and `.copy`, how it is now. */
  readonly top: string;
  readonly head: string;
  /** Its fingerprint. */
  readonly state: string;
  /** Its working tree as git would add it. */
  readonly work: ReturnType<typeof addedTree>;
  /** What is hostile about the commit that is checked out. */
  readonly trick: Trick | undefined;
  /** Whether a file is in its folder that no clone takes. */
  readonly isHostileTree: boolean;
  readonly shape: string;
}

export interface LocalClone {
  readonly folder: string;
  /** Its git directory. */
  readonly git: string;
  readonly shape: string;
  /** The folder that a person points at. */
  readonly given: string;
}

/** What came about in a run. */
export class Tally {
  readonly #counts: Record<string, number> = {};
  /** What was tried last, for the message of what failed. */
  #doing = 'made';

  get counts(): Counts {
    return this.#counts;
  }

  count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  doing(what: string): void {
    this.#doing = what;
  }

  /** @returns the id of the problem that was told in place of an outcome, or undefined for the outcome */
  async refusal(work: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!RuntimeError.is(error, 'file')) throw error;
      this.count(error.problem.id);
      this.said = error.message;
      return error.problem.id;
    }
  }

  /** The words of the last refusal. */
  said = '';

  finding(error: unknown): Finding {
    return new Finding(`${this.#doing}: ${messageOf(error)} [${this.said}]`, this.#counts);
  }
}
