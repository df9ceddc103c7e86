import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

describe('Several rows of mixed states', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });

  async function made(name: string, status: string): Promise<string> {
    const { id } = await used.api.devboxes.create({ name }, { requestId: crypto.randomUUID() });
    if (status !== 'provisioning') while ((await used.api.devboxes.waitForStatus(id, ['running'], 20)) === undefined);
    if (status === 'suspended') {
      await used.api.devboxes.suspend(id);
      while ((await used.api.devboxes.waitForStatus(id, ['suspended'], 20)) === undefined);
    }
    if (status === 'shutdown') await used.api.devboxes.shutdown(id);
    return id;
  }
  const detailOf = (question: RegExp): string =>
    used.editor.messages.find(({ text }) => question.test(text))?.detail ?? assert.fail();

  it('are each told what happens to them, before it does', async () => {
    const { editor, api, platform } = used;
    await orderFaults(platform, { fault: 'slow_boot', devbox: 'booting', delay_ms: 600_000 });
    const one = await made('one', 'running');
    const two = await made('two', 'running');
    const asleep = await made('asleep', 'suspended');
    const booting = await made('booting', 'provisioning');
    const over = await made('over', 'shutdown');
    const ids = [one, asleep, two, booting, over];
    const rows = ids.map((id) => ({ id }));
    const statuses = (): Promise<string[]> =>
      Promise.all(ids.map(async (id) => (await api.devboxes.retrieve(id)).status));
    const before = await statuses();

    editor.answer(/^Suspend 2 devboxes\?/, undefined);
    await editor.run('runloop.suspendDevbox', rows[0], rows);
    assert.equal(
      detailOf(/^Suspend 2/)
        .split('\n\n')
        .slice(1)
        .join('\n\n'),
      `one (${one})\ntwo (${two})\n\nThese stay as they are:\nasleep (suspended)\nbooting (provisioning)\nover (shut down)`,
    );
    const single = [rows[0], rows[1]];
    editor.answer(/^Suspend one\?/, undefined);
    await editor.run('runloop.suspendDevbox', rows[0], single);
    assert.match(detailOf(/^Suspend one/), /again\.\n\nThese stay as they are:\nasleep \(suspended\)$/);
    // An editor that is open in a browser keeps what is not saved, and has it again after a reload.
    assert.match(detailOf(/^Suspend one/), / Running processes and terminals end\. What is not saved may be lost\. /);

    editor.answer(/^Shut down 4 devboxes\?/, undefined);
    await editor.run('runloop.shutDownDevbox', rows[0], rows);
    assert.match(
      detailOf(/^Shut down 4/),
      new RegExp(`\n\none \\(${one}\\)\nasleep \\(${asleep}\\)\ntwo \\(${two}\\)\nbooting \\(${booting}\\)$`),
    );
    assert.deepEqual(await statuses(), before, 'nobody said yes');

    editor.messages.length = 0;
    await editor.run('runloop.resumeDevbox', rows[0], rows);
    assert.deepEqual(await statuses(), ['running', 'running', 'running', 'provisioning', 'shutdown']);
    await editor.run('runloop.resumeDevbox', rows[0], [rows[0], rows[4]]);
    await editor.message(/^Nothing to do for the 2 devboxes: running, shut down\./);
    await orderFaults(platform);
    await Promise.all([one, two, asleep, booting].map((id) => api.devboxes.shutdown(id)));
    editor.messages.length = 0;
  });
});
