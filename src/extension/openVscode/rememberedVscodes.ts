import type { Memento } from 'vscode';
import { asArray, asObject, asString } from '../../core/parse';
import type { Log } from '../messages/log';

/** A devbox whose VS Code this window has opened: pages of it may be open in browsers. */
export interface RememberedVscode {
  readonly devboxId: string;
  /** Whose it is: the address of the account's API. */
  readonly account: string;
  readonly folder: string;
  /** It was opened on a port of its own, for a browser elsewhere. */
  readonly single: boolean;
  /** It has no action server, so that the window is not attached to it. */
  readonly isPlain: boolean;
}

const openedKey = 'runloop.openedVscodes';
/** What is kept at the most; the oldest go first. */
const most = 50;

/** The VS Codes that this window has opened, over reloads. */
export class RememberedVscodes {
  readonly #memory: Memento;
  readonly #log: Log;

  constructor(memory: Memento, log: Log) {
    this.#memory = memory;
    this.#log = log;
  }

  get all(): readonly RememberedVscode[] {
    return asArray(this.#memory.get<unknown>(openedKey)).flatMap((value) => {
      const entry = asObject(value);
      const [devboxId, account, folder] = ['devboxId', 'account', 'folder'].map((name) => asString(entry?.[name]));
      if (devboxId === undefined || account === undefined || folder === undefined) return [];
      return [{ devboxId, account, folder, single: entry?.['single'] === true, isPlain: entry?.['isPlain'] === true }];
    });
  }

  add(opened: RememberedVscode): void {
    const before = this.all.find(({ devboxId }) => devboxId === opened.devboxId);
    const now = { ...opened, single: opened.single || before?.single === true };
    if (JSON.stringify(before) === JSON.stringify(now)) return;
    this.#store([...this.all.filter((entry) => entry.devboxId !== opened.devboxId), now].slice(-most));
  }

  remove(devboxId: string): void {
    const left = this.all.filter((entry) => entry.devboxId !== devboxId);
    if (left.length < this.all.length) this.#store(left);
  }

  #store(value: unknown): void {
    this.#memory
      .update(openedKey, value)
      .then(undefined, (error: unknown) => this.#log.failure('Remembering opened VS Codes', error));
  }
}
