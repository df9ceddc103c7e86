import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CreateDevboxBody } from '../../src/core/platform/createDevboxBody';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { asObject } from '../../src/core/parse';
import { eventually } from '../eventually';
import { multiplyDevboxes } from '../platform/manyDevboxes';
import { artifactsDir } from '../vscode/projectPaths';
import { orderFaults } from '../platform/orderedFaults';
import { startPlatform } from '../platform/testPlatform';
import { sideBarTo } from './sideBar';
import { startUiSession } from './uiSession';

/**
 * Takes pictures of the view to be looked at: every state, 1, 30 and 300 devboxes, three widths, four themes; tooltips and menus;
 * and writes down what a screen reader says of each row. Arguments name the scenes that are wanted: `states`, `trouble`, `odd`, `many`.
 */
const folder = join(artifactsDir, 'rows');
const clip = { x: 0, y: 0, width: 900, height: 800 };
const widths = [200, 300, 500] as const;
const themes = [
  ['Default Light Modern', 'light'],
  ['Default Dark Modern', 'dark'],
  ['Default High Contrast', 'hc'],
  ['Default High Contrast Light', 'hc-light'],
] as const;

const wanted = process.argv.slice(2);
const isWanted = (scene: 'states' | 'trouble' | 'odd' | 'many'): boolean =>
  wanted.length === 0 || wanted.includes(scene);

await mkdir(folder, { recursive: true });
const session = await startUiSession();
try {
  const { workbench, platform, api: editor } = session;
  const { page } = workbench;
  const real = { apiKey: platform.apiKey, baseUrl: platform.baseUrl };
  const api = new RunloopApi(real);
  const setting = (section: string, name: string, value: string): Promise<void> =>
    editor.evaluate(
      async (vscode, ...[where, what, to]) =>
        vscode.workspace.getConfiguration(where).update(what, to, vscode.ConfigurationTarget.Global),
      section,
      name,
      value,
    );
  const make = (name: string, body: CreateDevboxBody = {}) =>
    api.devboxes.create({ name, ...body }, { requestId: name });

  const pictures = async (what: string, some: readonly (readonly [string, string])[] = themes): Promise<void> => {
    for (const [theme, word] of some) {
      await setting('workbench', 'colorTheme', theme);
      for (const width of widths) {
        await sideBarTo(page, width);
        await page.waitForTimeout(700);
        await page.locator('.sidebar').screenshot({ path: join(folder, `${what}-${word}-${width}.png`) });
      }
    }
  };

  const writeLabels = async (what: string): Promise<void> => {
    const labels: string[] = [];
    for (const row of await workbench.tree('Devboxes').rows.all()) {
      labels.push(`${(await row.getAttribute('aria-level')) ?? ''} ${(await row.getAttribute('aria-label')) ?? ''}`);
    }
    await writeFile(join(folder, `labels-${what}.txt`), labels.join('\n'));
  };
  /** What the pointer and the right button bring up. */
  const overlays = async (what: string, names: readonly string[]): Promise<void> => {
    await setting('workbench', 'colorTheme', 'Default Dark Modern');
    await sideBarTo(page, 300);
    for (const name of names) {
      const row = workbench.tree('Devboxes').row(name).element;
      // A row that is drawn again under a resting mouse shows nothing until the mouse moves.
      await eventually(
        async () => {
          await page.mouse.move(900, 300);
          await row.locator('.custom-view-tree-node-item-icon').hover();
          await page.waitForTimeout(2_000);
          return page.locator('.workbench-hover').count();
        },
        (count) => count > 0,
      );
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(folder, `${what}-tooltip-${name}.png`), clip });
      await row.locator('.label-name').click({ button: 'right' });
      await page.locator('.context-view .monaco-menu').waitFor();
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(folder, `${what}-menu-${name}.png`), clip });
      await page.keyboard.press('Escape');
      await page.mouse.move(900, 300);
    }
  };

  await workbench.openViewContainer('Runloop');
  if (isWanted('states')) {
    await make('evaluation-12', { metadata: { team: 'benchmarks' } });
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await workbench.tree('Devboxes').row('evaluation-12').waitForState('running', 30_000);
    await pictures('1');

    await make('a-long-name-of-an-agent-that-fixes-the-login-page-of-the-shop', {
      launch_parameters: { lifecycle: { after_idle: { idle_time_seconds: 1_800, on_idle: 'suspend' } } },
    });
    await make('ends-soon', { launch_parameters: { keep_alive_time_seconds: 500 } });
    await make('open-to-all', { tunnel: { auth_mode: 'open', http_keep_alive: false } });
    await make('broken', { launch_parameters: { launch_commands: ['exit 3'] } });
    await make('done', { entrypoint: 'exit 0' });
    const shortLived = await make('short-lived', { launch_parameters: { keep_alive_time_seconds: 5 } });
    const mine = await make('mine');
    await api.devboxes.waitForStatus(mine.id, ['running'], 20);
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await workbench.tree('Devboxes').row('mine').chooseFromMenu('Shut Down Devbox');
    await workbench.dialog.press('Shut Down');
    await workbench.notification('Devbox mine was shut down.').waitFor(30_000);
    const { id } = await make('sleeper');
    await api.devboxes.waitForStatus(id, ['running'], 20);
    await api.devboxes.suspend(id);
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.accept('fix-login');
    await workbench.notification('Devbox fix-login is ready.').waitFor(60_000);
    await workbench.runCommand('Notifications: Clear All Notifications');
    while ((await api.devboxes.waitForStatus(shortLived.id, ['shutdown'], 20)) === undefined);
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await eventually(
      () => workbench.tree('Devboxes').rows.allInnerTexts(),
      (texts) => texts.join().includes('broken'),
    );
    const ended = workbench.tree('Devboxes').row('Ended in the Last Day').element;
    for (const name of ['done', 'short-lived', 'mine']) {
      await eventually(
        async () => {
          // Where rows have moved, a click has met another one, or has closed it again.
          if ((await ended.getAttribute('aria-expanded')) === 'false') {
            await ended.locator('.monaco-tl-twistie').click();
          }
          return workbench.tree('Devboxes').row(name).element.count();
        },
        // While rows move from group to group, one may be drawn in both.
        (count) => count === 1,
      );
    }
    await pictures('states');
    await workbench.tree('Devboxes').row('fix-login').element.locator('.monaco-tl-twistie').click();
    await workbench.tree('Devboxes').row('Files').waitFor();
    await pictures('details');
    await writeLabels('states');
    await workbench.tree('Devboxes').row('fix-login').element.locator('.monaco-tl-twistie').click();
    await overlays('states', ['fix-login', 'ends-soon', 'sleeper', 'broken', 'done']);
  }

  if (isWanted('trouble')) {
    const faulty = await startPlatform(['--api-key', real.apiKey, '--fault-control']);
    const rules = [
      { fault: 'slow_boot', stage: 'provisioning', devbox: 'provisions', delay_ms: 600_000 },
      { fault: 'slow_boot', stage: 'initializing', devbox: 'boots', delay_ms: 600_000 },
      { fault: 'slow_boot', stage: 'provisioning', devbox: 'resumes', skip: 1, delay_ms: 600_000 },
      { fault: 'evict_devbox', devbox: 'evicted-later', notice_ms: 300_000 },
      { fault: 'evict_devbox', devbox: 'evicted-now', notice_ms: 20_000 },
      { fault: 'fail_boot', devbox: 'no-disk', reason: 'out_of_disk' },
      { fault: 'end_devbox', devbox: 'no-memory', reason: 'out_of_memory', after_ms: 200 },
      { fault: 'end_devbox', devbox: 'no-answer', reason: 'health_check_failed', after_ms: 200 },
    ];
    await orderFaults(faulty, ...rules);
    await setting('runloop', 'baseUrl', faulty.baseUrl);
    const ill = new RunloopApi(faulty);
    const makeIll = (name: string, body: CreateDevboxBody = {}) =>
      ill.devboxes.create({ name, ...body }, { requestId: name });
    for (const name of ['provisions', 'boots', 'evicted-later', 'evicted-now', 'no-disk', 'no-memory', 'no-answer']) {
      await makeIll(name);
    }
    const resumes = await makeIll('resumes');
    await ill.devboxes.waitForStatus(resumes.id, ['running'], 20);
    await ill.devboxes.suspend(resumes.id);
    await ill.devboxes.waitForStatus(resumes.id, ['suspended'], 20);
    await ill.devboxes.resume(resumes.id);
    const lifecycle = {
      after_idle: { idle_time_seconds: 3_600, on_idle: 'suspend' },
      lifecycle_hooks: { suspend_commands: ['sleep 300'], suspend_deadline_ms: 60_000 },
    } as const;
    const suspends = await makeIll('suspends', { launch_parameters: { lifecycle } });
    await ill.devboxes.waitForStatus(suspends.id, ['running'], 20);
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.accept('server-down');
    await workbench.notification('Devbox server-down is ready.').waitFor(60_000);
    const silent = { fault: 'status', on: 'tunnel', port: 4444, status: 503 };
    const cut = { fault: 'cut', method: 'POST', path: '/v1/devboxes', effect_after_ms: 900_000 };
    await orderFaults(faulty, ...rules, silent, cut);
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.accept('never-came');
    await workbench.statusBarItem(/server-down/).click();
    await workbench.quickInput.waitFor('Session: server-down');
    await workbench.quickInput.dismiss();
    const tree = workbench.tree('Devboxes');
    await tree.row('server-down').waitForDescription('action server down', 60_000);
    await tree.row('never-came').waitFor(120_000);
    await page.screenshot({ path: join(folder, 'trouble-window.png') });
    await workbench.runCommand('Notifications: Clear All Notifications');
    await ill.devboxes.suspend(suspends.id);
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await tree.row('suspends').waitForState('suspending');
    await pictures('trouble');
    await writeLabels('trouble');
    await overlays('trouble', ['boots', 'evicted-later', 'evicted-now', 'server-down']);
    await workbench.runCommand('Runloop: Filter Devboxes…');
    await workbench.quickInput.accept('evicted');
    await pictures('filtered');
    await workbench.runCommand('Runloop: Clear Filter');
    await faulty.stop();
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await page.waitForTimeout(3_000);
    await workbench.runCommand('Notifications: Clear All Notifications');
    await pictures('offline');
    await setting('runloop', 'baseUrl', real.baseUrl);
  }

  if (isWanted('odd')) {
    await make('odd-template');
    // Twenty of the first thirty have ended, and ten are suspended.
    const names = ['no-end', 'resumes', 'waits', 'unheard-of', 'evaluation-12', 'ends-soon'];
    const statuses = ['running', 'resuming', 'queued', 'quarantined', 'running', 'running'];
    const odd = await multiplyDevboxes(real, 30 + names.length, (devbox, index) => {
      const name = names[index - 30];
      const seconds = name === 'no-end' ? null : name === 'ends-soon' ? 300 : 3_600;
      const launch_parameters = { ...asObject(devbox['launch_parameters']), keep_alive_time_seconds: seconds };
      return name === undefined ? devbox : { ...devbox, name, launch_parameters, status: statuses[index - 30] };
    });
    await setting('runloop', 'baseUrl', odd.baseUrl);
    await workbench.tree('Devboxes').row('unheard-of').waitFor(30_000);
    await pictures('odd');
    await writeLabels('odd');
    await setting('runloop', 'baseUrl', platform.baseUrl);
    await odd.stop();
  }

  if (isWanted('many')) {
    await make('template');
    for (const count of [30, 300]) {
      // The first thirty of them do not run.
      const many = await multiplyDevboxes(real, count + 30);
      await setting('runloop', 'baseUrl', many.baseUrl);
      await workbench.tree('Devboxes').row('bench-case-30').waitFor(30_000);
      await pictures(String(count));
      await setting('runloop', 'baseUrl', platform.baseUrl);
      await many.stop();
    }
  }
} finally {
  await session.dispose();
}
