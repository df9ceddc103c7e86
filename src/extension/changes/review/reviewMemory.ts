import { EventEmitter, type Memento } from 'vscode';
import { asArray } from '../../../core/parse';
import { parseThread, type ReviewThread } from '../../../core/changes/review/reviewThread';

const key = 'runloop.reviewThreads';
/** Threads that are kept; the oldest go first. */
const mostThreads = 500;

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

  /** Of one repository. */
  of(devboxId: string, top: string): readonly ReviewThread[] {
    return this.all().filter((thread) => thread.devboxId === devboxId && thread.top === top);
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
    await this.#memory.update(key, threads.slice(-mostThreads));
    this.#changed.fire();
  }
}
