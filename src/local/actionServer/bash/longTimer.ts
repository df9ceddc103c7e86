/** A timer for any time, which may be without end. */
export function startTimer(ms: number, action: () => void): NodeJS.Timeout | undefined {
  // Longer waits than this overflow node's timer and would fire at once.
  return Number.isFinite(ms) ? setTimeout(action, Math.min(ms, 2_147_483_647)) : undefined;
}
