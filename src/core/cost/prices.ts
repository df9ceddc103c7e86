import type { CustomSize } from '../platform/devbox';
import type { Usage } from '../platform/devboxes';

/** US dollars. Runloop bills by use; whatever is computed from these is an estimate and must be called one. */
export interface Prices {
  readonly vcpuHour: number;
  readonly memoryGibHour: number;
  readonly diskGibMonth: number;
}

/** The prices that Runloop showed on 2026-05-25. */
export const defaultPrices: Prices = { vcpuHour: 0.108, memoryGibHour: 0.0252, diskGibMonth: 0.25 };

/** Hours of an average month. */
const monthHours = 730;

export interface Capacity {
  readonly cpuCores: number;
  readonly memoryGib: number;
  readonly diskGib: number;
}

/** What Runloop's size words stand for. */
export const sizes: Readonly<Record<string, Capacity>> = {
  X_SMALL: { cpuCores: 0.5, memoryGib: 1, diskGib: 4 },
  SMALL: { cpuCores: 1, memoryGib: 2, diskGib: 4 },
  MEDIUM: { cpuCores: 2, memoryGib: 4, diskGib: 8 },
  LARGE: { cpuCores: 2, memoryGib: 8, diskGib: 16 },
  X_LARGE: { cpuCores: 4, memoryGib: 16, diskGib: 16 },
  XX_LARGE: { cpuCores: 8, memoryGib: 32, diskGib: 16 },
};

/** The size of a devbox that was started without one. */
const usualSize = 'SMALL';

/**
 * What a devbox of this size has.
 *
 * @returns undefined for a size word that is not known, and for a custom size that is not told in full
 */
export function capacityOf(size: string | undefined, custom?: CustomSize): Capacity | undefined {
  if (size !== 'CUSTOM_SIZE') return Object.hasOwn(sizes, size ?? usualSize) ? sizes[size ?? usualSize] : undefined;
  const { cpuCores, memoryGib, diskGib } = custom ?? {};
  return cpuCores === undefined || memoryGib === undefined ? undefined : { cpuCores, memoryGib, diskGib: diskGib ?? 0 };
}

/** Estimated dollars per hour of a running devbox; undefined if its size is not known. */
export function hourlyPrice(
  size: string | undefined,
  custom?: CustomSize,
  prices: Prices = defaultPrices,
): number | undefined {
  const capacity = capacityOf(size, custom);
  if (capacity === undefined) return undefined;
  return capacity.cpuCores * prices.vcpuHour + capacity.memoryGib * prices.memoryGibHour + diskPrice(capacity, prices);
}

/** Estimated dollars per hour of a suspended devbox, whose disk is kept; undefined if its size is not known. */
export function suspendedHourlyPrice(
  size: string | undefined,
  custom?: CustomSize,
  prices: Prices = defaultPrices,
): number | undefined {
  const capacity = capacityOf(size, custom);
  return capacity === undefined ? undefined : diskPrice(capacity, prices);
}

/** Estimated dollars for what a devbox has used so far. */
export function spent(
  usage: Pick<Usage, 'vcpuSeconds' | 'memoryGibSeconds' | 'diskGibSeconds'>,
  prices: Prices = defaultPrices,
): number {
  return (
    (usage.vcpuSeconds * prices.vcpuHour +
      usage.memoryGibSeconds * prices.memoryGibHour +
      (usage.diskGibSeconds * prices.diskGibMonth) / monthHours) /
    3_600
  );
}

function diskPrice(capacity: Capacity, prices: Prices): number {
  return (capacity.diskGib * prices.diskGibMonth) / monthHours;
}
