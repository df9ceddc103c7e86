import { DiskWatch } from './diskWatch';
import { codeOf, messageOf } from './errors';
import type { ProcessScope, ProcessUse } from './processTable';
import { ProcessTable } from './processTable';
import type { Limits } from './sizes';
import { gibibytes } from './sizes';

/** Pauses between two looks at memory, in milliseconds: usually, and while some devbox is half full. */
const usualPause = 500;
const watchfulPause = 50;
/** Pause between two looks at the disk, in milliseconds. */
const diskPause = 500;

/** Why a devbox must end. */
export type Excess = 'out_of_memory' | 'out_of_disk';

/** One devbox under watch. */
export interface Watched {
  readonly scope: ProcessScope;
  /** Its folder on the host. */
  readonly folder: string;
  readonly limits: Limits;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Called at most once, with a sentence. */
  readonly onExcess: (reason: Excess, message: string) => void;
}

/**
 * Ends devboxes that use more than their size allows, where the kernel was not asked to: one look over all processes
 * serves all devboxes, and the disk is counted only when it has filled.
 */
export class UsageWatch {
  readonly #watched = new Map<Watched, DiskWatch>();
  readonly #table = new ProcessTable();
  readonly #say: (line: string) => void;
  #memoryTimer: NodeJS.Timeout | undefined;
  #diskTimer: NodeJS.Timeout | undefined;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Watches a devbox until its signal aborts or it has used too much. */
  watch(devbox: Watched): void {
    if (devbox.signal.aborted) {
      return;
    }
    this.#watched.set(devbox, new DiskWatch(devbox.folder, devbox.limits.disk));
    devbox.signal.addEventListener('abort', () => this.#watched.delete(devbox), { once: true });
    if (this.#memoryTimer === undefined) {
      this.#memoryTimer = setTimeout(() => this.#lookAtMemory(), watchfulPause);
    }
    if (this.#diskTimer === undefined) {
      this.#diskTimer = setTimeout(() => void this.#lookAtDisks(), diskPause);
    }
  }

  #lookAtMemory(): void {
    this.#memoryTimer = undefined;
    const devboxes = [...this.#watched.keys()];
    if (devboxes.length === 0) {
      return;
    }
    let pause = usualPause;
    for (const { devbox, use } of this.#excessive(devboxes)) {
      pause = watchfulPause;
      if (use.memory > devbox.limits.memory || use.processes > devbox.limits.processes) {
        // Once more, without trusting what was known of the numbers of processes.
        this.#table.forget();
        const [again] = this.#excessive([devbox]);
        this.#judge(devbox, again?.use ?? use);
      }
    }
    this.#memoryTimer = setTimeout(() => this.#lookAtMemory(), pause);
  }

  /** Those that use more than half of what they may. */
  #excessive(devboxes: readonly Watched[]): { devbox: Watched; use: ProcessUse }[] {
    const uses = this.#table.measure(devboxes.map(({ scope }) => scope));
    return devboxes.flatMap((devbox, index) => {
      const use = uses[index];
      return use !== undefined && (use.memory > devbox.limits.memory / 2 || use.processes > devbox.limits.processes) ? [{ devbox, use }] : [];
    });
  }

  #judge(devbox: Watched, use: ProcessUse): void {
    const { limits } = devbox;
    if (use.memory > limits.memory) {
      const largest = use.largest === undefined ? '' : ` Its largest process had ${gibibytes(use.largest.memory)}.`;
      this.#end(devbox, 'out_of_memory', `Out of memory: the devbox used ${gibibytes(use.memory)} of ${gibibytes(limits.memory)} and was ended.${largest} Use a larger resource_size_request.`);
    } else if (use.processes > limits.processes) {
      this.#end(devbox, 'out_of_memory', `Out of memory for processes: the devbox had ${use.processes} of ${limits.processes} and was ended. Use a larger resource_size_request.`);
    }
  }

  async #lookAtDisks(): Promise<void> {
    for (const [devbox, disk] of this.#watched) {
      try {
        const used = await disk.overLimit(devbox.signal);
        if (used !== undefined) {
          this.#end(devbox, 'out_of_disk', `Out of disk: the devbox had ${gibibytes(used)} of ${gibibytes(devbox.limits.disk)} on disk and was ended. Use a larger resource_size_request.`);
        }
      } catch (error) {
        // It may be removed at this very moment.
        if (!devbox.signal.aborted && codeOf(error) !== 'ENOENT') {
          this.#say(`The disk use of a devbox could not be counted: ${messageOf(error)}`);
          this.#watched.delete(devbox);
        }
      }
    }
    this.#diskTimer = this.#watched.size === 0 ? undefined : setTimeout(() => void this.#lookAtDisks(), diskPause);
  }

  #end(devbox: Watched, reason: Excess, message: string): void {
    if (this.#watched.delete(devbox)) {
      devbox.onExcess(reason, message);
    }
  }
}
