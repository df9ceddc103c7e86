import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('A yes to another extension that comes when its account was left', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('starts nothing', async () => {
    const { editor, extension, platform, api } = used;
    await extension.list();
    let isLeft = false;
    editor.whileBusy = async (what) => {
      if (isLeft || !what.includes('wants to start')) return;
      isLeft = true;
      await editor.secrets.delete(`runloop.apiKey:${platform.baseUrl}`);
      await assert.rejects(extension.list(), { code: 'missing_api_key' });
    };
    editor.answer(/wants to start the devbox/, 'Start Devbox');
    await assert.rejects(extension.start({ name: 'of nobody' }), { code: 'account_changed' });
    editor.whileBusy = () => Promise.resolve();
    assert.ok(isLeft);
    for await (const devbox of api.devboxes.list({})) assert.notEqual(devbox.name, 'of nobody');
  });
});
