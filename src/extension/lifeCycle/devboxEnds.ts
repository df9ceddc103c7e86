import type { Memento } from 'vscode';
import { asNumber, asObject } from '../../core/parse';
import type { Log } from '../messages/log';

const key = 'runloop.ends';

/** When the lifetimes of this window's devboxes are over, in Unix milliseconds of the server's clock; kept over reloads. */
export class DevboxEnds {
  readonly #memory: Memento;
  readonly #log: Log;

  /** @param memory of this window */
  constructor(memory: Memento, log: Log) {
    this.#memory = memory;
    this.#log = log;
  }

  all(): ReadonlyMap<string, number> {
    return new Map(
      Object.entries(asObject(this.#memory.get<unknown>(key)) ?? {}).flatMap(([id, value]) => {
        const endsMs = asNumber(value);
        return endsMs === undefined ? [] : [[id, endsMs] as const];
      }),
    );
  }

  /** @param endsMs undefined if it does not end by itself, or not any more */
  set(devboxId: string, endsMs: number | undefined): void {
    const ends = new Map(this.all());
    if (ends.get(devboxId) === endsMs) return;
    if (endsMs === undefined) ends.delete(devboxId);
    else ends.set(devboxId, endsMs);
    this.#memory
      .update(key, Object.fromEntries(ends))
      .then(undefined, (error: unknown) => this.#log.failure('Remembering when devboxes end', error));
  }
}
