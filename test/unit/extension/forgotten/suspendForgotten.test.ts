import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { asObject } from '../../../../src/core/parse';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { multiplyDevboxes } from '../../../platform/manyDevboxes';

describe('A forgotten devbox that is suspended', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('is named in the question, and attached to again when it is resumed, as one that was suspended by its row', async () => {
    const { editor, api, platform, extension } = used;
    const { id } = await api.devboxes.create({ name: 'left alone' }, { requestId: 'suspend-forgotten' });
    await eventually(
      () => api.devboxes.retrieve(id),
      ({ status }) => status === 'running',
    );
    // A list in which it has no end.
    const endless = await multiplyDevboxes(platform, 1, (devbox) => ({
      ...devbox,
      id,
      name: 'left alone',
      status: 'running',
      launch_parameters: { ...asObject(devbox['launch_parameters']), keep_alive_time_seconds: null },
    }));
    try {
      await editor.secrets.store(`runloop.apiKey:${endless.baseUrl}`, platform.apiKey);
      editor.settings.set('runloop.baseUrl', endless.baseUrl);
      await extension.list();
      // As a window has it that was attached to it before.
      await editor.workspaceState.update('runloop.sessions', [{ devboxId: id, baseUrl: endless.baseUrl }]);
      editor.answer(/^Forgotten Devboxes/, /left alone/);
      editor.answer(/^left alone\n/, 'Suspend');
      await editor.run('runloop.findForgottenDevboxes');
      await eventually(
        () => api.devboxes.retrieve(id),
        ({ status }) => status === 'suspended',
      );
      const kept: unknown = editor.workspaceState.get('runloop.sessions');
      assert.deepEqual(kept, [{ devboxId: id, baseUrl: endless.baseUrl }], 'the window has forgotten it');
    } finally {
      await api.devboxes.shutdown(id);
      await endless.stop();
    }
    editor.messages.length = 0;
  });
});
