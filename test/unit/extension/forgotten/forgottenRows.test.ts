import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

const hourMs = 3_600_000;

describe('The list of forgotten devboxes (U5)', function () {
  this.timeout(120_000);
  const used = useWindow({ isSignedIn: false });
  let server: ScriptedServer;

  const running = (id: string, ageMs: number, keep_alive_time_seconds: number | null): object => ({
    id,
    name: id.slice(4),
    status: 'running',
    metadata: {},
    create_time_ms: Date.now() - ageMs - 1_000,
    launch_parameters: { resource_size_request: 'LARGE', keep_alive_time_seconds },
  });

  before(async () => {
    server = await ScriptedServer.start(({ url }, answer) => {
      const devboxes = [
        running('dbx_fresh', 0, 3_600),
        running('dbx_old', 30 * hourMs, 48 * 3_600 + 60),
        running('dbx_endless', 2 * hourMs, null),
      ];
      if (url.startsWith('/v1/accounts/me')) sendJson(answer, { id: 'acc_1', name: 'somebody' });
      else sendJson(answer, { devboxes, has_more: false });
    });
  });
  after(() => server.stop());

  it('has what is old or has no end, not what is new and ends, and tells a start from the time left', async () => {
    const { editor } = used;
    editor.settings.set('runloop.baseUrl', server.origin);
    await signIn(editor, 'ak_x');
    editor.answer(/^Forgotten Devboxes/, undefined);
    await editor.run('runloop.findForgottenDevboxes');
    const rows = editor.offered.map((item) =>
      typeof item === 'string' ? item : `${item.label}: ${item.description ?? ''}`.replace(/18 h( \d+ min)?/, '18 h'),
    );
    assert.deepEqual(rows, [
      'old: started: 30 h ago · est. $0.42/h · 18 h left · no use recorded here',
      'endless: started: 2 h ago · est. $0.42/h · no use recorded here',
    ]);
  });
});
