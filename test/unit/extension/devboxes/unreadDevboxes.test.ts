import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

describe('A list of devboxes of which not all can be read', function () {
  this.timeout(120_000);
  const used = useWindow({ isSignedIn: false });
  let server: ScriptedServer;
  let page: unknown;

  before(async () => {
    server = await ScriptedServer.start(({ url }, answer) => {
      if (url.startsWith('/v1/accounts/me')) sendJson(answer, { id: 'acc_1', name: 'somebody' });
      else sendJson(answer, page);
    });
  });
  after(() => server.stop());

  async function window(answer: unknown): Promise<typeof used.editor> {
    const { editor } = used;
    page = answer;
    editor.settings.set('runloop.baseUrl', server.origin);
    await signIn(editor, 'ak_x');
    editor.messages.length = 0;
    return editor;
  }

  const running = { id: 'dbx_1', name: 'one', status: 'running', metadata: {}, create_time_ms: Date.now() };
  const said = (): string[] => used.editor.messages.map(({ text }) => text);

  for (const [command, question, choice] of [
    ['runloop.copyDevboxId', /^Select a devbox to copy its ID/, 'one'],
    ['runloop.openLog', /^Select a devbox to open its log/, undefined],
    ['runloop.searchLogs', /^Search Logs/, undefined],
    ['runloop.whyDidItStop', /^Select a devbox to find out why it stopped/, undefined],
  ] as const) {
    it(`is said to be one before it is chosen from: ${command}`, async () => {
      const editor = await window({ devboxes: [running, { id: 'dbx_2' }, null], has_more: false });
      editor.answer(question, choice);
      await editor.run(command);
      assert.match(said().join(), /^Devboxes that could not be read: \d+$/);
    });
  }

  it('is said to be one before the forgotten are looked for', async () => {
    const editor = await window({ devboxes: [null], has_more: false });
    await editor.run('runloop.findForgottenDevboxes');
    assert.match(said().join(' '), /Devboxes that could not be read: 1/);
  });

  for (const [what, answer] of [
    ['nothing can be read', { devboxes: [null, { id: 'dbx_2' }], has_more: false }],
    ['it does not say whether that is all', { devboxes: [] }],
  ] as const) {
    it(`is not taken for an account without devboxes where ${what}`, async () => {
      const editor = await window(answer);
      for (const command of ['runloop.copyDevboxId', 'runloop.openLog', 'runloop.openVscode', 'runloop.resumeDevbox']) {
        await editor.run(command);
      }
      assert.ok(said().length >= 4);
      assert.ok(!said().includes('You have no devboxes.'), said().join('\n'));
    });
  }
});
