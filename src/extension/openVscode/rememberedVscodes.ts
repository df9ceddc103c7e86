import type { Memento } from 'vscode';
import { asArray, asObject, asString } from '../../core/parse';
import type { Log } from '../messages/log';

/** A devbox whose VS Code this window has opened: pages of it may be open in browsers. */
export interface RememberedVscode {
  readonly devboxId: string;
  readonly baseUrl: string;
  readonly folder: string;
  /** It was opened on a port of its own, for a browser elsewhere. */
  readonly single: boolean;
  /** It has no action server, so that the window is not attached to it. */
  readonly isPlain: boolean;
}

const portsKey = 'runloop.vscodePorts';
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
      const [devboxId, baseUrl, folder] = ['devboxId', 'baseUrl', 'folder'].map((name) => asString(entry?.[name]));
      if (devboxId === undefined || baseUrl === undefined || folder === undefined) return [];
      return [{ devboxId, baseUrl, folder, single: entry?.['single'] === true, isPlain: entry?.['isPlain'] === true }];
    });
  }

  add(opened: RememberedVscode): void {
    const before = this.all.find(({ devboxId }) => devboxId === opened.devboxId);
    const now = { ...opened, single: opened.single || before?.single === true };
    if (JSON.stringify(before) === JSON.stringify(now)) return;
    this.#store(openedKey, [...this.all.filter((entry) => entry.devboxId !== opened.devboxId), now].slice(-most));
  }

  remove(devboxId: string): void {
    const left = this.all.filter((entry) => entry.devboxId !== devboxId);
    if (left.length < this.all.length) this.#store(openedKey, left);
  }

  port(server: string): number | undefined {
    const port = asObject(this.#memory.get<unknown>(portsKey))?.[server];
    return typeof port === 'number' && Number.isInteger(port) && port > 1023 && port < 65_536 ? port : undefined;
  }

  rememberPort(server: string, port: number): void {
    const ports = Object.entries(asObject(this.#memory.get<unknown>(portsKey)) ?? {});
    const others = ports.filter(([name]) => name !== server);
    this.#store(portsKey, Object.fromEntries([...others, [server, port]].slice(-most)));
  }

  #store(key: string, value: unknown): void {
    this.#memory.update(key, value).then(undefined, (error: unknown) => this.#log.failure('Remembering ports', error));
  }
}
