import { LineRedactor } from '../../src/core/secrets/lineRedactor';
import { median, type Bench, type BenchReport } from './bench';

const lineCount = 50_000;
const rounds = 7;
const valueCounts = [0, 1, 12, 100] as const;

/** Lines as builds and the action server print them; one in a hundred has a value in it. */
function linesWith(values: readonly string[]): string[] {
  return Array.from({ length: lineCount }, (_, at) => {
    const value = at % 100 === 0 ? (values[at % Math.max(values.length, 1)] ?? '') : '';
    return at % 5 === 0
      ? `03:21:05 - openhands:INFO: action_execution_server.py:${at} - Request received ${value}`
      : `line ${at} of the build: compiled src/module${at}/index.ts in ${at % 977} ms ${value}, see https://example.com/?x=${at}`;
  });
}

/** Keeping secrets out of lines, with few and with many values that are known to be secret. */
export const redactBench: Bench = {
  about: 'Redacting a log line by line: the time with known values beside the time without.',
  run(_args, print): Promise<BenchReport> {
    const times = new Map<number, number[]>(valueCounts.map((count) => [count, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [count, measured] of times) {
        const values = Array.from(
          { length: count },
          (_, at) => `value-${at}-${(at * 7919).toString(36)}-of-a-variable`,
        );
        const redactor = new LineRedactor(values);
        const lines = linesWith(values);
        const began = performance.now();
        for (const line of lines) redactor.redact(line, 'entrypoint');
        measured.push(((performance.now() - began) * 1000) / lineCount);
      }
    }
    const microseconds = Object.fromEntries([...times].map(([count, measured]) => [String(count), median(measured)]));
    for (const [count, time] of Object.entries(microseconds)) print(`${count} values: ${time.toFixed(2)} µs a line`);
    const ratio = (count: number): number => (microseconds[String(count)] ?? NaN) / (microseconds['0'] ?? NaN);
    return Promise.resolve({
      bench: 'redact',
      runs: rounds,
      results: { microsecondsPerLine: microseconds },
      aims: [12, 100].map((count) => ({
        name: `with ${count} values`,
        goal: 'at most 1.5 times as long as without',
        value: ratio(count),
        met: ratio(count) <= 1.5,
      })),
    });
  },
};
