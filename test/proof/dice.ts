import { createHash } from 'node:crypto';

/** Chance that follows from a seed and the number of a run: each run draws its own, whatever the others drew. */
export class Dice {
  /** With it another process makes the same dice: `new Dice(dice.key, part)` are `dice.apart(part)`. */
  readonly key: string;
  #drawn = 0;

  constructor(seed: number | string, run: number) {
    this.key = `${seed} ${run}`;
  }

  /** Dice for one of several things that happen at once, whose draws do not depend on who draws first. */
  apart(part: number): Dice {
    return new Dice(this.key, part);
  }

  /** From 0 up to 1. */
  draw(): number {
    this.#drawn += 1;
    return createHash('sha256').update(`${this.key} ${this.#drawn}`).digest().readUInt32BE(0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.draw() * (to - from + 1));
  }

  /** True with a probability. */
  chance(probability: number): boolean {
    return this.draw() < probability;
  }

  /** @throws Error for an empty list */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.whole(0, list.length - 1)];
    if (picked === undefined) throw new Error('There is nothing to pick from.');
    return picked;
  }
}
