import type { Page } from 'playwright-core';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { DevboxRefresh } from '../../src/extension/devboxTree/devboxRefresh';
import { DevboxStore } from '../../src/extension/devboxTree/devboxStore';
import { multiplyDevboxes, type ManyDevboxes } from '../manyDevboxes';
import { ManualTiming } from '../unit/extension/manualTiming';
import { startUiSession, type UiSession } from '../ui/uiSession';
import type { Bench } from './bench';

const howMany = 10_000;

interface Loop {
  histogram: { max: number; mean: number; reset(): void };
}

/**
 * An account of ten thousand devboxes in the view of a real VS Code: the list of a real platform, multiplied on the
 * way. Requests of each refresh state are counted where they arrive, with time that passes by itself.
 */
export const treeBench: Bench = {
  about: `tree: ${howMany} devboxes in the view of a real VS Code, and the requests of each refresh state`,
  async run(_args, say) {
    const session = await startUiSession();
    let many: ManyDevboxes | undefined;
    try {
      const real = { apiKey: session.platform.apiKey, baseUrl: session.platform.baseURL };
      await new RunloopApi(real).createDevbox({}, { requestId: 'bench-tree' });
      many = await multiplyDevboxes(real, howMany);
      const view = await measureView(session, many, say);
      const perMinute = await requestsPerMinute(real.apiKey, many);
      say(`requests a minute: ${JSON.stringify(perMinute)}`);
      const aim = (name: string, goal: string, value: number, met: boolean) => ({ name, goal, value, met });
      return {
        bench: 'tree',
        runs: 1,
        results: { devboxes: howMany, ...view, requestsPerMinute: perMinute },
        aims: [
          aim('requests before the first rows', '1', view.requestsBeforeFirstRows, view.requestsBeforeFirstRows === 1),
          aim('longest block of the extension host, ms', 'under 50', view.longestBlockMs, view.longestBlockMs < 50),
          aim('requests a minute, seen, something changes', 'at most 30 (every 2 s)', perMinute.changing, perMinute.changing <= 30),
          // One refresh in 30 s; in accounts larger than a page it may make three requests.
          aim('requests a minute, seen, nothing changes', 'at most 6', perMinute.quiet, perMinute.quiet <= 6),
          aim('requests a minute, unfocused', 'at most 1', perMinute.unfocused, perMinute.unfocused <= 1),
          aim('requests a minute, hidden', 'at most 1', perMinute.hidden, perMinute.hidden <= 1),
          aim('requests a minute, signed out', '0', perMinute.signedOut, perMinute.signedOut === 0),
        ],
      };
    } finally {
      await many?.stop();
      await session.dispose();
    }
  },
};

async function measureView(session: UiSession, many: ManyDevboxes, say: (line: string) => void) {
  const { workbench, api } = session;
  const { page } = workbench;
  const blocks: Record<string, number> = {};
  const block = async (name: string, work: () => Promise<void>): Promise<void> => {
    await api.evaluate(() => {
      (globalThis as unknown as { benchLoop: Loop }).benchLoop.histogram.reset();
    });
    await work();
    blocks[name] = await api.evaluate(() => (globalThis as unknown as { benchLoop: Loop }).benchLoop.histogram.max / 1e6);
    say(`${name}: longest block ${blocks[name].toFixed(1)} ms`);
  };
  await api.evaluate(() => {
    const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks');
    const histogram = monitorEventLoopDelay({ resolution: 1 });
    histogram.enable();
    (globalThis as unknown as { benchLoop: Loop }).benchLoop = { histogram };
  });
  await block('nothing (the noise of this computer)', () => page.waitForTimeout(3_000));
  // The SDK is read on first use; that is the activation bench's business, and happens once.
  await workbench.openViewContainer('Runloop');
  await workbench.tree('Devboxes').welcome.or(workbench.tree('Devboxes').rows).first().waitFor();
  await page.waitForTimeout(1_000);

  many.resetCalls();
  let firstRowsMs = 0;
  let requestsBeforeFirstRows = 0;
  await block('first rows', async () => {
    const release = many.holdAfterOneList();
    const started = performance.now();
    await api.evaluate(
      (vscode, url) => vscode.workspace.getConfiguration('runloop').update('baseUrl', url, vscode.ConfigurationTarget.Global),
      many.baseUrl,
    );
    await workbench.tree('Devboxes').row('benchmark-case-30').waitFor(60_000);
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
    await page.waitForTimeout(2_000);
  });
  const total = await rowDescription(page, 'Active');
  say(`group Active: ${total}`);
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
  const longestBlockMs = Math.max(...Object.entries(blocks).flatMap(([name, ms]) => (name.startsWith('nothing') ? [] : [ms])));
  return { firstRowsMs, requestsBeforeFirstRows, active: total, blocks, longestBlockMs };
}

async function rowDescription(page: Page, label: string): Promise<string> {
  return page
    .locator('.monaco-list[aria-label="Devboxes"] .monaco-list-row')
    .filter({ has: page.locator('.label-name').getByText(label, { exact: true }) })
    .locator('.label-description')
    .innerText();
}

/** Requests in a minute of each state, over ten minutes that pass by themselves. */
async function requestsPerMinute(apiKey: string, many: ManyDevboxes) {
  const api = new RunloopApi({ apiKey, baseUrl: many.baseUrl });
  const measure = async (
    look: { visible: boolean; focused: boolean },
    options: { readonly changing?: boolean; readonly signedOut?: boolean } = {},
  ): Promise<number> => {
    const timing = new ManualTiming();
    const store = new DevboxStore();
    let account: { api: RunloopApi } | undefined = { api };
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
