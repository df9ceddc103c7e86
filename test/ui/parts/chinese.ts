import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'mocha';
import type { UiTests } from '../sharedWindow';

/** What the API, or who stands in its place, may answer to a key, and what is said of it. */
const refusals: readonly [answer: (to: ServerResponse) => unknown, said: string][] = [
  [
    (to) => json(to, 400),
    'Runloop API 在检查 API 密钥时拒绝了请求(400)：the words of the API。请检查请求的内容，然后重试。',
  ],
  [(to) => json(to, 401), 'Runloop 不接受此 API 密钥。'],
  [(to) => json(to, 402), '(402)'],
  [(to) => json(to, 403), '请使用有权执行此操作的 API 密钥，或咨询帐户的所有者。'],
  [(to) => json(to, 404), '请刷新：它可能已被删除。'],
  [(to) => json(to, 429, { 'retry-after': '90' }), '(429)'],
  [(to) => json(to, 501), '问题出在服务器端，请稍后重试。'],
  [(to) => to.writeHead(511).end(), '此网络要求先登录才能访问(511)。'],
  [
    (to) => to.writeHead(302, { location: 'http://portal.example/' }).end(),
    '返回了指向 http://portal.example 的重定向(302)',
  ],
  [(to) => to.writeHead(200, { 'content-type': 'text/html' }).end('<html>'), 'Runloop API 返回的内容不是 JSON。'],
  [(to) => to.writeHead(200, { 'content-type': 'application/json' }).end('[]'), 'Runloop API 返回的内容不是帐户。'],
];

function json(to: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  to.writeHead(status, { 'content-type': 'application/json', ...headers });
  to.end(JSON.stringify({ message: 'the words of the API' }));
}

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
      await workbench.quickInput.waitFor(/devbox 的名称\(openhands，LARGE，1 小时后关闭\)/);
      await workbench.quickInput.accept('盒子');
      await workbench.notification('devbox 盒子 已就绪。').waitFor(60_000);
      const row = tree.row('盒子');
      await row.waitForState('已附加', 30_000);
      assert.match(await row.description(), /^(?:59 分钟|1 小时) · \$0\.\d\d\/小时/);
      await row.chooseFromMenu('关闭 Devbox');
      await workbench.dialog.waitFor('关闭 devbox 盒子？');
      await workbench.screenshot('chinese-2-question');
      await workbench.dialog.press('关闭');
      await row.waitForGone(60_000);
      await tree.row('最近一天内结束').element.waitFor();
    });

    it('tells failures in Chinese, and quotes what the API says', async () => {
      const { workbench, api } = session();
      let answer: (to: ServerResponse) => unknown = () => undefined;
      const server = createServer((_request, response) => void answer(response));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      try {
        await api.evaluate(
          (vscode, url) =>
            vscode.workspace.getConfiguration('runloop').update('baseUrl', url, vscode.ConfigurationTarget.Global),
          `http://127.0.0.1:${port}`,
        );
        await workbench.runCommand('Runloop: 登录');
        for (const [given, said] of refusals) {
          answer = given;
          await workbench.quickInput.accept('ak_some_key_000000');
          await workbench.quickInput.message().getByText(said).waitFor();
          await workbench.quickInput.fill('');
        }
        await workbench.screenshot('chinese-3-failure');
        await workbench.quickInput.dismiss();
      } finally {
        await api.evaluate((vscode) =>
          vscode.workspace.getConfiguration('runloop').update('baseUrl', undefined, vscode.ConfigurationTarget.Global),
        );
        server.closeAllConnections();
        server.close();
      }
    });
  });
