import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { reattach } from '../../../../src/extension/session/reattach';
import { tunnel, usePaperWindow } from './paperWindow';

describe('What a window asks for when it comes back to its devboxes', function () {
  this.timeout(30_000);
  const used = usePaperWindow();
  let back: { dispose(): unknown } | undefined;
  afterEach(() => back?.dispose());

  const remember = async (...ids: readonly string[]): Promise<void> => {
    const { memory, account } = used.window;
    await memory.update(
      'runloop.sessions',
      ids.map((devboxId) => ({ devboxId, baseUrl: account.baseUrl })),
    );
  };
  const comesBack = (): void => void (back = reattach(used.window.services));
  /** The last that it attaches to is reached, so that all before are done with. */
  const isDone = async (id = 'dbx_2'): Promise<void> =>
    used.editor.eventually(() => used.window.sessions.isAttached(id) || used.window.leaving.signal.aborted);
  const attached = (): readonly string[] => used.window.sessions.all().map(([id]) => id);
  const failures = (): readonly string[] => used.window.told.filter((line) => line.startsWith('failed'));
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

  it('is nothing where it was attached to nothing, and nothing once it is over', async () => {
    const { window } = used;
    comesBack();
    await turn();
    window.changed.fire();
    await remember('dbx_1');
    back?.dispose();
    window.changed.fire();
    comesBack();
    back?.dispose();
    await turn();
    assert.deepEqual([window.lookedUp, window.account.asked], [0, []]);
  });

  it('is each once, with no more than a line in the status bar, and nothing that changes or uses it', async () => {
    const { window, editor } = used;
    window.devbox('dbx_1', 'running', { tunnel: { ...tunnel, http_keep_alive: true } });
    await remember('dbx_1', 'dbx_2');
    comesBack();
    await isDone();
    assert.deepEqual(attached(), ['dbx_1', 'dbx_2']);
    assert.deepEqual([window.account.changes, window.told.filter((line) => line.startsWith('used'))], [[], []]);
    assert.deepEqual(
      editor.progress.map(({ location }) => location),
      ['Window', 'Window'],
    );
    assert.ok(editor.messages.length === 0 && window.reached.length > 0);
    const { length } = window.account.asked;
    window.changed.fire();
    await turn();
    await turn();
    assert.equal(window.account.asked.length, length);
  });

  it('is of its own account alone, also when it comes back to that', async () => {
    const { window } = used;
    comesBack();
    await turn();
    const others = { devboxId: 'dbx_1', baseUrl: 'https://api.another.example' };
    await window.memory.update('runloop.sessions', [others, { devboxId: 'dbx_2', baseUrl: window.account.baseUrl }]);
    window.changed.fire();
    await isDone();
    assert.deepEqual(
      window.account.asked.filter((line) => line.includes('dbx_1')),
      [],
    );
  });

  it('wakes none that sleeps, which is shown so, and remembered', async () => {
    const { window, editor } = used;
    window.devbox('dbx_1', 'suspended');
    await remember('dbx_1', 'dbx_2');
    comesBack();
    await isDone();
    assert.deepEqual([attached(), window.account.changes, failures()], [['dbx_2'], [], []]);
    assert.ok(window.told.includes('suspended dbx_1'));
    assert.deepEqual([window.remembered.toSorted(), editor.messages], [['dbx_1', 'dbx_2'], []]);
  });

  it('forgets what is gone, and not what it may not see now', async () => {
    const { window } = used;
    window.account.answers.set('GET /v1/devboxes/dbx_1', { status: 403, body: { message: 'no' } });
    await remember('dbx_of_nobody', 'dbx_1', 'dbx_2');
    comesBack();
    await isDone();
    assert.deepEqual(window.remembered.toSorted(), ['dbx_1', 'dbx_2']);
    assert.equal(failures().length, 2);
  });

  it('tells once of what has ended meanwhile, and forgets it', async () => {
    const { window, editor } = used;
    window.devbox('dbx_1', 'shutdown');
    await remember('dbx_1', 'dbx_2');
    comesBack();
    await isDone();
    assert.deepEqual([window.remembered, window.account.changes], [['dbx_2'], []]);
    await editor.message(/The devbox dbx_1 has ended/);
    assert.equal(editor.messages.length, 1);
  });

  it('does not say that one has ended which lives by now', async () => {
    const { window, editor } = used;
    window.devbox('dbx_1', 'suspended');
    let looks = 0;
    window.account.before = (line) => {
      if (line === 'GET /v1/devboxes/dbx_1' && (looks += 1) > 1) window.devbox('dbx_1', 'running');
    };
    await remember('dbx_1', 'dbx_2');
    comesBack();
    await isDone();
    assert.deepEqual([window.remembered.toSorted(), editor.messages], [['dbx_1', 'dbx_2'], []]);
    assert.ok(window.told.includes('running dbx_1'));
  });

  for (const status of ['running', 'suspended', 'shutdown']) {
    it(`ends with its account: the rest is asked of no other one, and remembered, after one that is ${status}`, async () => {
      const { window, editor } = used;
      window.devbox('dbx_1', status);
      window.account.before = () => window.leaving.abort();
      await remember('dbx_1', 'dbx_2');
      comesBack();
      await isDone();
      for (let count = 0; count < 50; count += 1) await turn();
      assert.deepEqual([attached(), window.remembered], [[], ['dbx_1', 'dbx_2']]);
      assert.deepEqual([window.account.asked, editor.messages], [['GET /v1/devboxes/dbx_1'], []]);
    });
  }
});
