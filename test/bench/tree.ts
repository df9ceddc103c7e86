import type { Page } from 'playwright-core';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { DevboxRefresh } from '../../src/extension/devboxes/devboxRefresh';
import { DevboxStore } from '../../src/extension/devboxes/devboxStore';
import { type ManyDevboxes, multiplyDevboxes } from '../platform/manyDevboxes';
import { ManualTiming } from '../unit/extension/devboxes/manualTiming';
import { startUiSession, type UiSession } from '../ui/uiSession';
import { median, type Bench } from './bench';

const howMany = 10_000;
/** Fresh windows that are measured; of each phase's longest block the middle one counts, as computers have other work. */
const runs = 3;
const noise = 'nothing (the noise of this computer)';

/** In the extension host: the longest time between two turns of the event loop since it was last asked. */
interface Loop {
  /** Milliseconds by the clock, and without those in which the computer had given the thread's core to somebody else. */
  longest(): { readonly wallMs: number; readonly ownMs: number };
}

/**
 * An account of ten thousand devboxes in the view of a real VS Code: the list of a real platform, multiplied on the
 * way. Requests of each refresh state are counted where they arrive, with time that passes by itself.
 */
export const treeBench: Bench = {
  about: `tree: ${howMany} devboxes in the view of a real VS Code, and the requests of each refresh state`,
  async run(_args, print) {
    const views: ViewFigures[] = [];
    const perMinute = await inFreshWindow(async (session, many) => {
      views.push(await measureView(session, many, print));
      return requestsPerMinute(session.platform);
    });
    print(`requests a minute: ${JSON.stringify(perMinute)}`);
    while (views.length < runs) views.push(await inFreshWindow((session, many) => measureView(session, many, print)));
    const view = summary(views);
    const aim = (name: string, goal: string, value: number, met: boolean) => ({ name, goal, value, met });
    return {
      bench: 'tree',
      runs,
      results: { devboxes: howMany, ...view, requestsPerMinute: perMinute },
      aims: [
        aim('requests before the first rows', '1', view.requestsBeforeFirstRows, view.requestsBeforeFirstRows === 1),
        aim('longest block of the extension host, ms', 'under 50', view.longestBlockMs, view.longestBlockMs < 50),
        aim(
          'requests a minute, seen, something changes',
          'at most 30 (every 2 s)',
          perMinute.changing,
          perMinute.changing <= 30,
        ),
        // The first page every 10 s; once a minute, in accounts larger than a page, the running and the suspended ones as well.
        aim('requests a minute, seen, nothing changes', 'at most 8', perMinute.quiet, perMinute.quiet <= 8),
        aim('requests a minute, unfocused', 'at most 1', perMinute.unfocused, perMinute.unfocused <= 1),
        aim('requests a minute, hidden', 'at most 1', perMinute.hidden, perMinute.hidden <= 1),
        aim('requests a minute, signed out', '0', perMinute.signedOut, perMinute.signedOut === 0),
      ],
    };
  },
};

interface ViewFigures {
  readonly firstRowsMs: number;
  readonly requestsBeforeFirstRows: number;
  readonly active: string;
  /** Longest block of the extension host by phase, in milliseconds. */
  readonly blocks: Readonly<Record<string, number>>;
}

async function inFreshWindow<T>(work: (session: UiSession, many: ManyDevboxes) => Promise<T>): Promise<T> {
  const session = await startUiSession();
  let many: ManyDevboxes | undefined;
  try {
    const real = { apiKey: session.platform.apiKey, baseUrl: session.platform.baseUrl };
    await new RunloopApi(real).devboxes.create({}, { requestId: 'bench-tree' });
    many = await multiplyDevboxes(real, howMany);
    return await work(session, many);
  } finally {
    await many?.stop();
    await session.dispose();
  }
}

function summary(views: readonly ViewFigures[]) {
  const phases = Object.keys(views[0]?.blocks ?? {});
  const blocks = Object.fromEntries(
    phases.map((name) => [name, median(views.map((view) => view.blocks[name] ?? Number.NaN))]),
  );
  return {
    firstRowsMs: median(views.map(({ firstRowsMs }) => firstRowsMs)),
    requestsBeforeFirstRows: Math.max(...views.map(({ requestsBeforeFirstRows }) => requestsBeforeFirstRows)),
    active: views[0]?.active,
    blocks,
    longestBlockMs: Math.max(...Object.entries(blocks).flatMap(([name, ms]) => (name === noise ? [] : [ms]))),
  };
}

async function measureView(
  session: UiSession,
  many: ManyDevboxes,
  print: (line: string) => void,
): Promise<ViewFigures> {
  const { workbench, api } = session;
  const { page } = workbench;
  const blocks: Record<string, number> = {};
  const block = async (name: string, work: () => Promise<void>): Promise<void> => {
    await api.evaluate(() => (globalThis as unknown as { benchLoop: Loop }).benchLoop.longest());
    await work();
    const { wallMs, ownMs } = await api.evaluate(() =>
      (globalThis as unknown as { benchLoop: Loop }).benchLoop.longest(),
    );
    blocks[name] = ownMs;
    print(`${name}: longest block ${ownMs.toFixed(1)} ms, ${wallMs.toFixed(1)} ms with waits for a core`);
  };
  await api.evaluate(() => {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    // Linux tells for how long a thread that could run had to wait for a core.
    const waitedMs = (): number => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;
    let longest = { wallMs: 0, ownMs: 0 };
    let last = { at: performance.now(), waited: waitedMs() };
    const look = (): void => {
      const seen = { at: performance.now(), waited: waitedMs() };
      const wallMs = seen.at - last.at - 1;
      const ownMs = wallMs - (seen.waited - last.waited);
      longest = { wallMs: Math.max(longest.wallMs, wallMs), ownMs: Math.max(longest.ownMs, ownMs) };
      last = seen;
    };
    setInterval(look, 1);
    (globalThis as unknown as { benchLoop: Loop }).benchLoop = {
      longest: () => {
        look();
        const answer = longest;
        longest = { wallMs: 0, ownMs: 0 };
        return answer;
      },
    };
  });
  await block(noise, () => page.waitForTimeout(3_000));
  // The SDK is read on first use; that is the activation bench's business, and happens once.
  await workbench.openViewContainer('Runloop');
  await workbench.tree('Devboxes').welcome.or(workbench.tree('Devboxes').rows).first().waitFor();
  // Likewise what the editor itself reads when a setting changes for the first time.
  await api.evaluate((vscode) =>
    vscode.workspace.getConfiguration('runloop').update('forgottenAfterHours', 9, vscode.ConfigurationTarget.Global),
  );
  await page.waitForTimeout(2_000);

  many.resetCalls();
  let firstRowsMs = 0;
  let requestsBeforeFirstRows = 0;
  await block('first rows', async () => {
    const release = many.holdAfterOneList();
    const started = performance.now();
    await api.evaluate(
      (vscode, url) =>
        vscode.workspace.getConfiguration('runloop').update('baseUrl', url, vscode.ConfigurationTarget.Global),
      many.baseUrl,
    );
    await workbench.tree('Devboxes').row('bench-case-30').waitFor(60_000);
    requestsBeforeFirstRows = many.listsAnswered;
    firstRowsMs = performance.now() - started;
    release();
  });
  await page.waitForTimeout(1_000);
  const loadMore = (group: string) =>
    api.evaluate(async (vscode, key) => {
      await vscode.commands.executeCommand('runloop.loadMoreDevboxes', { group: key });
    }, `status=${group}`);
  await block('loading all pages', async () => {
    for (let pages = 0; pages < howMany / 100; pages += 1) await loadMore('active');
    for (let pages = 0; pages < howMany / 1_000; pages += 1) await loadMore('suspended');
    // The editor draws so many pages some time after they were asked for.
    await workbench
      .tree('Devboxes')
      .row('Active')
      .waitForDescription(/^7,?000 /, 60_000);
    await page.waitForTimeout(2_000);
  });
  const total = await rowDescription(page, 'Active');
  print(`group Active: ${total}`);
  await block('refreshing with all of them', async () => {
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await page.waitForTimeout(2_000);
  });
  await block('filtering', async () => {
    await workbench.runCommand('Runloop: Filter Devboxes…');
    await workbench.quickInput.fill('case-77');
    await page.waitForTimeout(500);
    await workbench.quickInput.accept('case-7777');
    await page.waitForTimeout(1_000);
    await workbench.runCommand('Runloop: Clear Filter');
    await page.waitForTimeout(1_000);
  });
  await block('grouping by a metadata key', async () => {
    await workbench.runCommand('Runloop: Group Devboxes By…');
    await workbench.quickInput.pick('team');
    await workbench.tree('Devboxes').row('team-0').waitFor();
  });
  await block('grouping by a key with another value for each', async () => {
    await workbench.runCommand('Runloop: Group Devboxes By…');
    await workbench.quickInput.pick('case');
    await workbench.tree('Devboxes').row('case 0').waitFor();
    await page.waitForTimeout(1_000);
  });
  return { firstRowsMs, requestsBeforeFirstRows, active: total, blocks };
}

async function rowDescription(page: Page, label: string): Promise<string> {
  return page
    .locator('.monaco-list[aria-label="Devboxes"] .monaco-list-row')
    .filter({ has: page.locator('.label-name').getByText(label, { exact: true }) })
    .locator('.label-description')
    .innerText();
}

/**
 * Requests in a minute of each state, over ten minutes that pass by themselves. The list is one of their own: the window that was
 * measured before still asks its own for the first page every ten seconds.
 */
async function requestsPerMinute(real: { readonly apiKey: string; readonly baseUrl: string }) {
  const many = await multiplyDevboxes(real, howMany);
  try {
    return await requestsOfStates(real.apiKey, many);
  } finally {
    await many.stop();
  }
}

async function requestsOfStates(apiKey: string, many: ManyDevboxes) {
  const api = new RunloopApi({ apiKey, baseUrl: many.baseUrl });
  const measure = async (
    look: { visible: boolean; focused: boolean },
    options: { readonly changing?: boolean; readonly signedOut?: boolean } = {},
  ): Promise<number> => {
    const timing = new ManualTiming();
    const store = new DevboxStore();
    const { signal: ended } = new AbortController();
    let account: { api: RunloopApi; ended: AbortSignal } | undefined = { api, ended };
    const failures: unknown[] = [];
    const refresh = new DevboxRefresh({
      store,
      account: () => Promise.resolve(account),
      look: () => look,
      onError: (error) => failures.push(error),
      timing,
    });
    store.onDidChange(() => refresh.reschedule());
    await refresh.now();
    if (options.signedOut === true) {
      account = undefined;
      refresh.restart();
      await refresh.now();
    }
    const [newest] = store.devboxes;
    const keepsChanging = options.changing === true && newest !== undefined;
    const minutes = 10;
    many.resetCalls();
    for (let step = 0; step < minutes * 60; step += 1) {
      // What changes is not in the platform's list: it is told again and again that it changes.
      if (keepsChanging) store.update({ ...newest, status: 'provisioning' });
      await timing.pass(1);
    }
    refresh.dispose();
    if (failures.length > 0) throw failures[0];
    return [...many.calls.values()].reduce((sum, count) => sum + count, 0) / minutes;
  };
  return {
    changing: await measure({ visible: true, focused: true }, { changing: true }),
    quiet: await measure({ visible: true, focused: true }),
    unfocused: await measure({ visible: true, focused: false }),
    hidden: await measure({ visible: false, focused: true }),
    signedOut: await measure({ visible: true, focused: true }, { signedOut: true }),
  };
}
