import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { eventually } from '../../eventually';
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

  it('has no connection and no child once all that was opened is closed again', async () => {
    const { api, editor } = used;
    // Sockets, servers, pipes and processes.
    const open = (): string[] => process.getActiveResourcesInfo().filter((kind) => kind.endsWith('Wrap'));
    // What the sign-in has left is gone by then.
    await sleep(6_000);
    const before = open().sort();
    const devbox = await api.devboxes.create({ name: 'opened' }, { requestId: 'opened' });
    await api.devboxes.waitForStatus(devbox.id, ['running'], 20);
    await editor.run('runloop.openTerminal', devbox.id);
    const terminal = editor.terminals.at(-1) ?? assert.fail();
    await editor.eventually(() => /\$ $/.test(terminal.text));
    const running = editor.run('runloop.runCommand', devbox.id);
    const box = await editor.box(/^Run Command in /);
    box.type('sleep 300');
    box.accept();
    await running;
    assert.notDeepEqual(open().sort(), before);
    const uri = editor.documents.at(-1)?.uri ?? assert.fail();
    await editor.run('runloop.stopCommand', uri);
    terminal.dispose();
    // Connections are kept for some seconds for the next request.
    await eventually(
      () => Promise.resolve(open().sort().join(' ')),
      (now) => now === before.join(' '),
      30_000,
    );
    await api.devboxes.shutdown(devbox.id);
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
