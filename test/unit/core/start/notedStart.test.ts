import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { cancelled, RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { NotedStart } from '../../../../src/core/start/notedStart';
import { parseStartNote, type StartNote } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

describe('A start from its note to its end', function () {
  this.timeout(60_000);
  let account: ScriptedAccount;
  let folder: string;
  let start: NotedStart;
  let stop: AbortController;
  let made: string[];

  beforeEach(async () => {
    account = await ScriptedAccount.start({ id: 'dbx_1', status: 'running', name: 'mine', metadata: {} });
    folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
    const notes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
    const api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: account.baseUrl });
    start = await NotedStart.begin(api, 'mine', notes);
    stop = new AbortController();
    made = [];
  });
  afterEach(async () => {
    await account.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const create = (): Promise<unknown> =>
    start.create({ name: 'mine' }, { signal: stop.signal }, ({ id }) => void made.push(id));
  const fails = async (work: Promise<unknown>, code: RuntimeErrorCode): Promise<RuntimeError> => {
    const error = await work.then(
      () => assert.fail('It did not fail.'),
      (thrown: unknown) => thrown,
    );
    assert.ok(RuntimeError.is(error, code), String(error));
    return error;
  };
  /** The note that is left, if one is. */
  const left = (): StartNote | undefined => {
    const [file, ...others] = readdirSync(folder);
    assert.deepEqual(others, []);
    return file === undefined ? undefined : parseStartNote(readFileSync(join(folder, file), 'utf8'));
  };
  const statusOf = (id: string): unknown => account.devboxes.get(id)?.status;
  /** One that the same create makes later. */
  const comesLate = (): void => {
    const metadata = { [requestKey]: start.requestId };
    account.devboxes.set('dbx_late', { id: 'dbx_late', status: 'running', metadata });
  };
  const sentTwice = async (): Promise<void> => {
    account.refusals.push({ status: 500, body: { message: 'broken' } });
    await create();
    assert.deepEqual([account.creates.length, made, left()?.perhapsTwice], [2, ['dbx_2'], true]);
    comesLate();
  };
  const shutDowns = (): readonly string[] =>
    account.changes.flatMap((line) => /devboxes\/(\w+)\/shutdown$/.exec(line)?.slice(1) ?? []);

  it('is noted before it is sent, and not any more once it is complete', async () => {
    assert.equal(left()?.stage, 'sending');
    await create();
    assert.deepEqual([made, start.devbox?.id, left()?.stage], [['dbx_2'], 'dbx_2', 'sending']);
    await start.complete();
    assert.deepEqual([left(), shutDowns(), account.creates.length], [undefined, [], 1]);
  });

  it('has made nothing where it is refused: no note is left, and nothing is shut down', async () => {
    account.refusals.push({ status: 400, body: { message: 'no' } });
    const refusal = await fails(create(), 'api');
    await start.complete();
    assert.equal(left()?.stage, 'sending');
    assert.equal(await start.fail(refusal), refusal);
    assert.deepEqual([left(), shutDowns(), made, start.devbox], [undefined, [], [], undefined]);
  });

  it('tells of what was made while it was cancelled, which is then shut down', async () => {
    account.whileCreating = () => stop.abort();
    const error = await fails(create(), 'cancelled');
    assert.deepEqual([error.devboxId, made, statusOf('dbx_2')], ['dbx_2', ['dbx_2'], 'running']);
    assert.equal(await start.fail(error), error);
    assert.deepEqual([statusOf('dbx_2'), statusOf('dbx_1'), left()], ['shutdown', 'running', undefined]);
  });

  it('is noted as left where what it made cannot be shut down, which is told', async () => {
    await create();
    account.answers.set('shutdown', { status: 403, body: { message: 'not now' } });
    const told = await start.fail(cancelled());
    assert.ok(RuntimeError.is(told, 'may_still_run'));
    assert.deepEqual([told.devboxId, left()?.stage], ['dbx_2', 'left']);
  });

  it('is noted as left where nobody knows what it made', async () => {
    account.whileCreating = () => stop.abort();
    account.refusals.push({ status: 500, body: { message: 'broken' } });
    const unknown = await fails(create(), 'start_unknown');
    assert.equal(await start.fail(unknown), unknown);
    assert.deepEqual([left()?.stage, account.creates.length, shutDowns()], ['left', 1, []]);
  });

  it('keeps one of two, where it was sent twice, and the note for what may still come', async () => {
    await sentTwice();
    await start.complete();
    assert.deepEqual([statusOf('dbx_2'), shutDowns()], ['running', ['dbx_late']]);
    const { stage, keptId } = left() ?? assert.fail();
    assert.deepEqual([stage, keptId], ['left', 'dbx_2']);
  });

  it('ends both where it was sent twice and failed, and says that another may come', async () => {
    await sentTwice();
    const told = await start.fail(cancelled());
    assert.equal(told.code, 'start_unknown');
    assert.deepEqual([shutDowns(), statusOf('dbx_1')], [['dbx_2', 'dbx_late'], 'running']);
    assert.deepEqual([left()?.stage, left()?.keptId], ['left', undefined]);
  });
});
