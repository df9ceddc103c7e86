/** Numbers of calls to the kernel, which are not the same on all processors: what Perl is told to call. */
export interface SystemCalls {
  readonly keyctl: number;
  readonly setns: number;
  readonly prctl: number;
  readonly mount: number;
  readonly unshare: number;
  /** `sched_setattr`, behind which `sched_getattr` is everywhere. */
  readonly schedule: number;
  /** Where numbers have 64 bits. */
  readonly prlimit?: number;
}

const generic: SystemCalls = {
  keyctl: 219,
  setns: 268,
  prctl: 167,
  mount: 40,
  unshare: 97,
  schedule: 274,
  prlimit: 261,
};

const calls: Readonly<Record<string, SystemCalls>> = {
  x64: { keyctl: 250, setns: 308, prctl: 157, mount: 165, unshare: 272, schedule: 314, prlimit: 302 },
  arm64: generic,
  riscv64: generic,
  loong64: generic,
  arm: { keyctl: 311, setns: 375, prctl: 172, mount: 21, unshare: 337, schedule: 380 },
  ia32: { keyctl: 288, setns: 346, prctl: 172, mount: 21, unshare: 310, schedule: 351 },
  ppc64: { keyctl: 271, setns: 350, prctl: 171, mount: 21, unshare: 282, schedule: 355, prlimit: 325 },
  s390x: { keyctl: 280, setns: 339, prctl: 172, mount: 21, unshare: 303, schedule: 345, prlimit: 334 },
};

/** Those of this computer; undefined on a processor that is not known. */
export const systemCalls: SystemCalls | undefined = calls[process.arch];
