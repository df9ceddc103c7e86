import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { thisOwner } from '../../../../src/core/start/notes/noteOwner';
import { accountMark, parseStartNote, type StartNote } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { unsettledStarts, type UnsettledStart } from '../../../../src/core/start/unsettledStarts';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const refused = { status: 403, body: { message: 'no' } };

describe('A start that was broken off', function () {
  this.timeout(30_000);
  let account: ScriptedAccount;
  let api: RunloopApi;
  let folder: string;
  beforeEach(async () => {
    account = await ScriptedAccount.start({ id: 'dbx_theirs', status: 'running', metadata: {} });
    api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: account.baseUrl });
    folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
  });
  afterEach(async () => {
    await account.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const self = thisOwner();
  const dead = { ...self, pid: spawnSync(process.execPath, ['-e', '']).pid };
  const notesOf = (owner = self): StartNotes =>
    new StartNotes({ folder, owner, onFailure: (error) => assert.fail(String(error)) });
  /** The one file that there is. */
  const path = (): string => {
    const [file = '', ...others] = readdirSync(folder);
    assert.deepEqual(others, []);
    return join(folder, file);
  };
  const left = (): StartNote | undefined => parseStartNote(readFileSync(path(), 'utf8'));
  /** The note of a start whose window has died. */
  const noted = async (changes: Partial<StartNote> = {}, owner = dead): Promise<StartNote> => {
    const { note } = await notesOf(owner).begin('mine', accountMark(api));
    const changed = { ...note, ...changes };
    writeFileSync(path(), JSON.stringify(changed));
    return changed;
  };
  const made = ({ requestId }: StartNote, id: string, status = 'running'): void =>
    void account.devboxes.set(id, { id, status, name: 'mine', metadata: { [requestKey]: requestId } });
  const looked = async (): Promise<UnsettledStart | undefined> => {
    const [start, ...others] = await unsettledStarts(api, notesOf());
    assert.deepEqual(others, []);
    return start;
  };
  const idsOf = (start: UnsettledStart | undefined): readonly string[] | undefined =>
    start?.devboxes.map(({ id }) => id);

  it('is asked about with each devbox of it that lives, and with no other, until somebody has answered', async () => {
    const note = await noted();
    for (const id of ['dbx_1', 'dbx_2']) made(note, id);
    made(note, 'dbx_3', 'shutdown');
    for (const time of ['first', 'second']) {
      const start = await looked();
      assert.deepEqual([start?.kind, idsOf(start)], ['running', ['dbx_1', 'dbx_2']], time);
      assert.deepEqual([start?.requestId, start?.name, left()?.stage], [note.requestId, 'mine', 'left']);
    }
    await (await looked())?.settle();
    assert.deepEqual([readdirSync(folder), account.changes], [[], []]);
  });

  it('is asked about without the devbox that somebody has', async () => {
    const note = await noted({ keptId: 'dbx_1', perhapsTwice: true, stage: 'left' });
    made(note, 'dbx_1');
    assert.equal((await looked())?.kind, 'awaited');
    made(note, 'dbx_2');
    assert.deepEqual(idsOf(await looked()), ['dbx_2']);
  });

  const kinds: readonly (readonly [string, Partial<StartNote>, 'shutdown' | undefined, 'awaited' | undefined])[] = [
    ['awaited where nothing is there yet', { notedMs: Date.now() - 9 * minuteMs }, undefined, 'awaited'],
    ['nothing where none has come in ten minutes', { notedMs: Date.now() - 11 * minuteMs }, undefined, undefined],
    ['nothing where its one devbox has ended', {}, 'shutdown', undefined],
    ['awaited where one of perhaps two has ended', { perhapsTwice: true }, 'shutdown', 'awaited'],
    [
      'nothing where one of perhaps two has ended, and none has come in ten minutes',
      { perhapsTwice: true, notedMs: Date.now() - 11 * minuteMs },
      'shutdown',
      undefined,
    ],
  ];
  for (const [what, changes, status, kind] of kinds) {
    it(`is ${what}`, async () => {
      const note = await noted(changes);
      if (status !== undefined) made(note, 'dbx_1', status);
      const start = await looked();
      assert.deepEqual([start?.kind, idsOf(start) ?? []], [kind, []]);
      assert.equal(readdirSync(folder).length, kind === undefined ? 0 : 1);
    });
  }

  it('is not known where the account cannot be asked, and looked for again', async () => {
    const note = await noted({ notedMs: Date.now() - hourMs });
    made(note, 'dbx_1');
    account.answers.set('', refused);
    const start = await looked();
    assert.deepEqual([start?.kind, start?.failure?.code, idsOf(start)], ['unknown', 'permission', []]);
    assert.equal(left()?.stage, 'left');
    account.answers.clear();
    assert.deepEqual(idsOf(await looked()), ['dbx_1']);
  });

  it('is left to its own account, and nothing is asked about it', async () => {
    await noted({ account: 'of another' });
    assert.equal(await looked(), undefined);
    assert.deepEqual([left()?.stage, account.asked], ['sending', []]);
  });

  describe('and whose note is damaged', () => {
    const damaged = async (ageMs = 0, owner = dead): Promise<StartNote> => {
      const note = await noted({}, owner);
      writeFileSync(path(), '{"requestId":"');
      const then = new Date(Date.now() - ageMs);
      utimesSync(path(), then, then);
      return note;
    };

    for (const owner of [dead, self]) {
      it(`is asked about as one of perhaps two, and noted anew: ${owner === self ? 'its own' : 'another’s'}`, async () => {
        const note = await damaged(0, owner);
        made(note, 'dbx_1');
        const start = await looked();
        assert.deepEqual([start?.kind, start?.name, idsOf(start)], ['running', 'mine', ['dbx_1']]);
        const { requestId, stage, perhapsTwice, account: whose } = left() ?? assert.fail();
        assert.deepEqual([requestId, stage, perhapsTwice, whose], [note.requestId, 'left', true, accountMark(api)]);
      });
    }

    it('is left to its window while that lives', async () => {
      const note = await damaged(0, { ...self, pid: process.ppid });
      made(note, 'dbx_1');
      assert.equal(await looked(), undefined);
    });

    it('is asked about in the account that has a devbox of it that lives', async () => {
      const note = await damaged();
      assert.equal(await looked(), undefined);
      made(note, 'dbx_1', 'shutdown');
      assert.equal(await looked(), undefined);
      assert.equal(left(), undefined);
    });

    it('is forgotten when none of its devboxes can live any more, and not before', async () => {
      await damaged(48 * hourMs);
      await looked();
      assert.equal(readdirSync(folder).length, 1);
      const then = new Date(Date.now() - 50 * hourMs);
      utimesSync(path(), then, then);
      await looked();
      assert.equal(readdirSync(folder).length, 0);
    });

    it('stays where the account cannot be asked, and does not keep others from being asked about', async () => {
      await damaged(50 * hourMs);
      account.answers.set('', refused);
      assert.equal(await looked(), undefined);
      assert.equal(readdirSync(folder).length, 1);
    });
  });
});
