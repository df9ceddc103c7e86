import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { thisOwner } from '../../../../src/core/start/notes/noteOwner';
import { accountMark } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { unsettledStarts } from '../../../../src/core/start/unsettledStarts';
import { usePlatform } from '../../../platform/usePlatform';

describe('What is left after a start that failed', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const self = thisOwner();
  const dead = { ...self, pid: spawnSync(process.execPath, ['-e', '']).pid };
  const notesOf = (owner = self): StartNotes =>
    new StartNotes({ folder, owner, onFailure: (error) => assert.fail(String(error)) });

  for (const perhapsTwice of [true, false]) {
    it(`is ${perhapsTwice ? 'waited for' : 'nothing'} where its devbox has ended and the create was sent ${perhapsTwice ? 'twice' : 'once'} (M2)`, async () => {
      const open = await notesOf(dead).begin('sent', accountMark(used.api));
      if (perhapsTwice) await open.change({ perhapsTwice });
      const { requestId } = open.note;
      const body = { name: 'sent', metadata: { [requestKey]: requestId }, entrypoint: 'sleep 100' };
      const { id } = await used.api.devboxes.create(body, { requestId });
      await used.api.devboxes.shutdown(id);
      const kinds = (await unsettledStarts(used.api, notesOf())).map(({ kind }) => kind);
      assert.deepEqual(kinds, perhapsTwice ? ['awaited'] : []);
      assert.equal(readdirSync(folder).length, perhapsTwice ? 1 : 0);
    });
  }

  it('is no key of the devbox that was shut down', async () => {
    const keys = new Map<string, string>();
    const kept: string[] = [];
    const sessionKeys = {
      get: (id: string) => Promise.resolve(keys.get(id)),
      set: (id: string, key: string) => {
        kept.push(id);
        keys.set(id, key);
        return Promise.resolve();
      },
      delete: (id: string) => {
        keys.delete(id);
        return Promise.resolve();
      },
    };
    const { apiKey, baseUrl } = used.platform;
    const stop = new AbortController();
    const runtime = new RunloopRuntime({
      apiKey,
      baseUrl,
      sid: 'given up',
      headlessMode: true,
      plugins: [],
      sessionKeys,
    });
    runtime.onEvent((event) => {
      if (event.type === 'phase' && event.phase === 'startingServer') stop.abort();
    });
    await assert.rejects(runtime.connect({ signal: stop.signal }), (error) => RuntimeError.is(error, 'cancelled'));
    assert.equal(kept.length, 1);
    assert.equal((await used.api.devboxes.retrieve(kept[0] ?? '')).status, 'shutdown');
    assert.deepEqual([...keys], []);
  });
});
