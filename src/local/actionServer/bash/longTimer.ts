import { longestTimerMs } from '../../../ground/deadline';

/** A timer for any time, which may be without end. */
export function startTimer(ms: number, action: () => void): NodeJS.Timeout | undefined {
  return Number.isFinite(ms) ? setTimeout(action, Math.min(ms, longestTimerMs)) : undefined;
}
