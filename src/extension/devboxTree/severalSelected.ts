import type { TreeView } from 'vscode';
import type { Disposable } from '../../core/events';
import { hasEnded } from '../../core/platform/devbox';
import { contextKeys } from '../commandIds';
import type { DevboxStore } from '../devboxes/devboxStore';
import type { Log } from '../messages/log';
import { setContext } from '../setContext';
import type { Row } from './rows';

/**
 * Tells menus whether several devboxes are selected. The editor's own key for that counts rows that are gone as well, so that
 * the menu of another row would lack what acts on one.
 */
export class SeveralSelected implements Disposable {
  readonly #view: Pick<TreeView<Row>, 'selection' | 'onDidChangeSelection'>;
  readonly #store: DevboxStore;
  readonly #log: Log;
  readonly #subscriptions: readonly Disposable[];
  /** Of those that are selected, the ones that lived when they were: whoever ends them does not mean them any more. */
  readonly #alive = new Set<string>();
  #told = false;

  constructor(
    view: Pick<TreeView<Row>, 'selection' | 'onDidChangeSelection'>,
    { store, log }: { readonly store: DevboxStore; readonly log: Log },
  ) {
    this.#view = view;
    this.#store = store;
    this.#log = log;
    this.#subscriptions = [view.onDidChangeSelection(() => this.#selected()), store.onDidChange(() => this.#tell())];
  }

  dispose(): void {
    for (const one of this.#subscriptions) one.dispose();
  }

  #selected(): void {
    this.#alive.clear();
    for (const id of this.#ids()) if (this.#isAlive(id)) this.#alive.add(id);
    this.#tell();
  }

  #ids(): readonly string[] {
    return this.#view.selection.flatMap((row) => (row.kind === 'devbox' ? [row.id] : []));
  }

  #isAlive(id: string): boolean {
    const devbox = this.#store.get(id);
    return devbox !== undefined && !hasEnded(devbox.status);
  }

  #tell(): void {
    const there = this.#ids().filter((id) => this.#store.get(id) !== undefined);
    const areSeveral = there.filter((id) => !this.#alive.has(id) || this.#isAlive(id)).length > 1;
    if (areSeveral === this.#told) return;
    this.#told = areSeveral;
    setContext(contextKeys.severalSelected, areSeveral).then(undefined, (error: unknown) =>
      this.#log.failure('Telling whether several devboxes are selected', error),
    );
  }
}
