import { release } from 'node:os';

const gibibyte = 2 ** 30;

/** Files and folders for each GiB of disk: as many as common file systems have room for. */
const filesOfGibibyte = 131_072;

/**
 * Open files for each GiB of memory: Linux lets all programs together have some 100,000 for each GiB of the computer's, and
 * who has them all keeps everybody else from opening any.
 */
const descriptorsOfGibibyte = 65_536;

/** Files and folders for so many bytes of disk. */
export function filesFor(diskBytes: number): number {
  return Math.round((diskBytes / gibibyte) * filesOfGibibyte);
}

/** Open files for so many bytes of memory. */
export function descriptorsFor(memoryBytes: number): number {
  return Math.max(descriptorsOfGibibyte, Math.round((memoryBytes / gibibyte) * descriptorsOfGibibyte));
}

/** What one devbox may use at most. */
export interface Limits {
  /** Bytes of memory of all its processes and of its /dev/shm together. */
  readonly memory: number;
  /** Bytes on disk. */
  readonly disk: number;
  /** Files and folders on disk. */
  readonly files: number;
  /** Processes and threads. */
  readonly processes: number;
  /** Open files, sockets and pipes of all its processes together. */
  readonly descriptors: number;
  /** Cores: its share of the processor when others want it too. */
  readonly cores: number;
}

/** Sizes of Runloop's API with their memory and disk in GiB, and their cores. */
const sizes = {
  X_SMALL: [1, 4, 0.5],
  SMALL: [2, 4, 1],
  MEDIUM: [4, 8, 2],
  LARGE: [8, 16, 2],
  X_LARGE: [16, 16, 4],
  XX_LARGE: [32, 16, 8],
} as const;

/** The names a size may have. */
export const sizeNames = ['X_SMALL', 'SMALL', 'MEDIUM', 'LARGE', 'X_LARGE', 'XX_LARGE', 'CUSTOM_SIZE'] as const;

/** How large a devbox is to be, as its creator said it. */
export interface SizeRequest {
  readonly size?: (typeof sizeNames)[number] | undefined;
  /** GiB, for `CUSTOM_SIZE`. */
  readonly memory?: number | undefined;
  readonly disk?: number | undefined;
  readonly cores?: number | undefined;
}

/** The limits that follow from a size; `SMALL` is the usual one. */
export function limitsOf(request: SizeRequest): Limits {
  const named = sizes[request.size === undefined || request.size === 'CUSTOM_SIZE' ? 'SMALL' : request.size];
  const [memory, disk, cores] =
    request.size === 'CUSTOM_SIZE'
      ? [request.memory ?? named[0], request.disk ?? named[1], request.cores ?? named[2]]
      : named;
  return {
    memory: memory * gibibyte,
    disk: disk * gibibyte,
    files: filesFor(disk * gibibyte),
    processes: Math.max(1_024, Math.round(memory * 2_048)),
    descriptors: descriptorsFor(memory * gibibyte),
    cores,
  };
}

/**
 * Whether the number of processes can be limited for one devbox by its process namespace. On older kernels the same file
 * is about the whole computer.
 */
export function hasProcessLimit(kernel = release()): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 14);
}

/** A number of bytes as people read it. */
export function gibibytes(bytes: number): string {
  return `${(bytes / gibibyte).toFixed(2)} GiB`;
}
