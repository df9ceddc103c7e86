import { tell, type Disposable } from '../events';
import type { Observation } from './observation';
import type { Action } from './actions';

/** What happened, in order: who waits for it and who comes late see the same. */
export type StreamEvent = {
  /** Counts up from 1 without gaps. */
  readonly id: number;
  /** Unix milliseconds. */
  readonly timestampMs: number;
} & StreamContent;

export type StreamContent =
  | { readonly kind: 'action'; readonly action: Action }
  /** `cause` is the id of the action's event. `late`: it came after the action had timed out here. */
  | { readonly kind: 'observation'; readonly observation: Observation; readonly cause: number; readonly late?: boolean }
  | { readonly kind: 'status'; readonly status: RuntimeStatus; readonly message?: string; readonly cause?: number };

/** Events that are kept for late listeners, and characters of their contents; the oldest go first. */
const keptEvents = 10_000;
const keptCharacters = 32_000_000;
/** What an event counts beside its texts. */
const eventSize = 200;

/** Characters of all texts in a value: of actions and statuses as of observations, wherever in them they are. */
function charactersIn(value: unknown): number {
  let characters = 0;
  // Not by recursion: what a devbox answers may be nested as deep as it likes.
  const left: unknown[] = [value];
  while (left.length > 0) {
    const part = left.pop();
    if (typeof part === 'string') {
      characters += part.length;
    } else if (typeof part === 'object' && part !== null) {
      for (const [, inner] of Object.entries(part) as [string, unknown][]) left.push(inner);
    } else {
      characters += 8;
    }
  }
  return characters;
}

/** Actions, observations and statuses of one runtime, replayable to a late listener. */
export class EventStream implements Disposable {
  readonly #listeners = new Set<(event: StreamEvent) => unknown>();
  readonly #kept: { readonly event: StreamEvent; readonly size: number }[] = [];
  #size = 0;
  #lastId = 0;

  /** Adds an event and tells every listener. @returns its id */
  append(content: StreamContent): number {
    this.#lastId += 1;
    const event: StreamEvent = { id: this.#lastId, timestampMs: Date.now(), ...content };
    const size = eventSize + charactersIn(content);
    this.#kept.push({ event, size });
    this.#size += size;
    while (this.#kept.length > keptEvents || (this.#size > keptCharacters && this.#kept.length > 1)) {
      this.#size -= this.#kept.shift()?.size ?? 0;
    }
    for (const listener of [...this.#listeners]) tell(listener, event);
    return event.id;
  }

  /**
   * Listens to what comes, and first to what was.
   *
   * @param afterId replay starts behind this event; 0 from the first one kept, absent: no replay
   */
  on(listener: (event: StreamEvent) => unknown, afterId?: number): Disposable {
    if (afterId !== undefined) {
      for (const { event } of this.#kept.filter(({ event: { id } }) => id > afterId)) tell(listener, event);
    }
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

/** OpenHands' own words for what the runtime is doing (its RuntimeStatus wire values). */
export type RuntimeStatus =
  | 'STATUS$STOPPED'
  | 'STATUS$STARTING_RUNTIME'
  | 'STATUS$RUNTIME_STARTED'
  | 'STATUS$SETTING_UP_WORKSPACE'
  | 'STATUS$READY'
  | 'STATUS$ERROR'
  | 'STATUS$ERROR_RUNTIME_DISCONNECTED';
