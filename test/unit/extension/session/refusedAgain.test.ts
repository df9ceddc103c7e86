import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';
import { useChangingAccounts } from './changingAccounts';

describe('A session of a window whose key may not see its devbox now', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const accounts = useChangingAccounts(used);
  afterEach(() => orderFaults(used.platform));

  it('is remembered, and attached again when it may', async () => {
    const { editor, extension } = used;
    const devboxId = await accounts.startWithFirst();
    const isAttached = async (): Promise<boolean> =>
      (await extension.list()).some(({ id, attached }) => id === devboxId && attached);
    const away = async (): Promise<void> => {
      editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
      await extension.list();
    };
    await away();
    await orderFaults(used.platform, { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes/{id}' });
    editor.settings.set('runloop.baseUrl', accounts.proxy.baseUrl);
    await eventually(
      () => countFaults(used.platform),
      ([rule]) => (rule?.strikes ?? 0) > 0,
    );
    await editor.eventually(() => editor.output(/^Runloop$/).includes(`Attaching to ${devboxId} again`));
    assert.ok(accounts.remembered().includes(devboxId), accounts.remembered());
    await away();
    await orderFaults(used.platform);
    editor.settings.set('runloop.baseUrl', accounts.proxy.baseUrl);
    await eventually(isAttached, (attached) => attached);
    await editor.run('runloop.detachDevbox', devboxId);
  });
});
