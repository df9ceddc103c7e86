import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isOwnerAlive, ownerText, parseOwner, thisOwner } from '../../../../src/core/start/notes/noteOwner';
import { parseStartNote } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { NotedStart } from '../../../../src/core/start/notedStart';
import { unsettledStarts } from '../../../../src/core/start/unsettledStarts';
import { usePlatform } from '../../../platform/usePlatform';

describe('A note of a start', () => {
  const used = usePlatform();
  let folder: string;
  beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), 'runloop-notes-')), 'below', 'starts')));
  afterEach(() => rmSync(join(folder, '..', '..'), { recursive: true, force: true }));
  const self = thisOwner();

  it('is read as it was written, and its parts that are missing count as nothing', () => {
    const note = {
      requestId: 'r',
      name: 'n',
      account: 'a',
      notedMs: 5,
      stage: 'left',
      perhapsTwice: true,
      keptId: 'dbx_1',
    } as const;
    assert.deepEqual(parseStartNote(JSON.stringify(note)), note);
    const { requestId, account, stage } = note;
    const least = { requestId, account, stage, name: '', notedMs: 0, perhapsTwice: false };
    assert.deepEqual(parseStartNote(JSON.stringify({ requestId, account, stage })), least);
    for (const missing of [
      { account, stage },
      { requestId, stage },
      { requestId, account },
      { ...least, stage: 'x' },
    ]) {
      assert.equal(parseStartNote(JSON.stringify(missing)), undefined);
    }
  });

  it('lies in a folder and a file that nobody else can read', async () => {
    const notes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
    await notes.begin('n', 'a');
    const [file = ''] = readdirSync(folder);
    assert.deepEqual([statSync(folder).mode & 0o777, statSync(join(folder, file)).mode & 0o777], [0o700, 0o600]);
    assert.deepEqual(parseOwner(file.split('.')[1] ?? ''), self);
  });

  it('tells its process by number and start of the computer', () => {
    assert.ok(Math.abs(self.bootMinute * 60 - (Date.now() / 1_000 - uptime())) <= 60);
    assert.deepEqual(parseOwner(ownerText(self)), self);
    // The clock of a computer is set now and then.
    for (const minutes of [-5, 5]) assert.equal(isOwnerAlive({ ...self, bootMinute: self.bootMinute + minutes }), true);
    for (const minutes of [-6, 6]) {
      assert.equal(isOwnerAlive({ ...self, bootMinute: self.bootMinute + minutes }), false);
    }
    assert.equal(isOwnerAlive({ ...self, host: '0'.repeat(12) }), undefined);
    assert.equal(isOwnerAlive({ ...self, pid: process.ppid }), true);
    assert.equal(isOwnerAlive({ ...self, pid: spawnSync(process.execPath, ['-e', '']).pid }), false);
  });

  it('stays, with what was made, where nobody could be told of a complete start', async () => {
    const failures: unknown[] = [];
    const notes = new StartNotes({
      folder,
      onFailure: (error) => failures.push(error),
      handOver: () => Promise.reject(new Error('no memory')),
    });
    const start = await NotedStart.begin(used.api, 'not handed over', notes);
    const { signal } = new AbortController();
    const { id } = await start.create(
      { name: 'not handed over', entrypoint: 'sleep 100' },
      { signal },
      () => undefined,
    );
    await start.complete();
    assert.match(String(failures[0]), /no memory/);
    const found = await unsettledStarts(used.api, notes);
    assert.deepEqual(
      found.map(({ kind, devboxes }) => [kind, devboxes.map((devbox) => devbox.id)]),
      [['running', [id]]],
    );
    await found[0]?.settle();
    assert.deepEqual(readdirSync(folder), []);
    await used.api.devboxes.shutdown(id);
  });
});
