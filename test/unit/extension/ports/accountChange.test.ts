import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { askPort } from '../../core/ports/askPort';
import { useChangingAccounts } from '../session/changingAccounts';

/** A port of this computer that no other test uses. */
const local = 18_365;

describe('Ports whose account changes meanwhile', function () {
  this.timeout(180_000);
  const used = useWindow();
  const accounts = useChangingAccounts(used);

  it('are neither opened, copied nor forwarded', async () => {
    const { editor } = used;
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({ name: 'ports of the first account' });
    const port = { kind: 'port', devboxId: id, port: 80 };
    const answers = (): Promise<boolean> =>
      askPort(`http://localhost:${local}/`).then(
        () => true,
        () => false,
      );
    for (const command of ['openPort', 'copyPortUrl', 'forwardPort']) {
      let isForwarded = false;
      const waits = await accounts.changeAtEachWait(
        async () => {
          editor.answer(/^Forward Port/, String(local));
          await editor.run(`runloop.${command}`, port);
          isForwarded = await answers();
        },
        (where) => {
          assert.deepEqual([editor.opened, editor.clipboard, isForwarded], [[], '', false], `${command} ${where}`);
          editor.forgive();
        },
      );
      assert.ok(waits.has('request'), `${command} ${[...waits].join()}`);
      editor.forgive();
    }
    // At last nothing changed; now it does.
    assert.ok(await answers());
    await accounts.beginWithFirst();
    editor.settings.set('runloop.baseUrl', 'http://127.0.0.1:1');
    await used.extension.list().catch(() => undefined);
    assert.equal(await answers(), false);
  });

  it('are asked to require a token in the account that they were shown in', async () => {
    const { editor, api } = used;
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({ name: 'open one' });
    await api.tunnels.enable(id, { auth_mode: 'open' }, {});
    await accounts.changeAtEachWait(
      async () => {
        editor.answer(/^Require a token/, undefined);
        await editor.run('runloop.requireToken', { kind: 'ports', devboxId: id });
      },
      () => editor.forgive(),
    );
    editor.forgive();
  });
});
