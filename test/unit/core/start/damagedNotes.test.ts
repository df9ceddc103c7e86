import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { thisOwner } from '../../../../src/core/start/notes/noteOwner';
import { accountMark } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { unsettledStarts } from '../../../../src/core/start/unsettledStarts';
import { usePlatform } from '../../../platform/usePlatform';

const hourMs = 3_600_000;

describe('Notes of starts that are damaged, old, or of a process whose id was given away (M7)', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const other = usePlatform();
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const self = thisOwner();
  const dead = { ...self, pid: spawnSync(process.execPath, ['-e', '']).pid };
  const living = { ...self, pid: process.ppid };
  const notesOf = (owner = self): StartNotes =>
    new StartNotes({ folder, owner, onFailure: (error) => assert.fail(String(error)) });
  const files = (): readonly string[] => readdirSync(folder);
  /** A start of a process that has ended, whose devbox lives, and whose note holds something else by now. */
  const damagedStart = async (text: string, owner = dead): Promise<{ id: string; path: string }> => {
    const { note } = await notesOf(owner).begin('damaged', accountMark(used.api));
    const body = { name: 'damaged', metadata: { [requestKey]: note.requestId }, entrypoint: 'sleep 100' };
    const { id } = await used.api.devboxes.create(body, { requestId: note.requestId });
    const path = join(folder, files().find((file) => file.startsWith(note.requestId)) ?? '');
    writeFileSync(path, text);
    return { id, path };
  };
  const found = async (notes = notesOf(), api = used.api): Promise<readonly string[]> =>
    (await unsettledStarts(api, notes)).flatMap(({ devboxes }) => devboxes.map(({ id }) => id));

  for (const [what, text] of [
    ['empty', ''],
    ['torn', '{"requestId":"a","na'],
    ['of zeroes, as after a loss of power', '\0'.repeat(200)],
    ['of another form', '{"requestId":"x","account":"y","stage":"?"}'],
  ] as const) {
    it(`one that is ${what} is asked about in the account that has its devbox, by one window`, async () => {
      const { id } = await damagedStart(text);
      assert.deepEqual(await found(notesOf(), other.api), [], 'another account asks about nothing');
      assert.equal(files().length, 1, 'and keeps it');
      const both = await Promise.all([found(notesOf()), found(notesOf(living))]);
      assert.deepEqual(both.flat(), [id]);
      const [start] = [
        ...(await unsettledStarts(used.api, notesOf())),
        ...(await unsettledStarts(used.api, notesOf(living))),
      ];
      assert.equal(start?.name, 'damaged');
      await used.api.devboxes.shutdown(id);
    });
  }

  it('one that is damaged and leads to nothing goes once no devbox of it can be left', async () => {
    const { id, path } = await damagedStart('');
    await used.api.devboxes.shutdown(id);
    assert.deepEqual([await found(), files().length], [[], 1]);
    const old = new Date(Date.now() - 50 * hourMs);
    utimesSync(path, old, old);
    assert.deepEqual([await found(), files().length], [[], 0]);
  });

  it('one that is damaged and in the hands of a living window is left to it', async () => {
    const { id } = await damagedStart('', living);
    assert.deepEqual(await found(), []);
    await used.api.devboxes.shutdown(id);
  });

  it('an old one goes to whoever asks, whatever has its process id by now', async () => {
    const notes = notesOf(living);
    const { note } = await notes.begin('old', accountMark(used.api));
    assert.deepEqual(await notesOf().claim(note.account), [], 'it may be under way');
    const [file = ''] = files();
    writeFileSync(join(folder, file), JSON.stringify({ ...note, notedMs: Date.now() - 7 * hourMs }));
    assert.deepEqual(
      (await notesOf().claim(note.account)).map(({ note: { name } }) => name),
      ['old'],
    );
  });
});
