import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { cancelled, RuntimeError } from '../../../../src/core/errors';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { NotedStart } from '../../../../src/core/start/notedStart';
import { ownerText, thisOwner } from '../../../../src/core/start/notes/noteOwner';
import { parseStartNote, type StartNote } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { unsettledStarts } from '../../../../src/core/start/unsettledStarts';
import { ScriptedAccount, type ScriptedAnswer } from '../../../platform/scriptedAccount';

const refused: ScriptedAnswer = { status: 403, body: { message: 'not now' } };
/** To a path at which nothing is. */
const ledAway: ScriptedAnswer = { location: '/v1/elsewhere/dbx_none/elsewhere' };

describe('A start of which more, or something else, was made than was answered', function () {
  this.timeout(60_000);
  let account: ScriptedAccount;
  let api: RunloopApi;
  let folder: string;
  let start: NotedStart;
  let made: string[];

  beforeEach(async () => {
    account = await ScriptedAccount.start({ id: 'dbx_1', status: 'running', name: 'mine', metadata: {} });
    folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
    api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: account.baseUrl });
    start = await NotedStart.begin(api, 'mine', notes());
    made = [];
  });
  afterEach(async () => {
    await account.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const notes = (): StartNotes => new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
  const create = (): Promise<unknown> =>
    start.create({ name: 'mine' }, { signal: new AbortController().signal }, ({ id }) => void made.push(id));
  const left = (): StartNote | undefined => {
    const [file] = readdirSync(folder);
    return file === undefined ? undefined : parseStartNote(readFileSync(join(folder, file), 'utf8'));
  };
  /** What the next window asks about: the computer has started anew since. */
  const askedAbout = async (): Promise<readonly string[]> => {
    for (const file of readdirSync(folder)) {
      const [requestId = ''] = file.split('.');
      const owner = ownerText({ ...thisOwner(), bootMinute: 1 });
      renameSync(join(folder, file), join(folder, `${requestId}.${owner}.json`));
    }
    return (await unsettledStarts(api, notes())).flatMap(({ devboxes }) => devboxes.map(({ id }) => id)).sort();
  };
  const statusOf = (id: string): unknown => account.devboxes.get(id)?.status;
  const statuses = (): unknown =>
    Object.fromEntries([...account.devboxes.values()].map(({ id, status }) => [id, status]));
  /** Another one that the same create makes. */
  const comes = (id: string): void => {
    account.devboxes.set(id, { id, status: 'running', name: 'mine', metadata: { [requestKey]: start.requestId } });
  };
  const notToBeEnded = (id: string, how: ScriptedAnswer): void =>
    void account.answers.set(`POST /v1/devboxes/${id}/shutdown`, how);
  const sentTwice = async (): Promise<void> => {
    account.refusals.push({ status: 500, body: { message: 'broken' } });
    await create();
    assert.deepEqual([account.creates.length, made], [2, ['dbx_2']]);
    comes('dbx_late');
  };
  const mayStillRun = (error: unknown, ...ids: readonly string[]): void => {
    assert.ok(RuntimeError.is(error, 'may_still_run'), String(error));
    assert.equal(error.devboxId, ids[0]);
    assert.ok(error.message.includes(`Devbox ${ids.join(', ')} may still be running`), error.message);
  };

  const troubles: Readonly<Record<string, ScriptedAnswer>> = {
    'refused with 403': refused,
    'refused with 503': { status: 503, body: { message: 'busy' } },
    cut: { isCut: true },
  };
  for (const [how, trouble] of Object.entries(troubles)) {
    it(`names the second one after a failure, and so does the next window, where its shutdown is ${how}`, async () => {
      await sentTwice();
      notToBeEnded('dbx_late', trouble);
      mayStillRun(await start.fail(cancelled()), 'dbx_late');
      assert.deepEqual(statuses(), { dbx_1: 'running', dbx_2: 'shutdown', dbx_late: 'running' });
      assert.deepEqual(await askedAbout(), ['dbx_late']);
    });

    it(`names the second one beside one that is ready, and so does the next window, where its shutdown is ${how}`, async () => {
      await sentTwice();
      notToBeEnded('dbx_late', trouble);
      mayStillRun(await start.complete(), 'dbx_late');
      assert.deepEqual(statuses(), { dbx_1: 'running', dbx_2: 'running', dbx_late: 'running' });
      assert.deepEqual([left()?.keptId, await askedAbout()], ['dbx_2', ['dbx_late']]);
    });
  }

  it('names each of several that cannot be shut down, and tries all', async () => {
    await sentTwice();
    comes('dbx_more');
    account.answers.set('shutdown', refused);
    mayStillRun(await start.fail(cancelled()), 'dbx_2', 'dbx_late', 'dbx_more');
    const tried = account.changes.filter((line) => line.endsWith('/shutdown'));
    assert.equal(tried.length, 3);
    assert.deepEqual(await askedAbout(), ['dbx_2', 'dbx_late', 'dbx_more']);
  });

  it('ends the next one where one cannot be ended', async () => {
    await sentTwice();
    comes('dbx_more');
    notToBeEnded('dbx_late', refused);
    mayStillRun(await start.fail(cancelled()), 'dbx_late');
    assert.deepEqual([statusOf('dbx_2'), statusOf('dbx_more')], ['shutdown', 'shutdown']);
  });

  it('ends the second one that a single request made, as something on the way had repeated it', async () => {
    account.refusals.push({ status: 504, body: { message: 'no answer' } });
    account.whileCreating = () => {
      comes('dbx_late');
      comes('dbx_more');
    };
    await create();
    assert.deepEqual([account.creates.length, left()?.perhapsTwice], [1, true]);
    assert.equal(await start.complete(), undefined);
    assert.deepEqual(statuses(), { dbx_1: 'running', dbx_late: 'running', dbx_more: 'shutdown' });
    assert.equal(left()?.keptId, 'dbx_late');
  });

  describe('whose answer has its mark and names a devbox that is not there', () => {
    beforeEach(async () => {
      const metadata = { [requestKey]: start.requestId };
      account.refusals.push({ body: { id: 'dbx_none', status: 'provisioning', metadata } });
      account.whileCreating = () => comes('dbx_made');
      await create();
      assert.deepEqual(made, ['dbx_none']);
    });

    it('has nothing left where the one that was made can be ended', async () => {
      const failure = cancelled();
      assert.equal(await start.fail(failure), failure);
      assert.deepEqual([statuses(), left()], [{ dbx_1: 'running', dbx_made: 'shutdown' }, undefined]);
    });

    it('names the one that was made, where that cannot be ended', async () => {
      notToBeEnded('dbx_made', refused);
      mayStillRun(await start.fail(cancelled()), 'dbx_made');
      assert.deepEqual(await askedAbout(), ['dbx_made']);
    });

    it('is not known where nobody can look what was made', async () => {
      account.answers.set('GET /v1/devboxes', refused);
      const told = await start.fail(cancelled());
      assert.equal(told.code, 'start_unknown');
      account.answers.clear();
      assert.deepEqual(await askedAbout(), ['dbx_made']);
    });
  });

  it('ends the one that was made, where the answer named somebody else’s, which is ready', async () => {
    const metadata = { [requestKey]: start.requestId };
    account.refusals.push({ body: { id: 'dbx_1', status: 'provisioning', metadata } });
    account.whileCreating = () => comes('dbx_made');
    await create();
    assert.equal(await start.complete(await api.devboxes.retrieve('dbx_1')), undefined);
    assert.deepEqual([statuses(), left()], [{ dbx_1: 'running', dbx_made: 'shutdown' }, undefined]);
  });

  it('is looked for no more where the devbox is its own', async () => {
    await create();
    const { length } = account.asked;
    assert.equal(await start.complete(await api.devboxes.retrieve('dbx_2')), undefined);
    assert.deepEqual([account.asked.slice(length), left()], [['GET /v1/devboxes/dbx_2'], undefined]);
  });

  it('may still run where its shutdown is answered by 404 while the list has it', async () => {
    await create();
    notToBeEnded('dbx_2', { status: 404, body: { message: 'no such devbox' } });
    mayStillRun(await start.fail(cancelled()), 'dbx_2');
    assert.deepEqual(await askedAbout(), ['dbx_2']);
  });

  it('is nothing where its devbox is gone by then', async () => {
    await create();
    account.devboxes.delete('dbx_2');
    const failure = cancelled();
    assert.equal(await start.fail(failure), failure);
    assert.equal(left(), undefined);
  });

  it('finds what was made by a create that was redirected to where nothing is', async () => {
    account.refusals.push(ledAway);
    account.whileCreating = () => comes('dbx_made');
    await create();
    assert.deepEqual([made, account.creates.length], [['dbx_made'], 1]);
  });

  for (const status of [401, 404, 409]) {
    it(`is not known where its create was redirected and then refused with ${status}, and found by the next window`, async () => {
      account.refusals.push(ledAway);
      account.answers.set('elsewhere', { status, body: { message: 'no' } });
      const error = await create().then(
        () => assert.fail('It did not fail.'),
        (thrown: unknown) => thrown,
      );
      assert.ok(RuntimeError.is(error, 'start_unknown'), String(error));
      assert.equal(await start.fail(error), error);
      comes('dbx_made');
      assert.deepEqual(await askedAbout(), ['dbx_made']);
    });
  }

  it('may still run where its shutdown is redirected to where nothing is', async () => {
    await create();
    notToBeEnded('dbx_2', ledAway);
    mayStillRun(await start.fail(cancelled()), 'dbx_2');
    assert.deepEqual(await askedAbout(), ['dbx_2']);
  });
});
