import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { useWindow } from '../../fakeVscode/useWindow';

describe('A window in which nothing was opened', function () {
  this.timeout(120_000);
  const used = useWindow();
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

  it('has no timer, though somebody is signed in', async () => {
    // What ended with the sign-in, such as a connection that is kept for the next request, comes to its end.
    await sleep(6_000);
    const open = timers();
    used.close();
    assert.equal(open, timers());
  });

  it('has one for what time changes as soon as a devbox is known', async () => {
    const { api, extension } = used;
    const devbox = await api.devboxes.create({ name: 'known' }, { requestId: 'known' });
    await extension.list();
    const open = timers();
    await api.devboxes.shutdown(devbox.id);
    used.close();
    assert.ok(open > timers());
  });
});
