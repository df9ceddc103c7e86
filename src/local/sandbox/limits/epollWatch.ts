import { kernelMemoryOfAll, mostWatches, watchesOf } from '../../host/openFiles';
import type { ProcessScope } from '../../host/scopeProcesses';
import type { Limits } from './limits';

/** How much more memory the kernel must keep for a look at what for, in bytes. */
const kernelStep = 32 * 2 ** 20;

/** Files that the kernel may watch for each one that a devbox may have open. */
const watchesOfDescriptor = 4;
/** Which part of what all with its user number have a devbox may have: as little as can be counted before it has all. */
const partOfAll = 32;

/** Whose files are counted. */
interface Counted {
  readonly scope: ProcessScope;
  readonly limits: Pick<Limits, 'descriptors'>;
}

/**
 * Knows which devbox has the kernel watch too many files for it (epoll). Of these the kernel gives each user number so many,
 * whichever devbox it is in, and Node ends where it cannot have one: the platform too.
 */
export class EpollWatch {
  #keptThen = 0;
  #notBefore = 0;

  /** Those that have too many, each with a text that says how many. Counts when the kernel keeps more than before. */
  async excessive<T extends Counted>(devboxes: readonly T[]): Promise<{ devbox: T; use: string }[]> {
    const kept = kernelMemoryOfAll();
    if (kept - this.#keptThen < kernelStep) {
      this.#keptThen = Math.min(this.#keptThen, kept);
      return [];
    }
    if (Date.now() < this.#notBefore) return [];
    this.#keptThen = kept;
    const began = Date.now();
    const part = Math.floor(mostWatches() / partOfAll);
    const found: { devbox: T; use: string }[] = [];
    let suspicious = false;
    for (const devbox of devboxes) {
      const most = Math.min(watchesOfDescriptor * devbox.limits.descriptors, part);
      const count = await watchesOf(devbox.scope, most);
      suspicious ||= count > most / 8;
      if (count > most) found.push({ devbox, use: `${count} of ${most}` });
    }
    // Counting is to be a small part of the time, unless it is watched files that the kernel keeps more and more of.
    this.#notBefore = suspicious ? 0 : Date.now() + 5 * (Date.now() - began);
    return found;
  }
}
