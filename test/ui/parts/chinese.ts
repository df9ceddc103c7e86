import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

/** The last part of its window, which stays Chinese. */
export const inChinese: UiTests = (useWindow) =>
  describe('In an editor that is Chinese', function () {
    this.timeout(120_000);
    const session = useWindow();

    it('speaks Chinese, from the first text of the view to the last question', async () => {
      const { workbench, context, api } = session();
      // The editor's own texts are in a language pack of its marketplace. Which language they are in is told at their end.
      await context.route('**/nls.messages.js*', async (route) => {
        const texts = await route.fetch();
        await route.fulfill({
          response: texts,
          body: `${await texts.text()}\nglobalThis._VSCODE_NLS_LANGUAGE = 'zh-cn';`,
        });
      });
      await workbench.reload();
      await api.ready();
      assert.equal(await api.evaluate((vscode) => vscode.env.language), 'zh-cn');
      await workbench.openViewContainer('Runloop');
      const tree = workbench.tree('Devbox');
      await tree.welcome.getByText('没有正在运行的 devbox。').waitFor();
      await workbench.screenshot('chinese-1-welcome');
      await workbench.runCommand('Runloop: 启动 Devbox');
      await workbench.quickInput.waitFor('启动 Devbox');
      await workbench.quickInput.waitFor(/Devbox 的名称\(openhands，LARGE，1 小时后关闭\)/);
      await workbench.quickInput.accept('盒子');
      await workbench.notification('Devbox 盒子 已就绪。').waitFor(60_000);
      const row = tree.row('盒子');
      await row.waitForDescription('已附加', 30_000);
      assert.match(await row.description(), /^已附加 · 刚刚/);
      await row.chooseFromMenu('关闭 Devbox');
      await workbench.dialog.waitFor('关闭 devbox 盒子？');
      await workbench.screenshot('chinese-2-question');
      await workbench.dialog.press('关闭');
      await row.waitForGone(60_000);
      await eventually(
        () => tree.welcome.isVisible(),
        (seen) => seen,
      );
    });
  });
