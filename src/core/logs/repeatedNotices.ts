import type { FollowEvent, FollowNotice } from './followEvent';

/** Keeps a reader who follows a log several times, with pauses, from being told the same again. */
export class RepeatedNotices {
  readonly #said = new Set<FollowNotice['kind']>();

  /** True for what is to be shown: lines, and what has not been said of the log as it stands. */
  shouldShow(event: FollowEvent): boolean {
    if (event.type === 'lines') {
      this.#said.delete('suspended');
      return true;
    }
    const { kind } = event.notice;
    if (kind !== 'polling' && kind !== 'suspended') return true;
    const isNew = !this.#said.has(kind);
    this.#said.add(kind);
    return isNew;
  }

  /** What is to be shown of events. */
  async *shown(events: AsyncIterable<FollowEvent>): AsyncGenerator<FollowEvent> {
    for await (const event of events) if (this.shouldShow(event)) yield event;
  }
}
