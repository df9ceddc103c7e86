import { setTimeout as sleep } from 'node:timers/promises';
import { EventEmitter } from 'vscode';
import type { Disposable } from '../../core/events';
import { mostMatches, type LogMatch, type LogSearchEvent } from '../../core/logs/search/searchLogs';
import type { Devbox } from '../../core/platform/devbox';

/** How far the search in one devbox's log is. */
export type Progress =
  | { readonly kind: 'waiting' | 'reading' | 'stopped' }
  | { readonly kind: 'done'; readonly lines: number; readonly cutLines: number; readonly isLimited: boolean }
  | { readonly kind: 'tooSlow'; readonly line: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What was found in the log of one devbox. */
export class DevboxMatches {
  readonly devbox: Devbox;
  readonly matches: LogMatch[] = [];
  progress: Progress = { kind: 'waiting' };

  constructor(devbox: Devbox) {
    this.devbox = devbox;
  }
}

/** Milliseconds between two drawings of what comes in. */
const drawMs = 150;

/** The results of one search while they come in. */
export class SearchResults implements Disposable {
  readonly #all: ReadonlyMap<string, DevboxMatches>;
  readonly #changed = new EventEmitter<readonly DevboxMatches[]>();
  /** Tells whose results are different, not more often than one can see. */
  readonly onDidChange = this.#changed.event;
  readonly #news = new Set<DevboxMatches>();
  #isTelling = false;

  constructor(devboxes: readonly Devbox[]) {
    this.#all = new Map(devboxes.map((devbox) => [devbox.id, new DevboxMatches(devbox)]));
  }

  /** In the order in which the devboxes were chosen. */
  get devboxes(): readonly DevboxMatches[] {
    return [...this.#all.values()];
  }

  get count(): number {
    return this.devboxes.reduce((sum, { matches }) => sum + matches.length, 0);
  }

  take(event: LogSearchEvent): void {
    const one = this.#all.get(event.devboxId);
    if (one === undefined) return;
    switch (event.type) {
      case 'matches':
        one.matches.push(...event.matches.slice(0, mostMatches - one.matches.length));
        break;
      case 'reading':
        one.progress = { kind: 'reading' };
        break;
      case 'done':
        one.progress = { kind: 'done', lines: event.lines, cutLines: event.cutLines, isLimited: event.isLimited };
        break;
      case 'tooSlow':
        one.progress = { kind: 'tooSlow', line: event.line };
        break;
      case 'failed':
        one.progress = { kind: 'failed', error: event.error };
    }
    this.#tell(one);
  }

  /** The search was stopped: what is not done will not be. */
  stopped(): void {
    for (const one of this.#all.values()) {
      if (one.progress.kind !== 'waiting' && one.progress.kind !== 'reading') continue;
      one.progress = { kind: 'stopped' };
      this.#tell(one);
    }
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #tell(one: DevboxMatches): void {
    this.#news.add(one);
    if (this.#isTelling) return;
    this.#isTelling = true;
    void sleep(drawMs).then(() => {
      this.#isTelling = false;
      const news = [...this.#news];
      this.#news.clear();
      this.#changed.fire(news);
    });
  }
}
