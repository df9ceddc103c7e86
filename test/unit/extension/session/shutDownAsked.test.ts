import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { askAndShutDown } from '../../../../src/extension/session/askAndShutDown';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

const question = /^Shut down the devbox one\?/;
const snapshotQuestion = /^A snapshot of one is being taken/;

describe('What is shut down after a question, and what is done then', function () {
  this.timeout(30_000);
  const used = useFakeEditor();
  let account: ScriptedAccount;
  let leaving: AbortController;
  let done: string[];

  beforeEach(async () => {
    account = await ScriptedAccount.start(
      { id: 'dbx_1', name: 'one', status: 'running' },
      { id: 'dbx_2', name: 'two', status: 'running' },
    );
    leaving = new AbortController();
    done = [];
  });
  afterEach(() => account.stop());

  const asked = async (...ids: readonly string[]): Promise<void> => {
    const api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: account.baseUrl });
    const notes = (what: string) => (id: string) => void done.push(`${what} ${id}`);
    const later = (what: string) => (id: string) => Promise.resolve(void done.push(`${what} ${id}`));
    const services = {
      sessions: { detach: notes('let go of') },
      store: { update: ({ id, status }: { id: string; status: string }) => void done.push(`${status} ${id}`) },
      sessionKeys: { delete: later('key of') },
      keepAlive: { off: notes('no longer alive') },
      endedHere: { ended: later('ended here') },
      log: { failure: () => undefined, info: () => undefined },
    };
    const devboxes = await Promise.all(ids.map((id) => api.devboxes.retrieve(id)));
    await askAndShutDown(services as never, { api, ended: leaving.signal } as never, devboxes);
  };
  const fails = async (work: Promise<unknown>, code: RuntimeErrorCode): Promise<void> => {
    await assert.rejects(work, (error) => {
      assert.ok(RuntimeError.is(error, code), String(error));
      return true;
    });
  };
  const of = (id: string): string[] =>
    ['ended here', 'let go of', 'no longer alive', 'shutdown', 'key of'].map((what) => `${what} ${id}`);

  it('is what was chosen and nothing else, with its key and what kept it alive', async () => {
    used.editor.answer(question, 'Shut Down');
    await asked('dbx_1');
    assert.deepEqual([account.changes, done], [['POST /v1/devboxes/dbx_1/shutdown'], of('dbx_1')]);
    const [shown] = used.editor.messages;
    assert.deepEqual([shown?.isModal, shown?.buttons], [true, ['Shut Down', 'Take Snapshot First']]);
    assert.match(shown?.detail ?? '', /permanently lost[^]*dbx_1$/);
    await used.editor.message(/^Devbox one was shut down\./);
  });

  it('is all of several, named in the question', async () => {
    used.editor.answer(/^Shut down 2 devboxes\?/, 'Shut Down');
    await asked('dbx_1', 'dbx_2');
    assert.deepEqual(done.toSorted(), [...of('dbx_1'), ...of('dbx_2')].toSorted());
    assert.match(used.editor.messages[0]?.detail ?? '', /one[^]*two/);
  });

  it('is nothing after Escape, or where the account was left before the answer', async () => {
    used.editor.answer(question, undefined);
    await asked('dbx_1');
    used.editor.answer(question, 'Shut Down');
    const asking = asked('dbx_1');
    leaving.abort();
    await fails(asking, 'account_changed');
    assert.deepEqual([account.changes, done], [[], []]);
  });

  it('keeps its key and its session where it may still run', async () => {
    account.answers.set('shutdown', { status: 403, body: { message: 'not yours' } });
    used.editor.answer(question, 'Shut Down');
    await fails(asked('dbx_1'), 'may_still_run');
    assert.deepEqual(done, []);
    assert.equal(used.editor.messages.length, 1);
  });

  it('ends no snapshot without a second answer that says so', async () => {
    account.answers.set('shutdown', { status: 409, body: { message: 'a snapshot is being taken' } });
    used.editor.answer(question, 'Shut Down');
    used.editor.answer(snapshotQuestion, 'Keep Devbox');
    await fails(asked('dbx_1'), 'cancelled');
    used.editor.answer(question, 'Shut Down');
    used.editor.answer(snapshotQuestion, undefined);
    await fails(asked('dbx_1'), 'cancelled');
    assert.deepEqual([done, account.asked.filter((line) => line.includes('force'))], [[], []]);
    assert.ok(used.editor.messages.every(({ isModal }) => isModal));
    used.editor.answer(question, 'Shut Down');
    used.editor.answer(snapshotQuestion, 'Shut Down Anyway');
    await fails(asked('dbx_1'), 'may_still_run');
    const { length } = account.asked.filter((line) => line.endsWith('/dbx_1/shutdown?force=true'));
    assert.ok(length > 0);
  });
});
