import { Agent } from 'node:http';
import type { RunloopSDK } from '@runloop/api-client';
import type { TestPlatform } from '../platform/testPlatform';
import { median } from './bench';
import { type Target, get } from './httpGet';

type Client = RunloopSDK['api'];

const bodyBytes = 128 * 2 ** 20;

export interface TunnelFigures {
  readonly throughput: number;
  readonly directThroughput: number;
  readonly latencyMs: number;
  readonly directLatencyMs: number;
  readonly addedMs: number;
}

/** Bytes and requests through a tunnel, beside a direct connection to the same service. */
export async function measureTunnel(client: Client, platform: TestPlatform): Promise<TunnelFigures> {
  const script = `const part = Buffer.alloc(1 << 20, 1), http = require("node:http");
    http.createServer((q, s) => { if (q.url !== "/big") return s.end("pong"); let left = ${bodyBytes} / part.length; const more = () => { while (left-- > 0) if (!s.write(part)) return s.once("drain", more); s.end(); }; more(); })
      .listen(4444, process.env.RUNLOOP_LOCAL_BIND, () => console.log("at " + process.env.RUNLOOP_LOCAL_BIND + " ."));`;
  const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
    entrypoint: `exec node -e '${script}'`,
    tunnel: {},
  });
  let address: string | undefined;
  while (address === undefined) {
    const { logs } = await client.devboxes.logs.list(id);
    address = logs
      .map((entry) => /^at ([\d.]+) \.$/.exec(entry.message ?? '')?.[1])
      .find((found) => found !== undefined);
  }
  const port = Number(new URL(platform.baseUrl).port);
  const through: Target = {
    host: '127.0.0.1',
    port,
    headers: { host: `4444-${tunnel?.tunnel_key ?? ''}.tunnel.localhost:${port}` },
    agent: new Agent({ keepAlive: true }),
  };
  const direct: Target = { host: address, port: 4444, headers: {}, agent: new Agent({ keepAlive: true }) };
  // Alternating, so that a busy moment of the computer hits both.
  const times = { through: [] as number[], direct: [] as number[] };
  for (let i = 0; i < 300; i += 1) {
    times.direct.push((await get(direct, '/')).ms);
    times.through.push((await get(through, '/')).ms);
  }
  const speeds = { through: [] as number[], direct: [] as number[] };
  for (let i = 0; i < 3; i += 1) {
    for (const [name, target] of [
      ['direct', direct],
      ['through', through],
    ] as const) {
      const { bytes, ms } = await get(target, '/big');
      speeds[name].push(bytes / 1e6 / (ms / 1_000));
    }
  }
  through.agent.destroy();
  direct.agent.destroy();
  return {
    throughput: median(speeds.through),
    directThroughput: median(speeds.direct),
    latencyMs: median(times.through),
    directLatencyMs: median(times.direct),
    addedMs: median(times.through) - median(times.direct),
  };
}
