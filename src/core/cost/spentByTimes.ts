import { hasEnded, type Devbox } from '../platform/devbox';
import { hourlyPrice, suspendedHourlyPrice, type Prices } from './prices';

const hourMs = 3_600_000;

/**
 * Estimated dollars that a devbox has cost so far, by the times of its states; nothing is asked for it.
 *
 * @param nowMs Unix milliseconds by the server's clock
 * @returns undefined if its size or one of the times is not known
 */
export function spentByTimes(devbox: Devbox, prices: Prices, nowMs: number): number | undefined {
  const running = hourlyPrice(devbox.size, devbox.customSize, prices);
  const suspended = suspendedHourlyPrice(devbox.size, devbox.customSize, prices);
  const { transitions } = devbox;
  if (running === undefined || suspended === undefined || transitions.length === 0) return undefined;
  let dollars = 0;
  for (const [index, { status, timeMs }] of transitions.entries()) {
    if (hasEnded(status)) break;
    const next = transitions[index + 1];
    const until = next === undefined ? (devbox.endTimeMs ?? nowMs) : next.timeMs;
    if (timeMs === undefined || until === undefined) return undefined;
    dollars += ((status === 'suspended' ? suspended : running) * Math.max(0, until - timeMs)) / hourMs;
  }
  return dollars;
}
