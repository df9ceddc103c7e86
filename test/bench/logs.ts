import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../src/ground/deadline';
import { followEvents } from '../../src/core/logs/followDevbox';
import { FollowPosition } from '../../src/core/logs/followPosition';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { startPlatform } from '../platform/testPlatform';
import { quantile, type Bench, type BenchReport } from './bench';

const throughputLines = 500_000;
const sizes = [1_000, 10_000, 100_000] as const;
/** Milliseconds that each log size is followed for, and lines per second meanwhile. */
const followMs = 6_000;
const followRate = 100;
/** Milliseconds between the CLI's reads of the whole log. */
const baselinePollMs = 2_000;

interface Followed {
  readonly lines: number;
  readonly bytesWritten: number;
  readonly bytesFetched: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly delays: readonly number[];
}

/** Starts a devbox whose entrypoint is a Node script. */
async function devboxThat(api: RunloopApi, script: string): Promise<string> {
  const { id } = await api.devboxes.create(
    { name: 'bench', entrypoint: `exec node -e '${script}'` },
    { requestId: crypto.randomUUID() },
  );
  return id;
}

/** Follows a log to its end; a line that begins with `@` and a time in milliseconds tells its delay. */
async function followed(api: RunloopApi, id: string): Promise<Followed> {
  const delays: number[] = [];
  let [lines, bytesWritten, bytesFetched, began] = [0, 0, 0, 0];
  const cpu = process.cpuUsage();
  const options = { signal: deadline(240_000), onBytes: (count: number) => void (bytesFetched += count) };
  for await (const event of followEvents(api, id, options)) {
    if (event.type === 'notice') throw new Error(`The log was not followed without a break: ${event.notice.kind}`);
    if (began === 0) began = performance.now();
    const now = Date.now();
    for (const { text, exitCode, source } of event.lines) {
      if (source !== 'entrypoint' || exitCode !== undefined) continue;
      lines += 1;
      bytesWritten += Buffer.byteLength(text) + 1;
      if (text.startsWith('@')) delays.push(now - Number(text.slice(1, 14)));
    }
  }
  const used = process.cpuUsage(cpu);
  return {
    lines,
    bytesWritten,
    bytesFetched,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (used.user + used.system) / 1e6,
    delays,
  };
}

/** Bytes per new line at a log of `size` lines: ours, from where it had come to, beside fetching all every 2 s. */
async function costAt(
  api: RunloopApi,
  size: number,
): Promise<{ readonly ours: number; readonly baseline: number; readonly lines: number }> {
  const id = await devboxThat(
    api,
    `for (let i = 0; i < ${size}; i++) process.stdout.write("line " + i + " of the history, with some text to it: " + Math.random() + "\\n");
     setTimeout(() => setInterval(() => console.log("new " + Math.random() + " and some text to it, as lines have"), ${1000 / followRate}), 4000)`,
  );
  const position = new FollowPosition();
  const stop = new AbortController();
  let [bytes, lines] = [0, 0];
  const following = (async () => {
    const options = { signal: stop.signal, position, onBytes: (count: number) => void (bytes += count) };
    for await (const event of followEvents(api, id, options)) if (event.type === 'lines') lines += event.lines.length;
  })();
  while (lines < size + 10) await sleep(50);
  const before = { bytes, lines };
  let baselineBytes = 0;
  const end = performance.now() + followMs;
  while (performance.now() < end) {
    const answer = await fetch(`${api.baseUrl}/v1/devboxes/${id}/logs`, {
      headers: { authorization: api.authorization },
    });
    baselineBytes += (await answer.arrayBuffer()).byteLength;
    await sleep(Math.min(baselinePollMs, Math.max(0, end - performance.now())));
  }
  const fresh = lines - before.lines;
  const ours = bytes - before.bytes;
  stop.abort();
  await following;
  await api.devboxes.shutdown(id);
  return { ours: ours / fresh, baseline: baselineBytes / fresh, lines: fresh };
}

/** Following a log, beside the CLI's way: all of it again every 2 s. */
export const logsBench: Bench = {
  about: 'Following a devbox’s log on the local platform, beside fetching all of it every 2 s as the CLI does.',
  async run(_args, print): Promise<BenchReport> {
    const platform = await startPlatform([], { longLived: true });
    try {
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const burst = await followed(
        api,
        await devboxThat(
          api,
          `let n = 0; const go = () => { while (n < ${throughputLines}) { let part = ""; for (let i = 0; i < 500; i++, n++) part += "line " + n + " " + Math.random() + " " + "x".repeat(60) + "\\n";
           if (!process.stdout.write(part)) { process.stdout.once("drain", go); return; } } }; go();`,
        ),
      );
      const linesPerSecond = burst.lines / burst.seconds;
      print(
        `sustained: ${Math.round(linesPerSecond)} lines/s, ${burst.cpuSeconds.toFixed(2)} s of CPU for ${burst.lines} lines`,
      );
      const paced = await followed(
        api,
        await devboxThat(
          api,
          `let n = 0; const began = Date.now(); const timer = setInterval(() => { const due = Date.now() - began;
           while (n < due && n < 8000) { n++; process.stdout.write("@" + Date.now() + " " + Math.random() + " " + "text".repeat(15) + "\\n"); }
           if (n >= 8000) clearInterval(timer); }, 1)`,
        ),
      );
      const [p50, p99] = [quantile(paced.delays, 0.5), quantile(paced.delays, 0.99)];
      const ratio = (burst.bytesFetched + paced.bytesFetched) / (burst.bytesWritten + paced.bytesWritten);
      print(
        `at 1,000 lines/s: median ${p50.toFixed(1)} ms, 99th percentile ${p99.toFixed(1)} ms from write to listener`,
      );
      const costs: Record<string, { ours: number; baseline: number }> = {};
      for (const size of sizes) {
        const cost = await costAt(api, size);
        costs[String(size)] = cost;
        print(
          `at ${size} lines: ${cost.ours.toFixed(0)} bytes fetched per new line, baseline ${cost.baseline.toFixed(0)} (${cost.lines} new lines)`,
        );
      }
      const largest = costs[String(sizes[2])];
      const saving = largest === undefined ? 0 : largest.baseline / largest.ours;
      return {
        bench: 'logs',
        runs: 1,
        results: {
          linesPerSecond,
          medianDelayMs: p50,
          p99DelayMs: p99,
          bytesFetchedPerLine: burst.bytesFetched / burst.lines,
          bytesWrittenPerLine: burst.bytesWritten / burst.lines,
          bytesFetchedPerLinePaced: paced.bytesFetched / paced.lines,
          cpuSecondsPer100kLines: (burst.cpuSeconds / burst.lines) * 100_000,
          bytesPerNewLineByLogSize: costs,
        },
        aims: [
          { name: 'sustained', goal: 'at least 50,000 lines/s', value: linesPerSecond, met: linesPerSecond >= 50_000 },
          { name: 'delay, 99th percentile', goal: 'under 150 ms at 1,000 lines/s', value: p99, met: p99 < 150 },
          { name: 'bytes fetched per byte written', goal: 'at most 1.2', value: ratio, met: ratio <= 1.2 },
          {
            name: 'saving at 100,000 lines',
            goal: 'at least 100 times fewer bytes than the baseline',
            value: saving,
            met: saving >= 100,
          },
        ],
      };
    } finally {
      await platform.stop();
    }
  },
};
