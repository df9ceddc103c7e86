import assert from 'node:assert/strict';
import { after, describe, it } from 'mocha';
import { PortProxy } from './portProxy';
import { useUiSession } from './uiSession';
import { Workbench } from './workbench/workbench';

describe('Opening VS Code from an editor that runs elsewhere', function () {
  this.timeout(120_000);
  let proxy: PortProxy | undefined;
  const session = useUiSession(async () => {
    proxy = await PortProxy.start();
    return { env: { VSCODE_PROXY_URI: proxy.template } };
  });
  after(() => proxy?.stop());

  it('leads the browser through the editor\u2019s own forwarding', async () => {
    const { workbench } = session();
    await workbench.openViewContainer('Runloop');
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.accept('seen-from-outside');
    const ready = workbench.notification('Devbox seen-from-outside is ready.');
    await ready.waitFor(60_000);
    const page = await workbench.newPageDuring(() => ready.press('Open VS Code'), 60_000);
    const inner = new Workbench(page);
    await inner.waitUntilReady();
    assert.match(new URL(page.url()).hostname, /^\d+\.outside\.localhost$/);
    assert.ok(!page.url().includes('tkn='));
    assert.equal(proxy?.asked.size, 1);
    // Its terminal and its files come over WebSockets.
    await inner.page.locator('.explorer-folders-view').waitFor({ timeout: 30_000 });
    await inner.screenshot('open-3-outside');
    await page.close();
  });
});
