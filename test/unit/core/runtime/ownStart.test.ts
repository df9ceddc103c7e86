import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { cancelled, RuntimeError } from '../../../../src/core/errors';
import { resolveConfig } from '../../../../src/core/options/runtimeConfig';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { OwnStart } from '../../../../src/core/runtime/ownStart';
import { NotedStart } from '../../../../src/core/start/notedStart';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

describe('A start of a runtime whose devbox was made', function () {
  this.timeout(30_000);
  let account: ScriptedAccount;
  let start: OwnStart;
  let keys: Set<string>;
  let folder: string;

  beforeEach(async () => {
    account = await ScriptedAccount.start();
    const apiKey = 'ak_of_a_test';
    const api = new RunloopApi({ apiKey, baseUrl: account.baseUrl });
    keys = new Set(['dbx_1', 'dbx_of_another']);
    const sessionKeys = {
      get: () => Promise.resolve(undefined),
      set: () => Promise.resolve(),
      delete: (id: string) => Promise.resolve(void keys.delete(id)),
    };
    start = new OwnStart({ config: resolveConfig({ apiKey, sessionKeys }), fire: () => assert.fail('a note') });
    folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
    const notes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
    const noted = await NotedStart.begin(api, 'mine', notes);
    start.begin(noted);
    await noted.create({ name: 'mine' }, { signal: new AbortController().signal }, () => undefined);
  });
  afterEach(async () => {
    await account.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const notesLeft = (): number => readdirSync(folder).length;
  const left = (): unknown => account.devboxes.get('dbx_1')?.status;

  it('is asked about by no later window once it is ready, and runs on', async () => {
    assert.equal(notesLeft(), 1);
    await start.complete(undefined);
    await start.endRest();
    assert.deepEqual([left(), notesLeft(), keys.has('dbx_1')], ['running', 0, true]);
  });

  it('is shut down where it failed, its key forgotten, and later asked about no more', async () => {
    const failure = cancelled();
    assert.equal(await start.fail(failure), failure);
    assert.deepEqual([left(), [...keys], notesLeft()], ['shutdown', ['dbx_of_another'], 0]);
    const { length } = account.asked;
    await start.endRest();
    assert.equal(account.asked.length, length);
  });

  it('keeps its key while it may still run, and is tried again at the end', async () => {
    account.answers.set('shutdown', { status: 403, body: { message: 'not now' } });
    const told = await start.fail(cancelled());
    assert.ok(RuntimeError.is(told, 'may_still_run'));
    assert.deepEqual([left(), keys.has('dbx_1'), notesLeft()], ['running', true, 1]);
    await assert.rejects(start.endRest(), (error) => RuntimeError.is(error, 'may_still_run'));
    assert.deepEqual([left(), keys.has('dbx_1')], ['running', true]);
    account.answers.clear();
    await start.endRest();
    assert.deepEqual([left(), [...keys]], ['shutdown', ['dbx_of_another']]);
  });
});
