import type * as vscode from 'vscode';
import { randomUUID } from 'node:crypto';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { eventually } from '../eventually';
import { startUiSession, type UiSession } from '../ui/uiSession';
import { median } from './bench';

const rounds = 2;
/** Milliseconds for which `yes` runs, and between two looks at the memory. */
const floodMs = 6_000;
const lookMs = 100;
/** Milliseconds for which a terminal prints that is hidden. */
const hiddenMs = 5_000;
const name = 'flood';

/** Megabytes that the extension host has more than before. */
export interface Growth {
  /** Objects and buffers that are in use while it runs, after the collector ran. */
  readonly live: number;
  /** The median and the most of these with what nobody has collected yet. */
  readonly usual: number;
  readonly most: number;
  /** The most of the process itself. */
  readonly resident: number;
  /** What is in use when it has been interrupted. */
  readonly after: number;
  /** What came through, in megabytes. */
  readonly shown: number;
  /** Requests of the extension host while it was opened, and while another terminal hid it and it went on to print. */
  readonly requests: { readonly opening: number; readonly hidden: number };
}

/** What the function below has measured, in bytes. */
interface Samples {
  readonly before: { readonly live: number; readonly resident: number };
  readonly used: readonly number[];
  readonly resident: readonly number[];
  readonly live: number;
  readonly after: number;
  readonly shown: number;
  readonly requests: { readonly opening: number; readonly hidden: number };
}

type Kind = 'ours' | 'bare';

/**
 * The memory of the extension host while `yes` runs in a terminal that is shown, and its requests while one is hidden, in a real VS Code: in one of a devbox, and in one that
 * is nothing but a pseudoterminal of the editor's API which is given the same lines. Each has a window of its own, in turn.
 */
export async function terminalMemory(print: (line: string) => void): Promise<Record<Kind, Growth>> {
  const session = await startUiSession({ settings: { 'terminal.integrated.gpuAcceleration': 'off' } });
  try {
    const { platform, workbench } = session;
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const { id } = await api.devboxes.create({ name }, { requestId: randomUUID() });
    await api.devboxes.waitForStatus(id, ['running'], 30);
    const all: Record<Kind, Growth[]> = { ours: [], bare: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of ['bare', 'ours'] as const) {
        const host = await session.api.evaluate(() => process.pid);
        await workbench.reload();
        await eventually(
          () => session.api.evaluate(() => process.pid).catch(() => host),
          (pid) => pid !== host,
        );
        const growth = await flood(session, kind, id);
        all[kind].push(growth);
        print(
          `${kind}: ${JSON.stringify(growth, (_key, value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value))}`,
        );
      }
    }
    return { ours: middle(all.ours), bare: middle(all.bare) };
  } finally {
    await session.dispose();
  }
}

async function flood({ api }: UiSession, kind: Kind, devboxId: string): Promise<Growth> {
  if (kind === 'ours') {
    await api.evaluate(async (vscode, id) => {
      Reflect.set(globalThis, 'benchRequests', 0);
      const { subscribe } = process.getBuiltinModule('node:diagnostics_channel');
      subscribe('http.client.request.start', () => {
        Reflect.set(globalThis, 'benchRequests', Number(Reflect.get(globalThis, 'benchRequests')) + 1);
      });
      await vscode.commands.executeCommand('runloop.openTerminal', id);
    }, devboxId);
  }
  const samples = await api.evaluate(measure, kind, name, { floodMs, lookMs, hiddenMs });
  const { before } = samples;
  const mb = (bytes: number): number => bytes / 1e6;
  return {
    live: mb(samples.live - before.live),
    usual: mb(median(samples.used) - before.live),
    most: mb(Math.max(...samples.used) - before.live),
    resident: mb(Math.max(...samples.resident) - before.resident),
    after: mb(samples.after - before.live),
    shown: mb(samples.shown),
    requests: samples.requests,
  };
}

function middle(all: readonly Growth[]): Growth {
  const of = (key: Exclude<keyof Growth, 'requests'>): number => median(all.map((growth) => growth[key]));
  const requests = {
    opening: Math.min(...all.map((growth) => growth.requests.opening)),
    hidden: Math.max(...all.map((growth) => growth.requests.hidden)),
  };
  const [live, usual, most] = [of('live'), of('usual'), of('most')];
  return { live, usual, most, resident: of('resident'), after: of('after'), shown: of('shown'), requests };
}

/** Runs in the extension host, and can use nothing of this file. */
async function measure(
  { EventEmitter, window }: typeof vscode,
  kind: 'ours' | 'bare',
  devbox: string,
  ms: { readonly floodMs: number; readonly lookMs: number; readonly hiddenMs: number },
): Promise<Samples> {
  const sleep = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external;
  const live = async (): Promise<number> => {
    const all: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      collect();
      all.push(used());
      await sleep(100);
    }
    return Math.min(...all);
  };
  /** What anybody would write: a piece, and the next one when the terminal has drawn it. */
  const bare = (): vscode.Pseudoterminal => {
    const written = new EventEmitter<string>();
    let runs = false;
    const give = (): void => written.fire(`${'y\r\n'.repeat(10_000)}\u001b[?7999$p`);
    return {
      onDidWrite: written.event,
      open: () => written.fire('$ '),
      close: () => undefined,
      handleInput: (data) => {
        if (data.includes('\u0003')) runs = false;
        else if (data.includes('yes')) runs = true;
        if (runs) give();
      },
    };
  };
  const isOpen = ({ name: of }: vscode.Terminal): boolean => of === devbox;
  const terminal =
    kind === 'bare' ? window.createTerminal({ name: devbox, pty: bare() }) : window.terminals.find(isOpen);
  if (terminal === undefined) throw new Error('There is no such terminal.');
  terminal.show();
  const { pty } = terminal.creationOptions as vscode.ExtensionTerminalOptions;
  let shown = 0;
  let end = '';
  pty.onDidWrite((text) => {
    shown += text.length;
    end = `${end}${text.slice(-200)}`.slice(-200);
  });
  // It may have shown its prompt before anybody listened.
  if (kind === 'ours') terminal.sendText('echo re""ady', true);
  for (let looks = 0; kind === 'ours' && !end.includes('ready'); looks += 1) {
    if (looks > 600) throw new Error(`The shell does not answer: ${end}`);
    await sleep(ms.lookMs);
  }
  await sleep(2_000);
  const before = { live: await live(), resident: process.memoryUsage().rss };
  shown = 0;
  terminal.sendText('yes', true);
  const samples: { used: number[]; resident: number[] } = { used: [], resident: [] };
  for (const from = performance.now(); performance.now() - from < ms.floodMs;) {
    await sleep(ms.lookMs);
    samples.used.push(used());
    samples.resident.push(process.memoryUsage().rss);
  }
  const during = await live();
  const through = shown;
  terminal.sendText('\u0003', false);
  await sleep(2_000);
  const after = await live();
  const count = (): number => Number(Reflect.get(globalThis, 'benchRequests') ?? 0);
  const opening = count();
  terminal.sendText('while sleep 0.2; do date; done', true);
  const other = window.createTerminal({ name: 'other', pty: bare() });
  other.show();
  await sleep(1_000);
  const [requestsBefore, shownBefore] = [count(), shown];
  await sleep(ms.hiddenMs);
  const hidden = count() - requestsBefore;
  if (kind === 'ours' && shown === shownBefore) throw new Error('The hidden terminal has printed nothing.');
  other.dispose();
  terminal.dispose();
  return { before, ...samples, live: during, after, shown: through, requests: { opening, hidden } };
}
