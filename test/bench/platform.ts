import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { RunloopSDK } from '@runloop/api-client';
import { type TestPlatform, startPlatform } from '../platform/testPlatform';
import { median, quantile, type Bench } from './bench';
import { get, type Target } from './httpGet';
import { measureTunnel } from './platformTunnel';

type Client = RunloopSDK['api'];

const running = 100;
const all = 10_000;
const streams = 50;

/** How much the local platform carries at once, and how fast it is with it. */
export const platformBench: Bench = {
  about: `platform: ${running} devboxes at once, ${all} in the list, ${streams} log streams, a tunnel beside a direct connection`,
  async run(args, print) {
    const count = Number(args[0] ?? running);
    const platform = await startPlatform(['--fault-control'], { longLived: true });
    try {
      const client = new RunloopSDK({
        baseURL: platform.baseUrl,
        bearerToken: platform.apiKey,
        maxRetries: 0,
        http2: false,
      }).api;
      const boots = await measureBoots(client, count);
      print(
        `boots: create to running ${round(boots.medianMs)} ms one by one, ${round(boots.perSecond)} per second ${count} at once`,
      );
      const tunnel = await measureTunnel(client, platform);
      print(
        `tunnel: ${round(tunnel.throughput)} MB/s (direct ${round(tunnel.directThroughput)}), ${round(tunnel.latencyMs)} ms a request (direct ${round(tunnel.directLatencyMs)})`,
      );
      const followed = await measureStreams(client, platform, boots.ids[0] ?? '');
      print(
        `${streams} log streams: ${followed.complete} complete, ${round(followed.entriesPerSecond)} entries per second in all`,
      );
      const requests = await measureRequests(platform, boots.ids[0] ?? '');
      print(`requests per second: retrieve ${round(requests.retrieve)}, list of 20 ${round(requests.list)}`);
      const seeding = await endMany(client, platform, all - count - 2);
      print(`${all} devboxes are known (the ended ones made at ${round(seeding)} per second)`);
      const paging = await measurePaging(client);
      print(`paged through ${paging.seen} devboxes, 100 a page, in ${round(paging.ms)} ms; ${paging.running} run`);
      const rss = memoryOf(platform.pid);
      print(`memory of the platform: ${round(rss.now)} MB now, ${round(rss.peak)} MB at most`);
      return {
        bench: 'platform',
        runs: 1,
        results: {
          boots: { medianMs: boots.medianMs, p95Ms: boots.p95Ms, perSecond: boots.perSecond },
          tunnel,
          streams: followed,
          requests,
          paging,
          rssMb: rss,
        },
        aims: [
          {
            name: 'devboxes running at once',
            goal: `at least ${count}`,
            value: paging.running,
            met: paging.running >= count,
          },
          { name: 'devboxes paged through', goal: `${all}`, value: paging.seen, met: paging.seen === all },
          { name: 'paging through them, ms', goal: 'under 2000', value: paging.ms, met: paging.ms < 2_000 },
          {
            name: 'log streams at once that were complete',
            goal: `${streams}`,
            value: followed.complete,
            met: followed.complete === streams,
          },
          { name: 'memory of the platform at most, MB', goal: 'under 300', value: rss.peak, met: rss.peak < 300 },
        ],
      };
    } finally {
      await platform.stop();
    }
  },
};

async function measureBoots(
  client: Client,
  count: number,
): Promise<{ medianMs: number; p95Ms: number; perSecond: number; ids: string[] }> {
  const boot = async (): Promise<{ id: string; ms: number }> => {
    const began = performance.now();
    const { id, status } = await client.devboxes.createAndAwaitRunning({
      entrypoint: 'exec sleep 3600',
      launch_parameters: { resource_size_request: 'X_SMALL' },
    });
    if (status !== 'running') throw new Error(`Devbox ${id} is ${status}.`);
    return { id, ms: performance.now() - began };
  };
  const single: { id: string; ms: number }[] = [];
  for (let i = 0; i < Math.min(20, count); i += 1) {
    single.push(await boot());
  }
  const began = performance.now();
  const rest = await Promise.all(Array.from({ length: count - single.length }, boot));
  const seconds = (performance.now() - began) / 1_000;
  const times = single.map(({ ms }) => ms);
  return {
    medianMs: median(times),
    p95Ms: quantile(times, 0.95),
    perSecond: rest.length / seconds,
    ids: [...single, ...rest].map(({ id }) => id),
  };
}

/** Follows one devbox's log with many readers while it writes, and counts who got everything. */
async function measureStreams(
  client: Client,
  platform: TestPlatform,
  id: string,
): Promise<{ complete: number; entriesPerSecond: number }> {
  const lines = 2_000;
  const { id: writer } = await client.devboxes.create({
    entrypoint: `sleep 1; for ((i = 1; i <= ${lines}; i++)); do echo "line $i ."; done; sleep 3600`,
    metadata: { beside: id },
  });
  const began = performance.now() + 1_000;
  const readers = await Promise.all(
    Array.from({ length: streams }, async () => {
      const stop = new AbortController();
      const limit = setTimeout(() => stop.abort(), 60_000);
      let seen = 0;
      let text = '';
      try {
        const response = await fetch(`${platform.baseUrl}/v1/devboxes/${writer}/logs/tail`, {
          headers: { authorization: `Bearer ${platform.apiKey}` },
          signal: stop.signal,
        });
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          text += Buffer.from(chunk).toString();
          const events = text.split('\n\n');
          text = events.pop() ?? '';
          seen += events.filter((event) => / \."/.test(event)).length;
          if (seen >= lines) break;
        }
      } finally {
        clearTimeout(limit);
        stop.abort();
      }
      return seen;
    }),
  );
  const seconds = Math.max(0.001, (performance.now() - began) / 1_000);
  return {
    complete: readers.filter((seen) => seen === lines).length,
    entriesPerSecond: readers.reduce((sum, seen) => sum + seen, 0) / seconds,
  };
}

async function measureRequests(platform: TestPlatform, id: string): Promise<{ retrieve: number; list: number }> {
  const agent = new Agent({ keepAlive: true });
  const target: Target = {
    host: '127.0.0.1',
    port: Number(new URL(platform.baseUrl).port),
    headers: { authorization: `Bearer ${platform.apiKey}` },
    agent,
  };
  const rate = async (path: string, total: number): Promise<number> => {
    let left = total;
    const began = performance.now();
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (left > 0) {
          left -= 1;
          await get(target, path);
        }
      }),
    );
    return total / ((performance.now() - began) / 1_000);
  };
  const figures = {
    retrieve: await rate(`/v1/devboxes/${id}`, 3_000),
    list: await rate('/v1/devboxes?limit=20', 1_500),
  };
  agent.destroy();
  return figures;
}

/** Makes devboxes that have ended: their boot fails on order, before anything is built. */
async function endMany(client: Client, platform: TestPlatform, total: number): Promise<number> {
  const order = async (rules: unknown[]): Promise<void> => {
    const answer = await fetch(`${platform.baseUrl}/local/faults`, {
      method: 'POST',
      headers: { authorization: `Bearer ${platform.apiKey}` },
      body: JSON.stringify({ rules }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };
  await order([{ fault: 'fail_boot' }]);
  let left = total;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (left > 0) {
        left -= 1;
        await client.devboxes.create({ name: `ended ${left}`, metadata: { number: String(left) } });
      }
    }),
  );
  await order([]);
  return total / ((performance.now() - began) / 1_000);
}

async function measurePaging(client: Client): Promise<{ seen: number; running: number; ms: number }> {
  const began = performance.now();
  const ids = new Set<string>();
  let up = 0;
  for await (const devbox of client.devboxes.list({ limit: 100 })) {
    ids.add(devbox.id);
    up += devbox.status === 'running' ? 1 : 0;
  }
  return { seen: ids.size, running: up, ms: performance.now() - began };
}

/** Memory of a process in MB: now, and the most it ever was. */
function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
