import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { addMetadata } from '../../../../src/core/platform/addMetadata';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox } from '../files/useFiles';

type Map = Readonly<Record<string, string>>;

/** Metadata that others write as well. @param others what they are from the second read, the write and the last read on */
function shared(map: Map | undefined, others: Partial<Record<'second' | 'last', Map>> = {}) {
  let now = map;
  let reads = 0;
  const writes: Map[] = [];
  const devboxes = {
    metadata: () => {
      reads += 1;
      if (reads === 2) now = others.second ?? now;
      if (reads === 3) now = others.last ?? now;
      return Promise.resolve(now);
    },
    replaceMetadata: (_: string, next: Map) => {
      writes.push(next);
      now = next;
      return Promise.resolve();
    },
  };
  const { signal } = new AbortController();
  return { add: () => addMetadata(devboxes, 'd', ['mark', 'yes'], signal), writes, now: () => now };
}

describe('A pair that is added to metadata', function () {
  this.timeout(60_000);
  const used = usePlatform();

  it('leaves all others, and is added once', async () => {
    const { add, writes, now } = shared({ team: 'a' });
    assert.equal(await add(), 'added');
    assert.equal(await add(), 'there');
    assert.deepEqual([writes.length, now()], [1, { team: 'a', mark: 'yes' }]);
  });

  it('is not written where nobody knows what is there, or somebody writes just then', async () => {
    const unreadable = shared(undefined);
    assert.equal(await unreadable.add(), 'unsure');
    for (const second of [{ team: 'b' }, { team: 'a', more: 'x' }, {}]) {
      const changing = shared({ team: 'a' }, { second });
      assert.equal(await changing.add(), 'unsure');
      assert.deepEqual([changing.writes, changing.now()], [[], second]);
    }
    assert.deepEqual(unreadable.writes, []);
  });

  it('is given up where another program writes after it: its metadata stay as they are', async () => {
    const late = shared({ team: 'a' }, { last: { team: 'b' } });
    assert.equal(await late.add(), 'lost');
    assert.deepEqual([late.writes.length, late.now()], [1, { team: 'b' }]);
  });

  it('goes into the metadata of a devbox', async () => {
    const { id } = await filesDevbox(used.api, 'marked');
    const { devboxes } = used.api;
    await devboxes.replaceMetadata(id, { team: 'a' });
    const { signal } = new AbortController();
    assert.equal(await addMetadata(devboxes, id, ['mark', 'yes'], signal), 'added');
    assert.deepEqual(await devboxes.metadata(id), { team: 'a', mark: 'yes' });
    assert.equal((await devboxes.retrieve(id)).name, 'marked');
  });
});
