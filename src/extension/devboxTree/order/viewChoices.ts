import { EventEmitter, type Disposable, type Memento } from 'vscode';
import { asObject, asString } from '../../../core/parse';
import { contextKeys } from '../../commandIds';
import { setContext } from '../../setContext';
import { usualGrouping, type Grouping } from './arrangement';

const groupingKey = 'runloop.tree.grouping';
const filterKey = 'runloop.tree.filter';

/** How the user wants the view: grouping (everywhere) and filter (in this workspace); both outlive the window. */
export class ViewChoices implements Disposable {
  readonly #global: Memento;
  readonly #workspace: Memento;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  #grouping: Grouping;
  #filter: string;

  constructor(global: Memento, workspace: Memento) {
    this.#global = global;
    this.#workspace = workspace;
    this.#grouping = parseGrouping(global.get<unknown>(groupingKey));
    this.#filter = asString(workspace.get<unknown>(filterKey)) ?? '';
    this.#tell();
  }

  get grouping(): Grouping {
    return this.#grouping;
  }

  get filter(): string {
    return this.#filter;
  }

  async setGrouping(grouping: Grouping): Promise<void> {
    this.#grouping = grouping;
    this.#changed.fire();
    await this.#global.update(groupingKey, grouping);
  }

  /** Shows what a filter would do, without keeping it. */
  tryFilter(filter: string): void {
    if (filter === this.#filter) return;
    this.#filter = filter;
    this.#tell();
    this.#changed.fire();
  }

  async setFilter(filter: string): Promise<void> {
    this.tryFilter(filter.trim());
    await this.#workspace.update(filterKey, filter.trim());
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #tell(): void {
    void setContext(contextKeys.filtered, this.#filter.trim() !== '');
  }
}

function parseGrouping(value: unknown): Grouping {
  const stored = asObject(value);
  const by = stored?.['by'];
  const key = asString(stored?.['key']);
  if (by === 'metadata' && key !== undefined) return { by, key };
  return by === 'blueprint' || by === 'initiator' ? { by } : usualGrouping;
}
