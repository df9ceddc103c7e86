import { l10n } from 'vscode';
import { Emitter, type Disposable } from '../../core/events';
import { isAborted } from '../../core/errors';
import { followEvents } from '../../core/logs/followDevbox';
import { FollowPosition } from '../../core/logs/followPosition';
import { pipeLines } from '../../core/logs/linePipeline';
import { RepeatedNotices } from '../../core/logs/repeatedNotices';
import { LogRecords } from '../../core/logs/logRecords';
import type { Account } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import { endText, noticeText } from '../messages/noticeText';
import { failureText } from '../messages/showFailure';
import { onExpectedOutput } from '../session/expectedOutput';
import type { KnownSecrets } from '../session/knownSecrets';
import type { Sessions } from '../session/sessions';

/** What reading a log takes. */
export interface LogServices {
  readonly account: Account;
  readonly store: DevboxStore;
  readonly sessions: Sessions;
  readonly knownSecrets: KnownSecrets;
  readonly log: Log;
}

/** `idle`: not begun, or nobody looks; `ended`: this is all there will ever be. */
export type ReaderState = 'idle' | 'reading' | 'ended' | 'failed';

/** Milliseconds in which a log that has something shows something. */
const quietMs = 1_500;

/** Reads the log of one devbox into records, from its first line on and then as it grows; can rest and go on. */
export class LogReader implements Disposable {
  readonly records = new LogRecords();
  readonly devboxId: string;
  readonly #services: LogServices;
  readonly #onNews: () => void;
  readonly #position = new FollowPosition();
  readonly #said = new RepeatedNotices();
  readonly #looks = new Emitter<void>();
  #stop: AbortController | undefined;
  #state: ReaderState = 'idle';
  #isCut = false;
  #isQuiet = false;
  #hasLines = false;

  /** @param onNews told when there are more records or the state is another */
  constructor(services: LogServices, devboxId: string, onNews: () => void) {
    this.#services = services;
    this.devboxId = devboxId;
    this.#onNews = onNews;
  }

  get state(): ReaderState {
    return this.#state;
  }

  /** True while it has no connection and tries again. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** True when it has been read for a moment, and nothing has come. */
  get isQuiet(): boolean {
    return this.#isQuiet;
  }

  /** Reads on from where it had come to. Does nothing while it reads, or when there is no more to come. */
  start(): void {
    if (this.#stop !== undefined || this.#state === 'ended') return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#become('reading');
    const quiet = setTimeout(() => {
      this.#isQuiet = true;
      this.#onNews();
    }, quietMs);
    this.#read(stop.signal)
      .then(
        (isAll) => {
          if (isAll) this.#notice('info', endText(!this.#hasLines));
          this.#become(isAll ? 'ended' : 'idle');
        },
        (error: unknown) => {
          this.#notice(
            'error',
            l10n.t('The log cannot be read any further: {0} Open it again to retry.', failureText(error)),
          );
          this.#services.log.failure(`Reading the log of ${this.devboxId}`, error);
          this.#become('failed');
        },
      )
      .finally(() => {
        clearTimeout(quiet);
        this.#stop = undefined;
      });
  }

  /** Somebody looks: what there is now is to be shown, also where a log is read from time to time only. */
  lookNow(): void {
    this.#looks.fire();
  }

  /** Stops reading for now; what was read stays. */
  rest(): void {
    this.#stop?.abort();
  }

  dispose(): void {
    this.rest();
  }

  /** @returns false if it was stopped before the log's end */
  async #read(signal: AbortSignal): Promise<boolean> {
    const { account } = this.#services;
    // What is shown is meant: one that is being looked up now would be asked for another one's devbox.
    const { api } = account.shown ?? (await account.require());
    const devbox = this.#services.store.get(this.devboxId) ?? (await api.devboxes.retrieve(this.devboxId, { signal }));
    const lookNow = (listener: () => void): Disposable => {
      const subscriptions = [this.#looks.on(listener), onExpectedOutput(this.#services, devbox.id, listener)];
      return { dispose: () => subscriptions.forEach((one) => one.dispose()) };
    };
    const events = followEvents(api, this.devboxId, { signal, position: this.#position, lookNow });
    await pipeLines(this.#said.shown(events), {
      secrets: this.#services.knownSecrets.forLines(api, devbox),
      show: (groups) => {
        this.#hasLines = true;
        this.records.add(groups);
        this.#onNews();
      },
      onNotice: (notice) => {
        this.#isCut = notice.kind === 'interrupted';
        // A cut is bridged without a loss; where that cannot be said, another notice follows.
        const text = this.#isCut ? undefined : noticeText(notice);
        if (text === undefined) this.#onNews();
        else this.#notice('warning', text);
      },
    });
    return !isAborted(signal);
  }

  #notice(level: 'info' | 'warning' | 'error', text: string): void {
    this.records.addNotice(level, text, Date.now());
    this.#onNews();
  }

  #become(state: ReaderState): void {
    this.#state = state;
    this.#isCut = false;
    this.#onNews();
  }
}
