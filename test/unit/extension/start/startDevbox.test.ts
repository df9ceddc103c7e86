import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { longestName } from '../../../../src/core/start/startChoices';
import { orderFaults } from '../../../platform/orderedFaults';
import { InputBoxValidationSeverity } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Starting a devbox', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const named = async (name: string) => (await used.extension.list()).filter((one) => one.name === name);

  it('asks for a name, tells how it goes, attaches, follows the output and offers what is next', async () => {
    const { editor } = used;
    editor.answer(/^Start Devbox/, 'first');
    await editor.run('runloop.startDevbox');
    const ready = await editor.message(/^Devbox first is ready/);
    assert.deepEqual(ready.buttons, ['Open VS Code', 'Show Output']);
    assert.deepEqual(
      (await named('first')).map(({ status, attached }) => [status, attached]),
      [['running', true]],
    );
    const [progress] = editor.progress;
    assert.ok(progress !== undefined);
    assert.equal(progress.title, 'Starting devbox first');
    assert.equal(progress.messages.at(-1), 'ready');
    await editor.eventually(() => editor.output(/^Runloop: first/).includes('[info]'));
  });

  it('refuses a name that cannot be, and warns of one that is there', async () => {
    const { editor, extension } = used;
    await extension.list();
    const before = await named('first');
    assert.equal(before.length, 1);
    editor.answer(/^Start Devbox/, undefined);
    await editor.run('runloop.startDevbox');
    const check = (value: string): unknown => editor.inputs[0]?.validateInput?.(value);
    assert.equal(await check(' '), 'Enter a name.');
    assert.equal(await check('x'.repeat(500)), `Use at most ${longestName} characters.`);
    assert.equal(await check('a\u001b[2Jb'), 'The name contains control characters.');
    assert.equal(await check('second'), undefined);
    assert.deepEqual(await check('first'), {
      severity: InputBoxValidationSeverity.Warning,
      message: 'A devbox with this name already exists. This starts another one.',
    });
    assert.deepEqual(await named('first'), before);
  });

  it('starts one where Enter was pressed twice', async () => {
    const { editor } = used;
    editor.answer(/^Start Devbox/, 'twice');
    editor.answer(/^Start Devbox/, 'twice');
    await Promise.all([editor.run('runloop.startDevbox'), editor.run('runloop.startDevbox')]);
    assert.equal((await named('twice')).length, 1);
    assert.equal(editor.messages.filter(({ text }) => text === 'Devbox twice is ready.').length, 1);
  });

  it('leaves nothing behind when it is cancelled and the person wants that', async () => {
    const { editor, platform } = used;
    await orderFaults(platform, { fault: 'slow_boot', devbox: 'unwanted', delay_ms: 600_000 });
    editor.answer(/^Start Devbox/, 'unwanted');
    editor.answer(/^Devbox unwanted is still starting\. Shut it down\?/, 'Shut Down');
    const starting = editor.run('runloop.startDevbox');
    await editor.eventually(() => (editor.progress[0]?.messages.length ?? 0) > 0);
    editor.progress[0]?.cancel();
    await starting;
    await editor.message(/^The start of unwanted was cancelled\. No devbox was left behind\./);
    assert.deepEqual(
      (await named('unwanted')).filter(({ status }) => status !== 'shutdown'),
      [],
    );
  });

  it('goes on where the person keeps it when asked whether to shut it down, by the button or by Escape', async () => {
    const { editor, platform, api } = used;
    for (const [name, answer] of [
      ['kept', 'Keep Devbox'],
      ['escaped', undefined],
    ] as const) {
      await orderFaults(platform, { fault: 'slow_boot', devbox: name, delay_ms: 1_500 });
      editor.answer(/^Start Devbox/, name);
      editor.answer(new RegExp(`^Devbox ${name} is still starting\\. Shut it down\\?`), answer);
      const starting = editor.run('runloop.startDevbox');
      const progress = () => editor.progress.find(({ title }) => title.includes(name));
      await editor.eventually(() => progress()?.messages.some((text) => text.startsWith('provisioning')) === true);
      progress()?.cancel();
      await starting;
      const asked = await editor.message(new RegExp(`^Devbox ${name} is still starting`));
      assert.deepEqual(asked.buttons, ['Shut Down', 'Keep Devbox']);
      await editor.message(new RegExp(`^Devbox ${name} is ready`));
      const [devbox] = await named(name);
      assert.equal(devbox?.status, 'running');
      await api.devboxes.shutdown(devbox.id);
    }
  });

  it('offers to build a blueprint that is not there', async () => {
    const { editor } = used;
    editor.settings.set('runloop.blueprint', 'not-there');
    editor.answer(/^Start Devbox/, 'without');
    await editor.run('runloop.startDevbox');
    const message = await editor.message(/not-there/);
    assert.deepEqual([message.kind, message.buttons], ['error', ['Build It…', 'Choose Blueprint']]);
    assert.deepEqual(await named('without'), []);
  });
});
