import { SequentialQueue } from '../../../ground/sequentialQueue';
import type { DevboxGroup } from '../controlGroups/devboxGroup';
import type { MemoryUse } from '../controlGroups/groupFiles';
import { lastKilled } from '../controlGroups/kernelLog';
import { DiskWatch } from './diskWatch';
import { EpollWatch } from './epollWatch';
import { codeOf, messageOf } from '../../errors';
import { TooMuchMounted, hiddenUse, sharedMemoryOfAll } from '../../host/hiddenUse';
import { descriptorsOf, openFilesOfAll } from '../../host/openFiles';
import { type ProcessUse, ProcessTable } from '../../host/processTable';
import type { ProcessScope } from '../../host/scopeProcesses';
import { type Limits, gibibytes } from './limits';

/** Pauses between two looks at memory, in milliseconds: usually, and while some devbox is half full. */
const usualPause = 500;
const watchfulPause = 50;
/** Pause between two looks at the disk, in milliseconds. */
const diskPause = 500;

/** How much more memory must be in files for a look at whose they are, in bytes. */
const hiddenStep = 16 * 2 ** 20;

/** How many more open files there must be on the computer for a look at whose they are. */
const openStep = 16_384;

/** Why a devbox must end. */
export type Excess = 'out_of_memory' | 'out_of_disk';

/** One devbox under watch. */
export interface Watched {
  readonly scope: ProcessScope;
  /** Holds its processes; then the watch only tells what the kernel has done. */
  readonly group: DevboxGroup | undefined;
  /** Its folder on the host. */
  readonly folder: string;
  readonly limits: Limits;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Called at most once, with a sentence. */
  readonly onExcess: (reason: Excess, message: string) => void;
}

/**
 * Ends devboxes that use more than their size allows. Where the kernel holds a devbox's memory and processes, it is asked
 * whether it had to kill; of the others one look over all processes tells. The disk is counted only when it has filled.
 */
export class UsageWatch {
  readonly #watched = new Map<Watched, DiskWatch>();
  readonly #counts = new SequentialQueue();
  readonly #table = new ProcessTable();
  readonly #epolls = new EpollWatch();
  /** Bytes of memory in files, as last looked for, and all that the computer had then. */
  readonly #hidden = new WeakMap<Watched, number>();
  #sharedThen = 0;
  /** All open files of the computer when it was last looked whose they are. */
  #openThen = 0;
  /** Of which devbox it was told that it could not be counted. */
  readonly #uncounted = new WeakSet<Watched>();
  readonly #logLine: (line: string) => void;
  #memoryTimer: NodeJS.Timeout | undefined;
  #diskTimer: NodeJS.Timeout | undefined;

  constructor(logLine: (line: string) => void) {
    this.#logLine = logLine;
  }

  /**
   * Watches a devbox until its signal aborts or it has used too much.
   * @returns looks at once: true if it has used too much, which `onExcess` knows then. To be asked before something else
   * is taken for the reason of an end
   */
  watch(devbox: Watched): () => boolean {
    if (!devbox.signal.aborted) {
      this.#begin(devbox);
    }
    const { group } = devbox;
    return () => {
      if (group !== undefined && this.#watched.has(devbox)) {
        this.#askKernel(devbox, group);
      }
      return !this.#watched.has(devbox) && !devbox.signal.aborted;
    };
  }

  #begin(devbox: Watched): void {
    this.#watched.set(devbox, new DiskWatch(devbox.folder, devbox.limits, devbox.scope, this.#counts));
    devbox.signal.addEventListener('abort', () => this.#watched.delete(devbox), { once: true });
    if (this.#memoryTimer === undefined) {
      this.#memoryTimer = setTimeout(() => void this.#lookAtMemory(), watchfulPause);
    }
    if (this.#diskTimer === undefined) {
      this.#diskTimer = setTimeout(() => void this.#lookAtDisks(), diskPause);
    }
  }

  async #lookAtMemory(): Promise<void> {
    this.#memoryTimer = undefined;
    const devboxes = [...this.#watched.keys()];
    if (devboxes.length === 0) {
      return;
    }
    let pause = watchfulPause;
    try {
      pause = (await this.#holdToSizes(devboxes)) ? watchfulPause : usualPause;
    } catch (error) {
      // For want of a descriptor, for one thing: the next look may do better, and none at all would hold nobody.
      this.#tellUncounted(devboxes[0], 'memory', error);
    }
    // Meanwhile a new devbox may have begun to be watched.
    this.#memoryTimer ??= setTimeout(() => void this.#lookAtMemory(), pause);
  }

  /** @returns true if some devbox uses more than half of what it may */
  async #holdToSizes(devboxes: readonly Watched[]): Promise<boolean> {
    let watchful = false;
    for (const devbox of devboxes) {
      if (devbox.group !== undefined && this.#askKernel(devbox, devbox.group)) {
        watchful = true;
      }
    }
    this.#lookAtDescriptors(devboxes);
    for (const { devbox, use } of await this.#epolls.excessive(devboxes)) {
      this.#end(
        devbox,
        'out_of_memory',
        `Out of memory for watched files: the devbox had ${use} and was ended. Use a larger resource_size_request.`,
      );
    }
    for (const { devbox, use } of await this.#excessive(devboxes.filter(({ group }) => group === undefined))) {
      watchful = true;
      if (use.memory > devbox.limits.memory || use.processes > devbox.limits.processes) {
        // Once more, without trusting what was known of the numbers of processes.
        this.#table.forget();
        const [again] = await this.#excessive([devbox]);
        this.#judge(devbox, again?.use ?? use);
      }
    }
    return watchful;
  }

  /** Counts open files when the computer has more of them, and ends whose are too many. */
  #lookAtDescriptors(devboxes: readonly Watched[]): void {
    const now = openFilesOfAll();
    if (now - this.#openThen < openStep) {
      this.#openThen = Math.min(this.#openThen, now);
      return;
    }
    this.#openThen = now;
    for (const devbox of devboxes) {
      const count = descriptorsOf(devbox.scope);
      if (count > devbox.limits.descriptors) {
        this.#end(
          devbox,
          'out_of_memory',
          `Out of memory for open files: the devbox had ${count} of ${devbox.limits.descriptors} and was ended. Use a larger resource_size_request.`,
        );
      }
    }
  }

  /**
   * Ends a devbox some of whose processes the kernel had to kill.
   * @returns true if it uses more than half of what it may
   */
  #askKernel(devbox: Watched, group: DevboxGroup): boolean {
    const use = group.memory();
    if (use === undefined) {
      return false;
    }
    if (use.kills > 0) {
      this.#end(devbox, 'out_of_memory', describeKill(use, devbox.limits, group));
    }
    return use.now > devbox.limits.memory / 2;
  }

  /** Those that use more than half of what they may. */
  async #excessive(devboxes: readonly Watched[]): Promise<{ devbox: Watched; use: ProcessUse }[]> {
    if (devboxes.length === 0) {
      return [];
    }
    const uses = this.#table.measure(devboxes.map(({ scope }) => scope));
    await this.#lookForHidden(devboxes);
    devboxes.forEach((devbox, index) => {
      const use = uses[index];
      if (use !== undefined) use.memory += this.#hidden.get(devbox) ?? 0;
    });
    return devboxes.flatMap((devbox, index) => {
      const use = uses[index];
      return use !== undefined && (use.memory > devbox.limits.memory / 2 || use.processes > devbox.limits.processes)
        ? [{ devbox, use }]
        : [];
    });
  }

  /** Counts what is memory and no process's own, when the computer has more or less of that. */
  async #lookForHidden(devboxes: readonly Watched[]): Promise<void> {
    const now = sharedMemoryOfAll();
    if (Math.abs(now - this.#sharedThen) < hiddenStep && devboxes.every((devbox) => this.#hidden.has(devbox))) {
      return;
    }
    this.#sharedThen = now;
    for (const devbox of devboxes) {
      try {
        this.#hidden.set(devbox, (await hiddenUse(devbox.scope)).memory);
      } catch (error) {
        if (error instanceof TooMuchMounted) {
          const message = 'Out of memory for mounts: the devbox had mounted more than can be counted and was ended.';
          this.#end(devbox, 'out_of_memory', message);
        } else {
          this.#tellUncounted(devbox, 'memory', error);
        }
      }
    }
  }

  #judge(devbox: Watched, use: ProcessUse): void {
    const { limits } = devbox;
    if (use.memory > limits.memory) {
      const largest = use.largest === undefined ? '' : ` Its largest process had ${gibibytes(use.largest.memory)}.`;
      this.#end(
        devbox,
        'out_of_memory',
        `Out of memory: the devbox used ${gibibytes(use.memory)} of ${gibibytes(limits.memory)} and was ended.${largest} Use a larger resource_size_request.`,
      );
    } else if (use.processes > limits.processes) {
      this.#end(
        devbox,
        'out_of_memory',
        `Out of memory for processes: the devbox had ${use.processes} of ${limits.processes} and was ended. Use a larger resource_size_request.`,
      );
    }
  }

  async #lookAtDisks(): Promise<void> {
    for (const [devbox, disk] of this.#watched) {
      try {
        const used = await disk.overLimit(devbox.signal);
        if (used !== undefined) {
          this.#end(
            devbox,
            'out_of_disk',
            `Out of disk: the devbox had ${used} and was ended. Use a larger resource_size_request.`,
          );
        }
      } catch (error) {
        // It may be removed at this very moment.
        if (!devbox.signal.aborted && codeOf(error) !== 'ENOENT') {
          this.#tellUncounted(devbox, 'disk', error);
        }
      }
    }
    this.#diskTimer = this.#watched.size === 0 ? undefined : setTimeout(() => void this.#lookAtDisks(), diskPause);
  }

  /** It is watched all the same: what could not be counted once can be the next time. */
  #tellUncounted(devbox: Watched | undefined, what: 'disk' | 'memory', error: unknown): void {
    if (devbox !== undefined && !this.#uncounted.has(devbox)) {
      this.#uncounted.add(devbox);
      this.#logLine(`The ${what} use of a devbox could not be counted, which is tried again: ${messageOf(error)}`);
    }
  }

  #end(devbox: Watched, reason: Excess, message: string): void {
    if (this.#watched.delete(devbox)) {
      devbox.onExcess(reason, message);
    }
  }
}

/** A sentence about a devbox whose processes the kernel had to kill. */
function describeKill({ now, peak }: MemoryUse, { memory }: Limits, group: DevboxGroup): string {
  const used = Math.max(now, peak ?? memory);
  // Where it did not use up its own, all devboxes together have used up what the computer has for them.
  const what =
    used < 0.9 * memory
      ? `Out of memory: this computer has no more for devboxes. The devbox used ${gibibytes(used)} of ${gibibytes(memory)} and was ended.`
      : `Out of memory: the devbox used ${gibibytes(used)} of ${gibibytes(memory)} and was ended.`;
  const killed = lastKilled(group.name);
  const largest = killed === undefined ? '' : ` Its largest process, ${killed.name}, had ${gibibytes(killed.memory)}.`;
  return `${what}${largest} ${used < 0.9 * memory ? 'Run fewer devboxes at once.' : 'Use a larger resource_size_request.'}`;
}
