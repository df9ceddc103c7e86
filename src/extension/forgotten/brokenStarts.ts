import { Emitter, type Disposable } from '../../core/events';
import { isAborted } from '../../core/errors';
import type { StartNotes } from '../../core/start/notes/startNotes';
import type { UnsettledStart } from '../../core/start/unsettledStarts';
import type { Account } from '../account/account';
import type { SecretSessionKeys } from '../account/sessionKeys';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import type { Sessions } from '../session/sessions';

/** What looking after broken starts takes. */
export interface BrokenStartServices {
  readonly account: Account;
  readonly sessions: Sessions;
  readonly store: DevboxStore;
  readonly sessionKeys: SecretSessionKeys;
  readonly startNotes: () => Promise<StartNotes>;
  /** Whether there is any note at all: a look into a folder. */
  readonly hasStartNotes: () => Promise<boolean>;
  readonly startedHere: { started(devboxId: string, account: string): Promise<void> };
  readonly log: Log;
}

interface Lost {
  readonly requestId: string;
  readonly name: string;
  readonly kind: Exclude<UnsettledStart['kind'], 'running'>;
}

/** Milliseconds after the activation: what must be short comes first. */
const restMs = 5_000;
/** Milliseconds after a start of this window. */
const soonMs = 10_000;
/** Milliseconds between two looks while something may still come. */
const againMs = 60_000;

/**
 * Finds starts that were broken off, by a window that crashed or by a network that failed, and asks what is to become of their
 * devboxes. Without notes of such starts nothing is done, and nothing is asked of the API.
 */
export class BrokenStarts implements Disposable {
  readonly #services: BrokenStartServices;
  readonly #subscription: Disposable;
  /** Starts that this window has asked about, and those of which it has told that nobody knows. */
  readonly #asked = new Set<string>();
  readonly #told = new Set<string>();
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.on;
  #devboxIds: ReadonlySet<string> = new Set();
  #lost: readonly Lost[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #disposed = false;

  constructor(services: BrokenStartServices) {
    this.#services = services;
    this.#subscription = services.account.onDidChange(() => {
      // What is known is about the account before.
      this.#setStarts([]);
      this.#lookIn(0);
    });
    this.#lookIn(restMs);
  }

  /** Devboxes of starts that were broken off, of which nobody has said yet what is to become of them. */
  get devboxIds(): ReadonlySet<string> {
    return this.#devboxIds;
  }

  /** Creates of which there is no devbox, and nobody can tell whether there will be. */
  get lost(): readonly Lost[] {
    return this.#lost;
  }

  /** Somebody wants to know now. */
  lookNow(): void {
    this.#lookIn(0);
  }

  /** A start of this window has come to its end, good or bad. */
  lookSoon(): void {
    this.#lookIn(soonMs);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #lookAgain(requestId: string): void {
    this.#told.delete(requestId);
    this.#lookIn(0);
  }

  #setStarts(starts: readonly UnsettledStart[]): void {
    if (starts.length === 0 && this.#devboxIds.size === 0 && this.#lost.length === 0) return;
    this.#devboxIds = new Set(starts.flatMap(({ devboxes }) => devboxes.map(({ id }) => id)));
    this.#lost = starts.flatMap(({ requestId, name, kind }) => (kind === 'running' ? [] : [{ requestId, name, kind }]));
    this.#changed.fire();
  }

  #lookIn(ms: number): void {
    if (this.#disposed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#looking) return;
      this.#looking = true;
      this.#look()
        .catch((error: unknown) => this.#services.log.failure('Looking after broken starts', error))
        .finally(() => (this.#looking = false));
    }, ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { account, startNotes, hasStartNotes } = this.#services;
    if (!(await hasStartNotes())) {
      this.#setStarts([]);
      return;
    }
    const signedIn = await account.current();
    if (signedIn === undefined) return;
    const [{ unsettledStarts }, { askAboutStart }] = await Promise.all([
      import('../../core/start/unsettledStarts'),
      import('./askAboutStart'),
    ]);
    const starts = await unsettledStarts(signedIn.api, await startNotes());
    if (isAborted(signedIn.ended)) return;
    this.#setStarts(starts);
    for (const start of starts) {
      const told = start.kind === 'running' ? this.#asked : this.#told;
      if (start.kind === 'awaited' || told.has(start.requestId)) continue;
      told.add(start.requestId);
      // Not awaited: a question may stand for hours, and the next look must not wait for it.
      askAboutStart(this.#services, signedIn, start, () => this.#lookAgain(start.requestId)).then(
        () => this.#lookIn(0),
        (error: unknown) => this.#services.log.failure('Asking about a start', error),
      );
    }
    if (starts.some(({ kind }) => kind !== 'running')) this.#lookIn(againMs);
  }
}
