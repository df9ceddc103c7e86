import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { thisOwner, type NoteOwner } from '../../../../src/core/start/notes/noteOwner';
import { accountMark } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';

describe('Notes of starts', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const self = thisOwner();
  /** A process that has ended. */
  const dead: NoteOwner = { ...self, pid: spawnSync(process.execPath, ['-e', '']).pid };
  /** A window beside this one. */
  const other: NoteOwner = { ...self, pid: process.ppid };
  const notesOf = (owner: NoteOwner = self): StartNotes =>
    new StartNotes({ folder, owner, onFailure: (error) => assert.fail(String(error)) });
  const namesOf = async (owner: NoteOwner, account = 'mine'): Promise<readonly string[]> =>
    (await notesOf(owner).claim(account)).map(({ note }) => note.name);

  it('of a process that has ended go to one of those who ask at once, and to no second one', async () => {
    for (let n = 0; n < 20; n += 1) await notesOf(dead).begin(`start ${n}`, 'mine');
    const taken = await Promise.all([namesOf(self), namesOf(other), namesOf(self), namesOf(other)]);
    const byOther = [...taken[1], ...taken[3]];
    const own = new Set([...taken[0], ...taken[2]]);
    assert.equal(new Set([...own, ...byOther]).size, 20);
    assert.deepEqual(
      byOther.filter((name) => own.has(name)),
      [],
    );
  });

  it('of a start that is under way in a living window are left alone, and so are those that it looks after', async () => {
    const open = await notesOf(other).begin('under way', 'mine');
    assert.deepEqual([await namesOf(self), await namesOf(other)], [[], []]);
    await open.change({ stage: 'left' });
    assert.deepEqual([await namesOf(self), await namesOf(other)], [[], ['under way']]);
  });

  it('outlive a restart of the computer, after which another process may have the number', async () => {
    await notesOf({ ...other, bootMinute: other.bootMinute - 60 }).begin('before', 'mine');
    assert.deepEqual(await namesOf(self), ['before']);
  });

  it('of another computer wait for it, or until no start can take so long', async () => {
    const elsewhere = { ...self, host: '0123456789ab' };
    const open = await notesOf(elsewhere).begin('elsewhere', 'mine');
    assert.deepEqual(await namesOf(self), []);
    const [file = ''] = readdirSync(folder);
    writeFileSync(join(folder, file), JSON.stringify({ ...open.note, notedMs: Date.now() - 7 * 3_600_000 }));
    assert.deepEqual(await namesOf(self), ['elsewhere']);
  });

  it('of a start that takes long in a living window are left alone', async () => {
    const open = await notesOf(other).begin('slow', 'mine');
    const [file = ''] = readdirSync(folder);
    writeFileSync(join(folder, file), JSON.stringify({ ...open.note, notedMs: Date.now() - 5 * 3_600_000 }));
    assert.deepEqual(await namesOf(self), []);
  });

  it('wait for their own account', async () => {
    await notesOf(dead).begin('theirs', 'theirs');
    assert.deepEqual([await namesOf(self), await namesOf(self, 'theirs')], [[], ['theirs']]);
  });

  it('hold no key, and neither torn files nor strange ones stop the others', async () => {
    const api = new RunloopApi({ apiKey: 'ak_secret_key', baseUrl: 'http://127.0.0.1:1' });
    await notesOf(dead).begin('whole', accountMark(api));
    const [file = ''] = readdirSync(folder);
    assert.doesNotMatch(file + readFileSync(join(folder, file), 'utf8'), /secret_key/);
    writeFileSync(join(folder, 'torn.json'), '{"requestId":"a","na');
    writeFileSync(join(folder, 'strange.json'), '[1]');
    writeFileSync(join(folder, `${file}.new`), '');
    assert.deepEqual(await namesOf(self, accountMark(api)), ['whole']);
  });

  it('that cannot be read, changed or removed are told of, and nothing fails by them', async () => {
    const told: string[] = [];
    const onFailure = (error: unknown): void => void told.push((error as { code: string }).code);
    const notes = new StartNotes({ folder, owner: dead, onFailure, handOver: () => Promise.resolve() });
    const open = await notes.begin('first', 'mine');
    await open.settle();
    await open.settle();
    assert.deepEqual(told, []);
    await notes.begin('second', 'mine');
    mkdirSync(join(folder, 'a folder.json'));
    const mine = new StartNotes({ folder, onFailure });
    assert.deepEqual(
      (await mine.claim('mine')).map(({ note }) => note.name),
      ['second'],
    );
    assert.deepEqual(told.splice(0), ['EISDIR']);
    // A file where the folder was.
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    await open.change({ stage: 'left' });
    await open.settle();
    assert.deepEqual([await mine.claim('mine'), await mine.damaged(), open.note.stage], [[], [], 'left']);
    assert.deepEqual(told, ['ENOTDIR', 'ENOTDIR', 'ENOTDIR', 'ENOTDIR']);
  });

  it('stay in their folder, whatever is in them, and are of nobody where no process is named', async () => {
    const { note } = await notesOf(dead).begin('first', 'mine');
    writeFileSync(join(folder, 'strange.json'), JSON.stringify({ ...note, name: 'second', requestId: '../../x/y' }));
    writeFileSync(join(folder, 'torn.json'), '{');
    assert.deepEqual(await notesOf(self).damaged(), []);
    assert.deepEqual((await namesOf(self)).toSorted(), ['first', 'second']);
    assert.equal(readdirSync(folder).length, 3);
  });
});
