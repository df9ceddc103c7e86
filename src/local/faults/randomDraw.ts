import { createHash } from 'node:crypto';
import type { FaultDuration } from './faultConfig';

/**
 * A number from 0 up to 1 that follows from its arguments alone. Each rule draws for each of its own matches, so what
 * happens on other routes in between changes nothing.
 */
export function draw(seed: number, rule: number, match: number, purpose: string): number {
  return createHash('sha256').update(`${seed} ${rule} ${match} ${purpose}`).digest().readUInt32BE(0) / 2 ** 32;
}

/** A duration of a rule in milliseconds. @param random from 0 up to 1 */
export function millisecondsOf(duration: FaultDuration, random: number): number {
  if (typeof duration === 'number') {
    return duration;
  }
  const [from, to] = duration;
  return Math.round(from + (to - from) * random);
}
