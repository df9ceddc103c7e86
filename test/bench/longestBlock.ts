import { readFileSync } from 'node:fs';

/** How long something took, and for how long at most nothing else could be done meanwhile, in milliseconds. */
export interface Measured {
  readonly ms: number;
  /** By the clock. */
  readonly wallMs: number;
  /** Without the time in which the computer had given this thread's core to somebody else. */
  readonly ownMs: number;
}

export async function longestBlock(work: () => Promise<unknown>): Promise<Measured> {
  let [wallMs, ownMs] = [0, 0];
  let last = { at: performance.now(), waited: waitedMs() };
  const look = (): void => {
    const seen = { at: performance.now(), waited: waitedMs() };
    const blockMs = seen.at - last.at - 1;
    wallMs = Math.max(wallMs, blockMs);
    ownMs = Math.max(ownMs, blockMs - (seen.waited - last.waited));
    last = seen;
  };
  const timer = setInterval(look, 1);
  const began = performance.now();
  try {
    await work();
  } finally {
    clearInterval(timer);
    look();
  }
  return { ms: performance.now() - began, wallMs, ownMs };
}

/** Linux tells for how long a thread that could run had to wait for a core. */
function waitedMs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;
}
