import { l10n, window, type Memento } from 'vscode';
import { deadline, longestTimerMs } from '../../ground/deadline';
import { isAborted } from '../../core/errors';
import type { Disposable } from '../../core/events';
import { asNumber, asObject } from '../../core/parse';
import { lifetimeEnd, type Devbox } from '../../core/platform/devbox';
import type { Account } from '../account/account';
import { devboxLabel, remainingText } from '../devboxes/devboxText';
import type { DevboxStore } from '../devboxes/devboxStore';
import { orGone } from '../devboxes/severalDevboxes';
import type { Log } from '../messages/log';
import { showActions, type MessageAction } from '../messages/showActions';
import type { DevboxEnds } from './devboxEnds';
import { saveActions } from './saveActions';
import { isFirstToTell } from './firstToTell';

/** Minutes before the end of a devbox's lifetime at which its user is told. */
const warnMinutes = [10, 2] as const;
const minuteMs = 60_000;
/** Milliseconds that the look before a warning may take. */
const lookMs = 20_000;
/** A window in the background lets the one in front go first, as somebody looks at that one. */
const backgroundMs = 4_000;
/** Devboxes that are remembered as told of; the oldest go first. */
const mostTold = 200;

/** What warnings before the end of a devbox take. */
export interface EndWarningServices {
  readonly account: Account;
  readonly store: DevboxStore;
  readonly log: Log;
  /** Memory of all windows; it reaches the others with a delay. */
  readonly globalState: Memento;
  /** A folder of all windows, for this alone. */
  readonly toldFolder: string;
  /** Ids of devboxes that this window is attached to, or has started. */
  readonly ours: () => ReadonlySet<string>;
  readonly ends: DevboxEnds;
}

const key = 'runloop.endWarnings';

/**
 * Warns 10 and 2 minutes before the lifetime of this window's devboxes is over, by the server's clock, with what helps. Just
 * before that it looks whether the devbox is still there: one request, to the API, that is no use of the devbox.
 */
export class EndWarnings implements Disposable {
  readonly #services: EndWarningServices;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(services: EndWarningServices) {
    this.#services = services;
  }

  /** Plans the next warning, after something became known of a devbox. */
  plan(): void {
    this.#planNext().catch((error: unknown) => this.#services.log.failure('Planning a warning', error));
  }

  /**
   * Tells, once in all windows, that Runloop is about to suspend a devbox.
   *
   * @param deadlineMs when, in Unix milliseconds of the server's clock
   */
  async evicted(devboxId: string, deadlineMs: number): Promise<void> {
    if (!window.state.focused) await new Promise((resolve) => setTimeout(resolve, backgroundMs));
    const { account, store, globalState, log } = this.#services;
    const signedIn = await account.current();
    const devbox = store.get(devboxId);
    if (signedIn === undefined || isAborted(this.#stop.signal) || devbox?.status !== 'running') return;
    const note = `${devboxId} evicted`;
    const nowMs = signedIn.api.clock.now();
    if (deadlineMs <= nowMs || asObject(globalState.get<unknown>(key))?.[note] === deadlineMs) return;
    await this.#told(note, deadlineMs);
    if (!(await this.#isFirst(`${note} ${deadlineMs}`))) return;
    const text = l10n.t(
      'Runloop will suspend devbox {0} in {1} to free up capacity. Its disk is kept, but its processes end.',
      devboxLabel(devbox),
      remainingText(deadlineMs, nowMs),
    );
    const actions: readonly MessageAction[] = [
      { title: l10n.t('Take Snapshot'), command: 'runloop.snapshotDevbox', argument: devboxId },
      { title: l10n.t('Open'), command: 'runloop.openVscode', argument: devboxId },
    ];
    showActions('warning', text, actions, log);
  }

  dispose(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #planNext(): Promise<void> {
    const { store, ends } = this.#services;
    const ours = this.#services.ours();
    for (const id of ends.all().keys()) if (!ours.has(id)) ends.set(id, undefined);
    for (const devbox of [...ours].flatMap((id) => store.get(id) ?? [])) {
      ends.set(devbox.id, devbox.status === 'running' ? lifetimeEnd(devbox) : undefined);
      // Whoever starts a devbox for five minutes need not be told at once that it ends in five.
      const lifeMinutes = (devbox.keepAliveSeconds ?? Infinity) / 60;
      const pointless = warnMinutes.filter((minutes) => lifeMinutes < minutes * 1.5).at(-1);
      if (pointless !== undefined && this.#toldMinutes(devbox.id) > pointless) await this.#told(devbox.id, pointless);
    }
    const account = await this.#services.account.current();
    clearTimeout(this.#timer);
    if (account === undefined || isAborted(this.#stop.signal)) return;
    const nowMs = account.api.clock.now();
    for (const [id, endsMs] of ends.all()) {
      // What was told was of an earlier life: it was resumed since.
      if (endsMs - nowMs >= this.#toldMinutes(id) * minuteMs * 1.5) await this.#told(id, undefined);
    }
    const dues = [...this.#services.ends.all()].flatMap(([id, endsMs]) => this.#due(id, endsMs) ?? []);
    if (dues.length === 0) return;
    // A timer of more would go off at once, again and again.
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(0, Math.min(...dues) - nowMs), longestTimerMs));
  }

  /** When to tell of a devbox next, in Unix milliseconds of the server's clock; undefined: not any more. */
  #due(devboxId: string, endsMs: number): number | undefined {
    const told = this.#toldMinutes(devboxId);
    const next = warnMinutes.find((minutes) => minutes < told);
    return next === undefined ? undefined : endsMs - next * minuteMs;
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#warnOfAll()
      .catch((error: unknown) => this.#services.log.failure('Warning of the end of a devbox', error))
      .finally(() => {
        this.#looking = false;
        this.plan();
      });
  }

  async #warnOfAll(): Promise<void> {
    if (!window.state.focused) await new Promise((resolve) => setTimeout(resolve, backgroundMs));
    const account = await this.#services.account.current();
    if (account === undefined || isAborted(this.#stop.signal)) return;
    const nowMs = account.api.clock.now();
    for (const [id, endsMs] of this.#services.ends.all()) {
      if ((this.#due(id, endsMs) ?? Infinity) > nowMs) continue;
      const leftMinutes = (endsMs - nowMs) / minuteMs;
      const reached = [...warnMinutes].reverse().find((minutes) => leftMinutes <= minutes) ?? 0;
      await this.#told(id, reached);
      if (leftMinutes <= 0) {
        this.#services.ends.set(id, undefined);
        continue;
      }
      if (!(await this.#isFirst(`${id} ${reached} ${endsMs}`))) continue;
      const devbox = await orGone(account.api.devboxes.retrieve(id, { signal: deadline(lookMs, account.ended) }));
      if (isAborted(account.ended)) return;
      if (devbox === undefined) this.#services.ends.set(id, undefined);
      else this.#warn(devbox, account.api.clock.now());
    }
  }

  #warn(devbox: Devbox, nowMs: number): void {
    this.#services.store.update(devbox);
    const ends = lifetimeEnd(devbox);
    // Suspended, ended or given an idle rule meanwhile.
    if (devbox.status !== 'running' || ends === undefined || ends <= nowMs) return;
    const text = l10n.t(
      'Devbox {0} shuts down in {1}, when its lifetime ends. Everything on its disk will be deleted.',
      devboxLabel(devbox),
      remainingText(ends, nowMs),
    );
    const actions: readonly MessageAction[] = [
      ...saveActions(devbox.id),
      { title: l10n.t('Open'), command: 'runloop.openVscode', argument: devbox.id },
    ];
    showActions('warning', text, actions, this.#services.log);
  }

  /** Twice is better than never, where nobody can tell. */
  async #isFirst(what: string): Promise<boolean> {
    try {
      return await isFirstToTell(this.#services.toldFolder, what);
    } catch (error) {
      this.#services.log.failure('Looking whether another window has warned', error);
      return true;
    }
  }

  #toldMinutes(devboxId: string): number {
    return asNumber(asObject(this.#services.globalState.get<unknown>(key))?.[devboxId]) ?? Infinity;
  }

  /** @param minutes before its end that were told; undefined: none */
  async #told(devboxId: string, minutes: number | undefined): Promise<void> {
    const told = asObject(this.#services.globalState.get<unknown>(key)) ?? {};
    const others = Object.entries(told).filter(([id]) => id !== devboxId);
    const entries = [...others.slice(1 - mostTold), ...(minutes === undefined ? [] : [[devboxId, minutes] as const])];
    await this.#services.globalState.update(key, Object.fromEntries(entries));
  }
}
