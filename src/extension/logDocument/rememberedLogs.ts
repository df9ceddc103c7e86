import type { Memento } from 'vscode';
import { asArray, asObject, asString } from '../../core/parse';
import { openLogsKey as key } from '../commandIds';

/** A log that the window has in a tab. */
export interface RememberedLog {
  /** The document's address. */
  readonly address: string;
  /** The API that the devbox belongs to. */
  readonly baseUrl: string;
  /** Number of the editor group, from 1. */
  readonly column: number;
  /** True for the tab that its group shows. */
  readonly isActive: boolean;
  readonly isFollowing: boolean;
  readonly hiddenLevels: readonly string[];
  readonly hiddenSources: readonly string[];
}

/** Which logs the window has in tabs, kept over reloads and restarts: the editor brings no document back that is no file. */
export class RememberedLogs {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** In the order of their tabs. */
  all(): readonly RememberedLog[] {
    return asArray(this.#memory.get<unknown>(key)).flatMap((value) => {
      const entry = asObject(value);
      const address = asString(entry?.['address']);
      const baseUrl = asString(entry?.['baseUrl']);
      const column = entry?.['column'];
      if (address === undefined || baseUrl === undefined || typeof column !== 'number') return [];
      const texts = (name: string): readonly string[] => asArray(entry?.[name]).flatMap((text) => asString(text) ?? []);
      const [hiddenLevels, hiddenSources] = [texts('hiddenLevels'), texts('hiddenSources')];
      return [
        {
          address,
          baseUrl,
          column,
          isActive: entry?.['isActive'] === true,
          isFollowing: entry?.['isFollowing'] === true,
          hiddenLevels,
          hiddenSources,
        },
      ];
    });
  }

  store(logs: readonly RememberedLog[]): Thenable<void> {
    return this.#memory.update(key, logs.length === 0 ? undefined : logs);
  }
}
