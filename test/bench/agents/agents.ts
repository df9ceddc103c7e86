import { build } from 'esbuild';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { startPlatform } from '../../platform/testPlatform';
import { content, filesDevbox, signal, type FilesDevbox } from '../../unit/core/files/useFiles';
import { outDir } from '../../vscode/projectPaths';
import type { LiveAgent } from '../../../src/extension/agents/liveAgent';
import { median, quantile, type Bench } from '../bench';
import type * as windows from './agentsWindow';

const frames = 60;
const answers = 40;
const sessions = 20;
/** Milliseconds for which nobody does anything. */
const idleMs = 10_000;
const command = ['node', '/tmp/timed.mjs'] as const;

/** What a person waits for with agents, what twenty sessions keep, and what runs where nobody looks. */
export const agentsBench: Bench = {
  about: `agents: from a frame that an agent writes to its row, from an answer to the agent's input beside a bare client, memory of ${sessions} sessions, timers`,
  async run(_args, print) {
    const platform = await startPlatform([], { longLived: true });
    const { agentsWindow } = (await import(
      pathToFileURL(join(outDir, 'bench', 'agentsWindow.js')).href
    )) as typeof windows;
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const window = agentsWindow(api, { apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    try {
      const box = await filesDevbox(api, 'bench');
      await putAgent(box);
      const rowMs = await rows(window, box);
      print(
        `frame to row: median ${median(rowMs).toFixed(0)} ms, 95th percentile ${quantile(rowMs, 0.95).toFixed(0)} ms`,
      );
      const { ours, bare, commands } = await answersOf(window, box);
      const ratio = median(ours) / median(bare);
      print(
        `answer to input: ${median(ours).toFixed(1)} ms; a bare client: ${median(bare).toFixed(1)} ms; a command that does nothing: ${median(commands).toFixed(0)} ms`,
      );
      const { megabytes, timers } = await many(window, box);
      print(`${sessions} sessions: ${megabytes.toFixed(1)} MB; timers: ${JSON.stringify(timers)}`);
      const p95 = quantile(rowMs, 0.95);
      const aim = (name: string, goal: string, value: number, met: boolean) => ({ name, goal, value, met });
      return {
        bench: 'agents',
        runs: frames,
        results: { rowMs, ours, bare, commands, megabytes, timers },
        aims: [
          aim('frame to row, 95th percentile, ms', 'at most 150', p95, p95 <= 150),
          aim('answer to the agent’s input, median, ms', 'at most 100', median(ours), median(ours) <= 100),
          aim('the same ÷ a bare client', 'at most 3', ratio, ratio <= 3),
          aim(`heap of ${sessions} sessions, MB`, 'at most 15', megabytes, megabytes <= 15),
          aim('timers under 30 s while nothing happens', '0', timers.length, timers.length === 0),
        ],
      };
    } finally {
      window.end();
      await platform.stop();
    }
  },
};

async function putAgent({ files }: FilesDevbox): Promise<void> {
  const entryPoints = ['test/bench/agents/timedAgent.ts'];
  const { outputFiles } = await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', write: false });
  const source = content(Buffer.from(outputFiles[0]?.contents ?? []));
  await files.write('/tmp/timed.mjs', source, { create: true, overwrite: true, token: undefined, signal });
}

/** Milliseconds from each frame's writing until its row has been drawn. A frame that another overtook counts from its own. */
async function rows(window: windows.AgentsWindow, { id }: FilesDevbox): Promise<number[]> {
  const seen = new Map<string, number>();
  window.onRows(id, (descriptions) => {
    const now = Date.now();
    for (const written of descriptions.flatMap((one) => /at (\d{10,})/.exec(one)?.[1] ?? [])) {
      if (!seen.has(written)) seen.set(written, now - Number(written));
    }
  });
  const agent = await window.start(id, command, `say ${frames}`);
  const last = (): number =>
    agent.transcript.items.reduce((sum, item) => sum + (item.kind === 'said' ? item.pieces.length : 0), 0);
  await eventually(
    () => Promise.resolve(last()),
    (count) => count >= frames,
    120_000,
  );
  await sleep(500);
  await agent.end();
  // The first ones find everything cold.
  return [...seen.values()].slice(5);
}

/**
 * Milliseconds from an answer to the agent's input, by a window, which keeps who answered what, and by a client that writes to the
 * input of a command and keeps nothing; and what a command that does nothing takes.
 */
async function answersOf(
  window: windows.AgentsWindow,
  box: FilesDevbox,
): Promise<Record<'ours' | 'bare' | 'commands', number[]>> {
  const [ours, bare, commands]: [number[], number[], number[]] = [[], [], []];
  const agent = await window.start(box.id, command, 'ask');
  const open = await box.commands.open(`exec ${command.join(' ')} <&4`, { signal, isFed: true });
  const told: number[] = [];
  const read = (async () => {
    for await (const lines of open.lines()) {
      told.push(...lines.flatMap((line) => /got ([\d.]+)/.exec(line)?.[1] ?? []).map(Number));
    }
  })();
  // Alternating, so that a busy moment of the computer hits both.
  for (let count = 0; count < answers; count += 1) {
    const request =
      (await eventually(
        () => Promise.resolve(agent.waiting[0]),
        (one) => one !== undefined,
      )) ?? fail();
    const choice = request.choices[0] ?? fail();
    const began = nowMs();
    await agent.answer(request, choice);
    const got = await eventually(
      () => Promise.resolve(gotOf(agent)),
      (all) => all.length > count,
    );
    ours.push((got[count] ?? Number.NaN) - began);
    const sent = nowMs();
    await open.tell(JSON.stringify({ jsonrpc: '2.0', id: count, result: { outcome: { outcome: 'cancelled' } } }));
    await eventually(
      () => Promise.resolve(told),
      (all) => all.length > count,
    );
    bare.push((told[count] ?? Number.NaN) - sent);
    const alone = nowMs();
    await box.bash('true');
    commands.push(nowMs() - alone);
  }
  await open.end();
  await read;
  await agent.end();
  return { ours: ours.slice(3), bare: bare.slice(3), commands: commands.slice(3) };
}

function gotOf({ transcript }: Awaited<ReturnType<windows.AgentsWindow['start']>>): number[] {
  const text = transcript.items.flatMap((item) => (item.kind === 'said' ? item.pieces : [])).join('');
  return [...text.matchAll(/got ([\d.]+)/g)].map((match) => Number(match[1]));
}

/** What sessions keep in memory that have said 100 kB each, and timers that are set while nobody says anything. */
async function many(window: windows.AgentsWindow, box: FilesDevbox): Promise<{ megabytes: number; timers: number[] }> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  const before = heap();
  const live: LiveAgent[] = [];
  for (let count = 0; count < sessions; count += 1) live.push(await window.start(box.id, command, 'much'));
  await eventually(
    () => Promise.resolve(live.filter(({ transcript }) => transcript.items.length > 1).length),
    (count) => count === sessions,
    120_000,
  );
  await sleep(2_000);
  const megabytes = heap() - before;
  const timers = await timersSet(() => sleep(idleMs));
  for (const one of live) await one.end();
  return { megabytes, timers };
}

/** Timers under 30 s that are set meanwhile. */
async function timersSet(work: () => Promise<unknown>): Promise<number[]> {
  const timers: number[] = [];
  const waiting = work();
  const { setTimeout: once, setInterval: often } = globalThis;
  const note = (milliseconds = 0): void => {
    if (milliseconds < 30_000) timers.push(milliseconds);
  };
  const changed = {
    setTimeout: new Proxy(once, {
      apply: (set, self, args: unknown[]) => {
        note(Number(args[1] ?? 0));
        return Reflect.apply(set, self, args) as unknown;
      },
    }),
    setInterval: new Proxy(often, {
      apply: (set, self, args: unknown[]) => {
        note(Number(args[1] ?? 0));
        return Reflect.apply(set, self, args) as unknown;
      },
    }),
  };
  Object.assign(globalThis, changed);
  try {
    await waiting;
  } finally {
    Object.assign(globalThis, { setTimeout: once, setInterval: often });
  }
  return timers;
}

/** Milliseconds, finer than a date tells them; the agent counts them the same way. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function fail(): never {
  throw new Error('The agent does not ask.');
}
