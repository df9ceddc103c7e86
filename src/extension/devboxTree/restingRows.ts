import type { TreeView } from 'vscode';
import type { Disposable } from '../../core/events';

/** Milliseconds after somebody has touched a row in which rows stay where they are. */
const restMs = 3_000;
/** Milliseconds that a change waits at the most, however long somebody goes on. */
const longestMs = 12_000;

/**
 * Tells whether somebody is at the rows right now: then what time or the server brings moves none of them, as a click would
 * meet another one. The editor does not tell where the pointer is, only of a row that it rests on (it asks for the tooltip then),
 * that is selected, opened or closed.
 */
export class RestingRows implements Disposable {
  readonly #onRest: () => void;
  readonly #now: () => number;
  readonly #subscriptions: readonly Disposable[];
  #touchedAt = Number.NEGATIVE_INFINITY;
  #waitingSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onRest what waited can be shown */
  constructor(
    view: Pick<TreeView<unknown>, 'onDidChangeSelection' | 'onDidExpandElement' | 'onDidCollapseElement'>,
    onRest: () => void,
    now: () => number = () => performance.now(),
  ) {
    this.#onRest = onRest;
    this.#now = now;
    const touched = (): void => this.touched();
    this.#subscriptions = [
      view.onDidChangeSelection(touched),
      view.onDidExpandElement(touched),
      view.onDidCollapseElement(touched),
    ];
  }

  /** Somebody is at a row. */
  touched(): void {
    this.#touchedAt = this.#now();
  }

  /** Somebody wants what is new, wherever the pointer is: what waits is told of now, as perhaps nothing newer comes. */
  release(): void {
    const waits = this.#waitingSince !== undefined;
    this.#touchedAt = Number.NEGATIVE_INFINITY;
    this.note(false);
    if (waits) this.#onRest();
  }

  /** Milliseconds for which rows stay where they are; 0: they may move. */
  get leftMs(): number {
    const now = this.#now();
    const until = Math.min(this.#touchedAt + restMs, (this.#waitingSince ?? now) + longestMs);
    return Math.max(0, until - now);
  }

  /** Whether a change waits by now; then it is told when it may be shown. */
  note(waits: boolean): void {
    clearTimeout(this.#timer);
    this.#waitingSince = waits ? (this.#waitingSince ?? this.#now()) : undefined;
    if (waits) this.#timer = setTimeout(() => this.#onRest(), this.leftMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
