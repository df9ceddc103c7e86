import type { Capacity } from '../cost/prices';

/** Runloop's size word for a size of one's own. */
export const customSizeWord = 'CUSTOM_SIZE';

/** What Runloop refuses about a size of one's own; undefined if nothing. */
export type CustomSizeProblem = 'cpu' | 'memory' | 'disk' | 'ratio';

/** The most that a devbox can have. */
export const largestCustomSize: Capacity = { cpuCores: 16, memoryGib: 64, diskGib: 64 };
/** GiB of memory for each CPU. */
export const memoryRatio = { least: 2, most: 8 } as const;

/**
 * Checks Runloop's limits (contract §2.4): 0.5, 1 or an even number of CPUs up to 16, 1 or an even number of GiB of
 * memory up to 64, an even number of GiB of disk from 2 to 64, and 2 to 8 GiB of memory for each CPU.
 */
export function customSizeProblem({ cpuCores, memoryGib, diskGib }: Capacity): CustomSizeProblem | undefined {
  if (cpuCores !== 0.5 && cpuCores !== 1 && !isEven(cpuCores, largestCustomSize.cpuCores)) return 'cpu';
  if (memoryGib !== 1 && !isEven(memoryGib, largestCustomSize.memoryGib)) return 'memory';
  if (!isEven(diskGib, largestCustomSize.diskGib)) return 'disk';
  const ratio = memoryGib / cpuCores;
  return ratio < memoryRatio.least || ratio > memoryRatio.most ? 'ratio' : undefined;
}

function isEven(value: number, most: number): boolean {
  return Number.isInteger(value) && value % 2 === 0 && value >= 2 && value <= most;
}

/**
 * Reads a size as people write it: three numbers for CPUs, GiB of memory and GiB of disk.
 *
 * @returns undefined if the text is not three numbers
 */
export function parseCustomSize(text: string): Capacity | undefined {
  const numbers = text
    .trim()
    .split(/[\s,;/x]+/i)
    .map(Number);
  const [cpuCores, memoryGib, diskGib] = numbers;
  if (numbers.length !== 3 || numbers.some((number) => !Number.isFinite(number) || number <= 0)) return undefined;
  return cpuCores === undefined || memoryGib === undefined || diskGib === undefined
    ? undefined
    : { cpuCores, memoryGib, diskGib };
}
