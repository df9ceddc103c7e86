import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseDevbox, type Devbox } from '../../../../src/core/platform/devbox';
import { DevboxEnds } from '../../../../src/extension/lifeCycle/devboxEnds';
import { EndWarnings, type EndWarningServices } from '../../../../src/extension/lifeCycle/endWarnings';
import { DevboxStore } from '../../../../src/extension/devboxes/devboxStore';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { FakeMemory } from '../../../fakeVscode/memory';

const minute = 60_000;
const realTimeout = setTimeout;
const pause = (ms: number): Promise<void> => new Promise((resolve) => void realTimeout(resolve, ms));

describe('Warnings before the end, over lives and windows', () => {
  const used = useFakeEditor();
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-told-'));
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  });
  afterEach(() => {
    mock.timers.reset();
    rmSync(folder, { recursive: true });
  });

  function devbox(facts: {
    status: string;
    transitions?: readonly (readonly [string, number])[];
    seconds?: number;
  }): Devbox {
    return parseDevbox({
      id: 'dbx_1',
      name: 'mine',
      status: facts.status,
      create_time_ms: 0,
      launch_parameters: { keep_alive_time_seconds: facts.seconds ?? 1_800 },
      state_transitions: (facts.transitions ?? []).map(([status, time]) => ({
        status,
        transition_time_ms: time,
      })),
    });
  }

  /** A window with a memory of its own: what another one has remembered comes too late. */
  function openWindow(seconds?: number): { readonly warnings: EndWarnings; readonly store: DevboxStore } {
    const store = new DevboxStore();
    store.update(devbox({ status: 'running', ...(seconds === undefined ? {} : { seconds }) }));
    const log = { failure: (what: string, error: unknown) => assert.fail(`${what}: ${String(error)}`) };
    const api = {
      clock: { now: () => Date.now() },
      devboxes: { retrieve: () => Promise.resolve(store.get('dbx_1')) },
    };
    const services = {
      account: { current: () => Promise.resolve({ api, ended: new AbortController().signal }) },
      store,
      log,
      globalState: new FakeMemory(),
      toldFolder: folder,
      ours: () => new Set(['dbx_1']),
      ends: new DevboxEnds(new FakeMemory(), log as never),
    };
    const warnings = new EndWarnings(services as unknown as EndWarningServices);
    warnings.plan();
    return { warnings, store };
  }

  /** Lets time pass until so many minutes after the start. */
  async function passTo(minutes: number): Promise<void> {
    while (Date.now() < minutes * minute) {
      // Files are read and written in real time.
      await pause(5);
      mock.timers.tick(Math.min(minute / 2, minutes * minute - Date.now()));
    }
    await pause(50);
  }

  const told = (): number => used.editor.messages.filter(({ text }) => /when its lifetime ends/.test(text)).length;
  /** Waits, while the clock stands still, for what the disk still holds back; what is too much comes no later. */
  async function isTold(times: number): Promise<void> {
    for (let look = 0; look < 2_000 && told() < times; look += 1) await pause(5);
    await pause(50);
    assert.equal(told(), times);
  }

  it('come once where two windows in the background want to warn in the same moment', async () => {
    used.editor.focus(false);
    const windows = [openWindow(), openWindow()];
    for (const [before, due] of [20, 28].entries()) {
      await passTo(due);
      assert.equal(told(), before);
      // Those in the background wait a little.
      await passTo(due + 0.1);
      await isTold(before + 1);
    }
    for (const { warnings } of windows) warnings.dispose();
    used.editor.messages.length = 0;
  });

  it('are waited for in steps that a timer can take, however long a lifetime is', async () => {
    const waits: number[] = [];
    // By hand: a mock of the clock's own would be put back with it by whoever restores all mocks later.
    const { setTimeout: clock } = globalThis;
    globalThis.setTimeout = Object.assign<(work: () => void, ms?: number) => NodeJS.Timeout, typeof clock>(
      (work, ms) => {
        waits.push(ms ?? 0);
        return clock(work, ms);
      },
      clock,
    );
    const { warnings } = openWindow(60 * 24 * 3_600);
    await passTo(1);
    globalThis.setTimeout = clock;
    warnings.dispose();
    assert.ok(waits.length > 0 && waits.every((ms) => ms <= 2 ** 31 - 1), waits.join());
  });

  it('come again before the end of what was resumed after its first lifetime', async () => {
    const { warnings, store } = openWindow();
    await passTo(20);
    await isTold(1);
    await passTo(29);
    await isTold(2);
    store.update(devbox({ status: 'suspended', transitions: [['suspended', 29 * minute]] }));
    warnings.plan();
    await passTo(60);
    assert.equal(told(), 2);
    const transitions = [
      ['suspended', 29 * minute],
      ['resuming', 60 * minute],
      ['running', 61 * minute],
    ] as const;
    store.update(devbox({ status: 'running', transitions }));
    warnings.plan();
    await passTo(79);
    assert.equal(told(), 2);
    await passTo(81);
    await isTold(3);
    await passTo(89);
    await isTold(4);
    warnings.dispose();
    used.editor.messages.length = 0;
  });
});
