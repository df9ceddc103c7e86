import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';

/** What a button of a message, a link or an old row may still ask for when its devbox has ended. */
const commands = [
  ...['openVscode', 'copyVscodeLink', 'attachDevbox', 'snapshotDevbox', 'runAgentAction', 'openPort', 'forwardPort'],
  ...['requireToken', 'searchFiles', 'goToFile'],
].map((name) => `runloop.${name}`);

describe('A devbox that has ended meanwhile', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('is said to have ended by every command that cannot do anything with it, before anything is asked', async () => {
    const { api, editor } = used;
    const { id } = await api.devboxes.create({ name: 'over' }, { requestId: 'ended-meanwhile' });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    await api.devboxes.shutdown(id);
    for (const command of commands) {
      editor.messages.length = 0;
      await editor.run(command, id);
      assert.deepEqual(
        [command, ...editor.messages.map(({ text }) => text)],
        [command, 'over has already ended. Start another one.'],
      );
      assert.deepEqual(editor.inputs, [], command);
    }
  });
});

describe('Signing out where nobody is signed in', function () {
  this.timeout(120_000);
  const used = useWindow({ isSignedIn: false });

  it('says so, and not that somebody was signed out', async () => {
    await used.editor.run('runloop.signOut');
    assert.deepEqual(
      used.editor.messages.map(({ text }) => text),
      ['You are not signed in to Runloop.'],
    );
  });
});
