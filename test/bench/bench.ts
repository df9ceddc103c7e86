/** What a benchmark was run for: reached when `met` is true. */
interface Aim {
  readonly name: string;
  /** The goal in words, with its unit. */
  readonly goal: string;
  readonly value: number;
  readonly met: boolean;
}

/** The outcome of one benchmark: with `--json`, the last line of its output. */
export interface BenchReport {
  readonly bench: string;
  readonly runs: number;
  readonly results: Readonly<Record<string, unknown>>;
  readonly aims: readonly Aim[];
}

/** One benchmark, in a file of its own below `test/bench/`. */
export interface Bench {
  /** One line that says what is measured against what. */
  readonly about: string;
  /**
   * Measures.
   *
   * @param arguments words after the benchmark's name, without `--json`
   * @param print prints a line for people
   */
  run(args: readonly string[], print: (line: string) => void): Promise<BenchReport>;
}

/** The middle of some numbers; NaN of none. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** The number below which the given share of the numbers lies, between neighbours in proportion; NaN of none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
