import type { Counts, Judgement } from '../campaign';

/** When a request was under way: while nothing hostile happened, or while something did. */
export type Phase = 'idle' | 'besieged';

/** How much larger the time of each step of the histogram is than that of the one before. */
const step = 1.05;

/** Below this many requests the slowest hundredth is chance. */
const enough = 1_000;

/** How many times its idle value the 99th percentile may take. */
const most = 2;

/** The name under which a request of so many milliseconds is counted, so that what runs add up is a histogram. */
export function latencyName(phase: Phase, milliseconds: number): string {
  return `${phase} step ${Math.max(0, Math.ceil(Math.log(Math.max(milliseconds, 1)) / Math.log(step)))}`;
}

/** Takes the histogram out of the counts, and compares what it says of idle and besieged times. */
export function judgeLatencies(counts: Counts): Judgement {
  const shown: Record<string, number | string> = {};
  const histograms = { idle: new Map<number, number>(), besieged: new Map<number, number>() };
  for (const [name, count] of Object.entries(counts)) {
    const [, phase, at] = /^(idle|besieged) step (\d+)$/.exec(name) ?? [];
    if (phase === 'idle' || phase === 'besieged') histograms[phase].set(Number(at), count);
    else shown[name] = count;
  }
  const idle = percentile99(histograms.idle);
  const besieged = percentile99(histograms.besieged);
  if (idle === undefined || besieged === undefined) return { shown, faults: [] };
  const sentence = `${besieged.toFixed(0)} ms besieged, ${idle.toFixed(0)} ms idle (${(besieged / idle).toFixed(2)} times)`;
  return {
    shown: { ...shown, "others' 99th percentile:": sentence },
    faults: besieged > most * idle ? [`others' 99th percentile is more than ${most} times its idle value`] : [],
  };
}

function percentile99(histogram: ReadonlyMap<number, number>): number | undefined {
  const total = [...histogram.values()].reduce((sum, count) => sum + count, 0);
  if (total < enough) return undefined;
  let seen = 0;
  for (const [at, count] of [...histogram].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= total * 0.99) return step ** at;
  }
  return undefined;
}
