import type { TreeItem } from 'vscode';
import type { Devbox } from '../../core/platform/devbox';
import type { RowItems, RowSource } from './look/rowItems';
import type { RowContext } from './look/rowText';
import type { Row } from './rows';

/** Rows whose times are kept up to date; further down a long list they are as of the last change. */
const timesKept = 300;

/** The items of rows; the code that makes them is read when the first is drawn. */
export class LazyItems {
  readonly #source: RowSource;
  #items: RowItems | undefined;
  #loading: Promise<RowItems> | undefined;

  constructor(source: RowSource) {
    this.#source = source;
  }

  item(row: Row): TreeItem | Promise<TreeItem> {
    return this.#items?.item(row) ?? this.#load().then((items) => items.item(row));
  }

  /** What a devbox's row depends on beside the devbox. */
  async context(devboxId: string): Promise<RowContext> {
    return (await this.#load()).context(devboxId);
  }

  async tooltip(devbox: Devbox): Promise<string> {
    return (await this.#load()).tooltip(devbox);
  }

  /** Those of the first of some devboxes whose row would read differently by now. */
  stale(devboxIds: readonly string[]): readonly string[] {
    return this.#items?.stale(devboxIds.slice(0, timesKept)) ?? [];
  }

  /** Forgets devboxes that are not listed any more. */
  forget(devboxIds: Iterable<string>): void {
    this.#items?.forget(devboxIds);
  }

  #load(): Promise<RowItems> {
    return (this.#loading ??= import('./look/rowItems').then(({ RowItems: Items }) => {
      this.#items = new Items(this.#source);
      return this.#items;
    }));
  }
}
