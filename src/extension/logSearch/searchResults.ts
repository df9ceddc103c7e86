import { setTimeout as sleep } from 'node:timers/promises';
import { EventEmitter, l10n } from 'vscode';
import type { LogSearchEvent } from '../../core/logs/search/searchLogs';
import type { Devbox } from '../../core/platform/devbox';
import type { SearchSource } from '../searchView/searchSource';
import { DevboxMatches } from './devboxMatches';

/** Milliseconds between two drawings of what comes in. */
const drawMs = 150;

/** The results of one search while they come in. */
export class SearchResults implements SearchSource {
  readonly kind = 'logs';
  readonly sought: string;
  readonly openAtOnce = 5;
  readonly #stop: () => void;
  readonly #all: ReadonlyMap<string, DevboxMatches>;
  readonly #changed = new EventEmitter<readonly DevboxMatches[]>();
  /** Tells whose results are different, not more often than one can see. */
  readonly onDidChange = this.#changed.event;
  readonly #news = new Set<DevboxMatches>();
  #isTelling = false;

  /** @param stop ends the search */
  constructor(devboxes: readonly Devbox[], sought: string, stop: () => void) {
    this.sought = sought;
    this.#stop = stop;
    this.#all = new Map(devboxes.map((devbox) => [devbox.id, new DevboxMatches(devbox)]));
  }

  get title(): string {
    return l10n.t('Log Search');
  }

  /** In the order in which the devboxes were chosen. */
  get groups(): readonly DevboxMatches[] {
    return [...this.#all.values()];
  }

  get count(): number {
    return this.groups.reduce((sum, { matches }) => sum + matches.length, 0);
  }

  message(): string {
    const left = this.groups.filter(
      ({ progress }) => progress.kind === 'waiting' || progress.kind === 'reading',
    ).length;
    const found = this.count === 1 ? l10n.t('1 line found') : l10n.t('{0} lines found', this.count.toLocaleString());
    if (left === 0) return l10n.t('{0}.', found);
    return l10n.t('{0}; {1}', found, left === 1 ? l10n.t('1 log left…') : l10n.t('{0} logs left…', left));
  }

  nothingIn(count: number): string {
    return count === 1 ? l10n.t('No results in 1 devbox') : l10n.t('No results in {0} devboxes', count);
  }

  stop(): void {
    this.#stop();
  }

  take(event: LogSearchEvent): void {
    const one = this.#all.get(event.devboxId);
    if (one === undefined) return;
    switch (event.type) {
      case 'matches':
        one.add(event.matches);
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
