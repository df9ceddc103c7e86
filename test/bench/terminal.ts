import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { TerminalSession } from '../../src/core/terminal/terminalSession';
import type { TerminalState } from '../../src/core/terminal/terminalState';
import { eventually } from '../eventually';
import { startPlatform } from '../platform/testPlatform';
import { median, quantile, type Bench, type BenchReport } from './bench';
import { startDelay, type Delay } from './delay';
import { forwarderThroughput } from './forwarderThroughput';
import { terminalMemory } from './terminalMemory';
import { webSocketEcho } from './webSocketEcho';

const keys = 300;
const delayedKeys = 30;
/** Milliseconds of a round trip through the delay. */
const delayMs = 150;
/** Milliseconds for which a terminal is left alone. */
const idleMs = 5_000;

/** The usual prompt of a devbox has the very key in it that is typed, and would be taken for its first echo. */
const plainPrompt = `PS1='> '; echo re""ady`;
const waitsForKeys = /ready\r\n[^]*> $/;

/** Waits for one key's echo at a time. */
class Echo {
  readonly #send: (key: string) => void;
  #arrived: (() => void) | undefined;

  constructor(send: (key: string) => void) {
    this.#send = send;
  }

  readonly take = (text: string): void => {
    if (text.includes('x')) this.#arrived?.();
  };

  /** Milliseconds of each key. */
  async measure(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let at = 0; at < count; at += 1) {
      const begin = performance.now();
      const come = new Promise<void>((resolve) => (this.#arrived = resolve));
      this.#send('x');
      await come;
      times.push(performance.now() - begin);
      // The line stays short.
      if (at % 50 === 49) this.#send('\u0015');
    }
    // The first ones find everything cold.
    return times.slice(Math.min(20, count / 10));
  }
}

/** A shell on a pty of this computer, by `script`. */
async function localPty(): Promise<number[]> {
  const program = spawn('script', ['-qfec', 'bash --norc -i', '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let seen = '';
  const echo = new Echo((key) => program.stdin.write(key));
  program.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
    echo.take(chunk.toString());
  });
  try {
    program.stdin.write(`${plainPrompt}\r`);
    await eventually(
      () => Promise.resolve(seen),
      (text) => waitsForKeys.test(text),
    );
    return await echo.measure(keys);
  } finally {
    program.kill();
  }
}

interface OpenTerminal {
  readonly session: TerminalSession;
  readonly echo: Echo;
}

async function terminalIn(api: RunloopApi, devboxId: string): Promise<OpenTerminal> {
  const states: TerminalState[] = [];
  let seen = '';
  const session = new TerminalSession({
    api,
    devboxId,
    name: `bench-${randomUUID()}`,
    isKnown: false,
    folder: undefined,
    tunnelUrlTemplate: undefined,
    ended: new AbortController().signal,
    onOutput: (text) => {
      seen += text;
      echo.take(text);
    },
    onState: (state) => states.push(state),
    onFailure: (error) => console.error(error),
  });
  const echo = new Echo((key) => session.write(key));
  session.start({ cols: 100, rows: 30 });
  await eventually(
    () => Promise.resolve(states.at(-1)?.kind),
    (kind) => kind === 'open',
  );
  session.write(`${plainPrompt}\r`);
  await eventually(
    () => Promise.resolve(seen),
    (text) => waitsForKeys.test(text),
  );
  return { session, echo };
}

/** Requests that are sent while keys are typed, and while nobody does anything. */
async function requestsOf({ echo }: OpenTerminal, delay: Delay): Promise<{ typing: number; idle: number }> {
  const before = delay.requests;
  await echo.measure(delayedKeys);
  const typing = delay.requests - before;
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  return { typing: typing / delayedKeys, idle: delay.requests - before - typing };
}

function aimsOf({ ours, bare }: Awaited<ReturnType<typeof terminalMemory>>): BenchReport['aims'] {
  // What waits for the collector goes up and down by more than that in either of them; it is in the results.
  const [live, resident] = [ours.live - bare.live, ours.resident - bare.resident];
  const goal = 'at most 20 MB';
  return [
    { name: 'memory in use while `yes` runs, beyond a bare pseudoterminal', goal, value: live, met: live <= 20 },
    { name: 'of the whole process, at the most', goal, value: resident, met: resident <= 20 },
    {
      name: 'requests of a hidden terminal that prints',
      goal: '0',
      value: ours.requests.hidden,
      met: ours.requests.hidden === 0 && ours.requests.opening > 0,
    },
  ];
}

export const terminalBench: Bench = {
  about:
    'The echo of a key in a devbox\u2019s terminal, beside a WebSocket and a pty of this computer; with a delay between; requests; memory while `yes` runs, beside a bare pseudoterminal; the forwarder\u2019s throughput beside a bare pipe. `window`: only what takes a VS Code.',
  async run(args, print) {
    const window = await terminalMemory(print);
    const windowAims = aimsOf(window);
    if (args.includes('window')) return { bench: 'terminal', runs: 1, results: { window }, aims: windowAims };
    const platform = await startPlatform([]);
    const delay = await startDelay(Number(new URL(platform.baseUrl).port), delayMs / 2);
    try {
      const api = new RunloopApi(platform);
      const { id } = await api.devboxes.create({ name: 'bench' }, { requestId: randomUUID() });
      await api.devboxes.waitForStatus(id, ['running'], 30);
      const near = await terminalIn(api, id);
      // Alternating, so that a busy moment of the computer hits all of them.
      const rounds: { pty: number; socket: number; terminal: number; ratio: number }[] = [];
      const all: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const pty = median(await localPty());
        const socket = median(await webSocketEcho(keys));
        const times = await near.echo.measure(keys);
        all.push(...times);
        const terminal = median(times);
        rounds.push({ pty, socket, terminal, ratio: terminal / (pty + socket) });
      }
      near.session.dispose();
      const ratio = median(rounds.map((round) => round.ratio));
      const echoMs = median(all);
      print(`key: ${echoMs.toFixed(2)} ms (p95 ${quantile(all, 0.95).toFixed(2)}), ${ratio.toFixed(2)} times both`);

      const far = await terminalIn(new RunloopApi({ apiKey: platform.apiKey, baseUrl: delay.url }), id);
      const delayed = median(await far.echo.measure(delayedKeys));
      const requests = await requestsOf(far, delay);
      far.session.dispose();
      print(`key with ${delayMs} ms between: ${delayed.toFixed(1)} ms; requests: ${JSON.stringify(requests)}`);

      const speeds = await forwarderThroughput();
      print(`forwarder ${speeds.forwarder.toFixed(0)} MB/s, bare pipe ${speeds.pipe.toFixed(0)} MB/s`);
      const share = speeds.forwarder / speeds.pipe;
      return {
        bench: 'terminal',
        runs: rounds.length,
        results: { window, rounds, echoMs, echoP95Ms: quantile(all, 0.95), delayedMs: delayed, requests, speeds },
        aims: [
          ...windowAims,
          { name: 'echo \u00f7 (WebSocket + pty)', goal: 'at most 4', value: ratio, met: ratio <= 4 },
          {
            name: `what a key takes beyond ${delayMs} ms of delay`,
            goal: 'at most 10 ms',
            value: delayed - delayMs,
            met: delayed - delayMs <= 10,
          },
          { name: 'requests per key', goal: '0', value: requests.typing, met: requests.typing === 0 },
          { name: 'requests of an idle terminal', goal: '0', value: requests.idle, met: requests.idle === 0 },
          { name: 'forwarder \u00f7 bare pipe', goal: 'at least 0.8', value: share, met: share >= 0.8 },
        ],
      };
    } finally {
      delay.close();
      await platform.stop();
    }
  },
};
