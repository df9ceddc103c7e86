import { EventEmitter, type Memento } from 'vscode';
import { asArray } from '../../../core/parse';
import { parseThread, type ReviewThread } from '../../../core/changes/review/reviewThread';

const key = 'runloop.reviewThreads';
/** Threads that are kept: of those that were sent the oldest go first, of others none. */
export const mostThreads = 500;

/** The comments of all devboxes, in all windows of this editor. */
export class ReviewMemory {
  readonly #memory: Memento;
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  all(): readonly ReviewThread[] {
    return asArray(this.#memory.get(key)).flatMap((one) => parseThread(one) ?? []);
  }

  /** Whether no other thread can be kept, as so many were not sent. */
  get isFull(): boolean {
    return this.all().filter(isUnsent).length >= mostThreads;
  }

  /** Of one devbox. */
  in(devboxId: string): readonly ReviewThread[] {
    return this.all().filter((thread) => thread.devboxId === devboxId);
  }

  /** Of one repository. */
  of(devboxId: string, top: string): readonly ReviewThread[] {
    return this.in(devboxId).filter((thread) => thread.top === top);
  }

  /** Keeps a new thread, or what has become of one. */
  async put(...threads: readonly ReviewThread[]): Promise<void> {
    const ids = new Set(threads.map(({ id }) => id));
    await this.#write([...this.all().filter(({ id }) => !ids.has(id)), ...threads]);
  }

  /** Notes that what threads hold was sent; what was said meanwhile was not. */
  async markSent(threads: readonly ReviewThread[]): Promise<void> {
    const sent = new Map(threads.map(({ id, comments }) => [id, new Set(comments.map(({ atMs }) => atMs))]));
    await this.#write(
      this.all().map((thread) => ({
        ...thread,
        comments: thread.comments.map((comment) => ({
          ...comment,
          isSent: comment.isSent || sent.get(thread.id)?.has(comment.atMs) === true,
        })),
      })),
    );
  }

  async remove(id: string): Promise<void> {
    await this.#write(this.all().filter((thread) => thread.id !== id));
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #write(threads: readonly ReviewThread[]): Promise<void> {
    const room = Math.max(0, mostThreads - threads.filter(isUnsent).length);
    const sent = threads.filter((thread) => !isUnsent(thread));
    const gone = new Set(sent.slice(0, Math.max(0, sent.length - room)));
    await this.#memory.update(
      key,
      threads.filter((thread) => !gone.has(thread)),
    );
    this.#changed.fire();
  }
}

/** Whether something of it was not sent. */
export function isUnsent({ comments }: ReviewThread): boolean {
  return comments.some(({ isSent }) => !isSent);
}
