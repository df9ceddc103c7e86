import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suspendDevbox } from '../../src/core/platform/lifeCycle';
import type { CreateDevboxBody } from '../../src/core/platform/createDevboxBody';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { eventually } from '../eventually';
import { multiplyDevboxes } from '../platform/manyDevboxes';
import { artifactsDir } from '../vscode/projectPaths';
import { startUiSession } from './uiSession';

/**
 * Takes pictures of the view to be looked at: every state, 1, 30 and 300 devboxes, three widths, four themes; and writes down
 * what a screen reader says of each row.
 */
const folder = join(artifactsDir, 'rows');
const widths = [200, 300, 500] as const;
const themes = [
  ['Default Light Modern', 'light'],
  ['Default Dark Modern', 'dark'],
  ['Default High Contrast', 'hc'],
  ['Default High Contrast Light', 'hc-light'],
] as const;

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
  const make = (name: string, body: CreateDevboxBody = {}) => api.createDevbox({ name, ...body }, { requestId: name });

  const sideBarTo = async (width: number): Promise<void> => {
    const left = (await page.locator('.sidebar').boundingBox())?.x ?? 0;
    const box = await page.locator('.monaco-sash.vertical').nth(1).boundingBox();
    if (box === null) throw new Error('There is no sash.');
    await page.mouse.move(box.x + 2, 500);
    await page.mouse.down();
    await page.mouse.move(left + width, 500, { steps: 5 });
    await page.mouse.up();
    await page.mouse.move(900, 300);
  };
  const pictures = async (what: string): Promise<void> => {
    for (const [theme, word] of themes) {
      await setting('workbench', 'colorTheme', theme);
      for (const width of widths) {
        await sideBarTo(width);
        await page.waitForTimeout(700);
        await page.locator('.sidebar').screenshot({ path: join(folder, `${what}-${word}-${width}.png`) });
      }
    }
  };

  await workbench.openViewContainer('Runloop');
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
  await make('short-lived', { launch_parameters: { keep_alive_time_seconds: 5 } });
  const mine = await make('mine');
  await api.waitForStatus(mine.id, ['running'], 20);
  await workbench.runCommand('Runloop: Refresh Devboxes');
  await workbench.tree('Devboxes').row('mine').chooseFromMenu('Shut Down Devbox');
  await workbench.dialog.press('Shut Down');
  await workbench.notification('Devbox mine was shut down.').waitFor(30_000);
  const { id } = await make('sleeper');
  await api.waitForStatus(id, ['running'], 20);
  await suspendDevbox(api, id);
  await workbench.runCommand('Runloop: Start Devbox');
  await workbench.quickInput.accept('fix-login');
  await workbench.notification('Devbox fix-login is ready.').waitFor(60_000);
  await workbench.runCommand('Notifications: Clear All Notifications');
  await workbench.runCommand('Runloop: Refresh Devboxes');
  await eventually(
    () => workbench.tree('Devboxes').rows.allInnerTexts(),
    (texts) => texts.join().includes('broken'),
  );
  await workbench.tree('Devboxes').row('Ended in the Last Day').click();
  // A second click, where rows have moved, has closed it again.
  await page.keyboard.press('ArrowRight');
  await workbench.tree('Devboxes').row('done').waitFor();
  for (const name of ['short-lived', 'mine']) {
    await workbench.tree('Devboxes').row(name).waitFor();
  }
  await pictures('states');
  await workbench.tree('Devboxes').row('fix-login').element.locator('.monaco-tl-twistie').click();
  await workbench.tree('Devboxes').row('Files').waitFor();
  await pictures('details');
  const { rows } = workbench.tree('Devboxes');
  const labels: string[] = [];
  for (const row of await rows.all()) {
    labels.push(`${(await row.getAttribute('aria-level')) ?? ''} ${(await row.getAttribute('aria-label')) ?? ''}`);
  }
  await writeFile(join(folder, 'labels.txt'), labels.join('\n'));

  for (const count of [30, 300]) {
    // The first thirty of them do not run.
    const many = await multiplyDevboxes(real, count + 30);
    await setting('runloop', 'baseUrl', many.baseUrl);
    await workbench.tree('Devboxes').row('benchmark-case-30').waitFor(30_000);
    await pictures(String(count));
    await setting('runloop', 'baseUrl', platform.baseUrl);
    await many.stop();
  }
} finally {
  await session.dispose();
}
