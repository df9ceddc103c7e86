import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { askCommand } from '../../../../src/extension/runs/askCommand';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('The box for a command', () => {
  const used = useWindow();

  it('takes what is in it when Enter is pressed, however late it was typed', async () => {
    const { editor } = used;
    const asked = askCommand('Run Command in one', { here: ['echo one'], elsewhere: [] });
    const box = await editor.box(/^Run Command in one/);
    box.type('echo one');
    // The editor tells of typing a moment later; what is in the box is there at once.
    box.value = 'echo one; echo two';
    box.accept();
    assert.equal(await asked, 'echo one; echo two');
  });

  it('offers earlier commands, the whole of long ones too, and runs none before it was read', async () => {
    const { editor } = used;
    const long = `printf %s ${'x'.repeat(100)} $(id)`;
    editor.answer(/You can change it/, /^printf/);
    const asked = askCommand('Run Command in one', { here: ['ls'], elsewhere: [long] });
    const box = await editor.box(/^Run Command in one/);
    box.press('Earlier Commands');
    await editor.eventually(() => box.value === long && box.isShown);
    box.accept();
    assert.equal(await asked, long);
  });

  it('has nothing earlier to offer at first, runs nothing that is empty, and is left with Escape', async () => {
    const { editor } = used;
    const asked = askCommand('Run Command in one', { here: [], elsewhere: [] });
    const box = await editor.box(/^Run Command in one/);
    assert.deepEqual(box.buttons, []);
    box.type('  ');
    box.accept();
    assert.ok(box.isShown);
    box.hide();
    assert.equal(await asked, undefined);
  });
});
