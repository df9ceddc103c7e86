import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useAgents } from './useAgents';

describe('The message of an agent that waits', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { view, ready, start, click, described } = useAgents(used);

  it('leads to what waits now, where its own request was answered in the list; with nothing left it says so', async () => {
    const { editor } = used;
    const { box, agents } = await ready('old message');
    // A person leaves the messages where they are, and presses their buttons in the end.
    const pressed: (() => void)[] = [];
    editor.whileBusy = (what) =>
      / needs you: /.test(what) ? new Promise((resolve) => pressed.push(resolve)) : Promise.resolve();
    editor.answer(/^Example in old message needs you: /, 'Answer…');
    const decide = async (choice: string): Promise<void> => {
      editor.answer(/^Example in old message\ntouch /, choice);
      const [request] = await view().rows((await view().rows((await agents()).row))[0]?.row);
      await click(request ?? assert.fail());
    };
    await start(await agents(), [{ run: 'touch one' }, { run: 'touch two' }]);
    await described(agents, /needs you · touch one/);
    await decide('Allow Once');
    await described(agents, /needs you · touch two/);
    assert.equal(pressed.length, 1);
    editor.answer(/^Example in old message\ntouch two/, 'Reject');
    pressed[0]?.();
    await described(agents, /^Example done/);
    assert.equal(await box.bash('ls ~/work'), 'one\n');
    editor.answer(/^Example in old message needs you: /, 'Answer…');
    // One of a later turn, whose request is answered when it is pressed.
    editor.answer(/^Send Prompt/, JSON.stringify([{ run: 'touch three' }]));
    const [prompt] = await view().rows((await view().rows((await agents()).row))[0]?.row);
    await click(prompt ?? assert.fail());
    await described(agents, /needs you · touch three/);
    await decide('Allow Once');
    await described(agents, /^Example done/);
    assert.equal(pressed.length, 2);
    pressed[1]?.();
    await editor.message(/^This was already answered by /);
    assert.equal(await box.bash('ls ~/work'), 'one\nthree\n');
  });
});
