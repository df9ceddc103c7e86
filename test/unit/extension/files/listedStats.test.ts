import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FileStat, FolderEntry } from '../../../../src/core/files/fileFacts';
import { KnownStats } from '../../../../src/extension/files/knownStats';

const folder = 'runloop://box.12345678/in';

function version(token: string): FileStat {
  return {
    type: 'file',
    isLink: false,
    size: 1,
    mtimeMs: 5,
    ctimeMs: 5,
    mode: '644',
    isWritable: true,
    token,
  };
}

/** What is known at a time that the test sets, and a way of listing the folder. */
function known() {
  const clock = { now: 100 };
  const stats = new KnownStats(() => clock.now);
  let read = 0;
  const list = (token: string, names: readonly string[], begunMs = clock.now, type: FileStat['type'] = 'file') => {
    const entries = names.map((name): FolderEntry => ({
      name,
      type,
      isLink: type === 'missing',
      stat: () => {
        read += 1;
        return { ...version(token), type };
      },
    }));
    stats.list(folder, { entries, keyOf: (name) => `${folder}/${name}`, begunMs });
  };
  return { clock, stats, list, read: () => read };
}

describe('What a list tells of files', () => {
  it('is read for those alone about which somebody asks, once', () => {
    const { stats, list, read } = known();
    list(
      '1',
      Array.from({ length: 5_000 }, (_, at) => `f${at}`),
    );
    assert.equal(read(), 0);
    assert.equal(stats.fresh(`${folder}/f7`)?.token, '1');
    assert.equal(stats.last(`${folder}/f7`)?.token, '1');
    assert.equal(stats.last(`${folder}/none`), undefined);
    assert.equal(read(), 1);
  });

  it('is as old as the list, and gives way to what was looked at, told or listed later', () => {
    const { clock, stats, list } = known();
    list('1', ['f', 'g', 'h'], 50);
    clock.now = 700;
    assert.equal(stats.fresh(`${folder}/f`), undefined, 'long ago');
    stats.record(`${folder}/g`, version('2'), 60);
    assert.equal(stats.last(`${folder}/g`)?.token, '2');
    stats.record(`${folder}/h`, version('0'), 40);
    assert.equal(stats.last(`${folder}/h`)?.token, '1', 'a look that was begun before the list');
    list('3', ['f', 'g'], 55);
    list('2', ['f', 'g'], 52);
    assert.equal(stats.last(`${folder}/f`)?.token, '3');
    assert.equal(stats.last(`${folder}/g`)?.token, '2', 'the look was begun later');
    list('4', ['f']);
    assert.equal(stats.fresh(`${folder}/f`)?.token, '4');
    stats.expire(`${folder}/f`);
    assert.equal(stats.fresh(`${folder}/f`), undefined);
  });

  it('tells another time where it looks the same as before', () => {
    const { stats, list } = known();
    assert.equal(stats.factsOf(`${folder}/f`, version('1'), false).mtimeMs, 5);
    list('2', ['f']);
    assert.equal(stats.factsOf(`${folder}/f`, version('2'), false).mtimeMs, 6);
  });

  it('is forgotten with the file, with its folder, and where there is too much', () => {
    const { stats, list } = known();
    list('1', ['f', 'g']);
    stats.forget(`${folder}/f`);
    assert.equal(stats.last(`${folder}/f`), undefined);
    assert.equal(stats.last(`${folder}/g`)?.token, '1');
    list('2', ['f', 'g']);
    stats.forget('runloop://box.12345678/in');
    assert.equal(stats.last(`${folder}/f`), undefined);
    list('3', ['f']);
    const many = Array.from({ length: 20_000 }, (_, at) => `f${at}`);
    const entries = many.map((name): FolderEntry => ({ ...version('4'), name, stat: () => version('4') }));
    stats.list(`${folder}/many`, { entries, keyOf: (name) => `${folder}/many/${name}`, begunMs: 100 });
    assert.equal(stats.last(`${folder}/f`), undefined);
    assert.equal(stats.last(`${folder}/many/f1`)?.token, '4');
  });

  it('is not believed of a link that leads nowhere: a look tells why', () => {
    const { stats, list } = known();
    stats.record(`${folder}/l`, version('1'));
    list('2', ['l'], 100, 'missing');
    assert.equal(stats.fresh(`${folder}/l`), undefined);
  });
});
