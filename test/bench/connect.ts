import { setTimeout as sleep } from 'node:timers/promises';
import { ActionExecutionClient } from '../../src/core/actionServer/actionExecutionClient';
import type { Devbox } from '../../src/core/platform/devbox';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { tunnelOrigin } from '../../src/core/platform/tunnel';
import { RunloopRuntime } from '../../src/core/runtime/runloopRuntime';
import { resolveConfig } from '../../src/core/options/runtimeConfig';
import type { RunloopRuntimeOptions } from '../../src/core/options/runtimeOptions';
import { entrypoint, sessionKeyFile } from '../../src/core/actionServer/startupCommand';
import { type TestPlatform, startPlatform } from '../platform/testPlatform';
import { median, quantile, type Bench } from './bench';

/** Where upstream polls, it waits this long in between (runtime contract §4.1 and §4.2). */
const upstreamPollMs = 1_000;

/** Set before READY in the second case; upstream's rules are measured without any. */
const variables = {
  GITHUB_TOKEN: 'a token of usual length, 40 characters..',
  PROJECT: 'two words',
  MULTI: 'first\nsecond',
};

interface Connect {
  /** Milliseconds from the server's first possible answer to READY. */
  readonly addedMs: number;
  readonly apiCalls: number;
}

/**
 * How much later than possible a connect is ready. The devboxes boot for set times that spread evenly over 1.5 s, so
 * that no way of polling is lucky; when the server could answer is read from its own log.
 */
export const connectBench: Bench = {
  about: "connect: from the server's first answer to READY, ours beside upstream's waiting rules",
  async run(args, print) {
    const runs = Number(args[0] ?? 20);
    const platform = await startPlatform([], { longLived: true });
    try {
      const ours: Connect[] = [];
      const withEnvironment: Connect[] = [];
      const theirs: Connect[] = [];
      for (let run = 0; run < runs; run += 1) {
        const bootMs = Math.round(200 + (1_500 * run) / runs);
        ours.push(await connectOurs(platform, bootMs));
        withEnvironment.push(await connectOurs(platform, bootMs, { envVars: variables }));
        theirs.push(await connectAsUpstream(platform, bootMs));
        print(
          `boot ${bootMs} ms: ours +${Math.round(ours.at(-1)?.addedMs ?? 0)} ms, with variables +${Math.round(withEnvironment.at(-1)?.addedMs ?? 0)} ms, upstream's rules +${Math.round(theirs.at(-1)?.addedMs ?? 0)} ms`,
        );
      }
      const added = median(ours.map(({ addedMs }) => addedMs));
      const baseline = median(theirs.map(({ addedMs }) => addedMs));
      const calls = median(ours.map(({ apiCalls }) => apiCalls));
      const baselineCalls = median(theirs.map(({ apiCalls }) => apiCalls));
      return {
        bench: 'connect',
        runs,
        results: { ours: summary(ours), oursWithVariables: summary(withEnvironment), upstream: summary(theirs) },
        aims: [
          { name: 'added latency, median, ms', goal: 'under 50', value: added, met: added < 50 },
          {
            name: "times less than with upstream's rules",
            goal: 'at least 15',
            value: baseline / added,
            met: baseline / added >= 15,
          },
          {
            name: 'API calls per connect, median',
            goal: `at most upstream's ${baselineCalls}`,
            value: calls,
            met: calls <= baselineCalls,
          },
        ],
      };
    } finally {
      await platform.stop();
    }
  },
};

function summary(connects: readonly Connect[]): Record<string, unknown> {
  const added = connects.map(({ addedMs }) => addedMs);
  return {
    addedMs: { median: median(added), p90: quantile(added, 0.9), max: Math.max(...added) },
    apiCalls: median(connects.map(({ apiCalls }) => apiCalls)),
  };
}

function optionsFor(platform: TestPlatform, bootMs: number): RunloopRuntimeOptions {
  return {
    apiKey: platform.apiKey,
    baseUrl: platform.baseUrl,
    sid: `bench-${bootMs}`,
    plugins: [],
    headlessMode: true,
    launchCommands: [`sleep ${bootMs / 1000}`],
  };
}

async function connectOurs(
  platform: TestPlatform,
  bootMs: number,
  options: Partial<RunloopRuntimeOptions> = {},
): Promise<Connect> {
  let apiCalls = 0;
  const runtime = new RunloopRuntime({ ...optionsFor(platform, bootMs), ...options });
  runtime.onEvent((event) => {
    if (event.type === 'request') apiCalls += 1;
  });
  await runtime.connect();
  const ready = Date.now();
  const calls = apiCalls;
  try {
    return { addedMs: ready - (await answeredAt(runtime.api, runtime.devbox?.id ?? '')), apiCalls: calls };
  } finally {
    await runtime.close({ mode: 'shutdown' });
  }
}

/** Upstream's order and waits: create, poll until it runs, tunnel, poll until alive; nothing meanwhile. */
async function connectAsUpstream(platform: TestPlatform, bootMs: number): Promise<Connect> {
  const config = resolveConfig(optionsFor(platform, bootMs));
  let apiCalls = 0;
  const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl }, () => (apiCalls += 1));
  const sessionKey = 'a key for the bench';
  let devbox: Devbox = await api.devboxes.create(
    {
      name: config.sid,
      entrypoint: entrypoint(config),
      blueprint_name: config.blueprintName,
      mounts: [{ type: 'file_mount', target: sessionKeyFile, content: sessionKey }],
      launch_parameters: { launch_commands: config.launchCommands },
    },
    { requestId: `bench-${Date.now()}` },
  );
  try {
    for (
      devbox = await api.devboxes.retrieve(devbox.id);
      devbox.status !== 'running';
      devbox = await api.devboxes.retrieve(devbox.id)
    ) {
      await sleep(upstreamPollMs);
    }
    const { key } = await api.tunnels.ensure(devbox, 'open');
    const client = new ActionExecutionClient({
      url: tunnelOrigin({ port: 4444, key, apiBaseUrl: platform.baseUrl }),
      sessionKey,
      tunnelToken: undefined,
    });
    while (!(await client.alive().catch(() => false))) await sleep(upstreamPollMs);
    const ready = Date.now();
    const calls = apiCalls;
    return { addedMs: ready - (await answeredAt(api, devbox.id)), apiCalls: calls };
  } finally {
    await api.devboxes.shutdown(devbox.id);
  }
}

/** When the server became able to say "ok", in Unix milliseconds, by its own log. */
async function answeredAt(api: RunloopApi, devboxId: string): Promise<number> {
  const entry = (await api.logs.newest(devboxId)).find(({ text }) => text.includes('ActionExecutor initialized.'));
  if (entry?.timestampMs === undefined) throw new Error('The log does not tell when the server was ready.');
  return entry.timestampMs;
}
