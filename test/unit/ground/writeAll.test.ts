import assert from 'node:assert/strict';
import fs, { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { Readable, Transform } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { writeAll } from '../../../src/ground/writeAll';

describe('What is written to a file', () => {
  let folder = '';
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'written-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is all that comes, for its owner alone', async () => {
    const file = join(folder, 'whole');
    const steps = new Transform({ transform: (piece: Buffer, _, done) => done(null, piece.toString().toUpperCase()) });
    await writeAll([Readable.from([Buffer.from('one '), Buffer.from('two')]), steps], file);
    assert.equal(readFileSync(file, 'utf8'), 'ONE TWO');
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('is not there any more once it was given up and removed, however long opening it takes', async () => {
    const file = join(folder, 'given-up');
    const usual = { open: fs.open, promised: fs.promises.open };
    const opened: Promise<unknown>[] = [];
    let open = (): void => undefined;
    const mayOpen = new Promise<void>((resolve) => (open = resolve));
    const stop = new AbortController();
    const late = (work: () => void): void => {
      stop.abort();
      opened.push(mayOpen.then(work));
    };
    fs.open = Object.assign((...args: unknown[]) => late(() => void Reflect.apply(usual.open, fs, args)), usual.open);
    fs.promises.open = async (...args) => {
      stop.abort();
      setImmediate(open);
      await mayOpen;
      return usual.promised(...args);
    };
    syncBuiltinESMExports();
    try {
      const untilGivenUp = async function* (): AsyncGenerator<Uint8Array> {
        if (!stop.signal.aborted) await once(stop.signal, 'abort');
        throw new Error('given up');
        yield Buffer.alloc(0);
      };
      await assert.rejects(writeAll([untilGivenUp()], file));
      rmSync(file, { force: true });
      open();
      await Promise.all(opened);
      // What was begun then is through once another file has been opened and closed.
      await (await usual.promised(join(folder, 'other'), 'w')).close();
      assert.ok(!existsSync(file));
    } finally {
      fs.open = usual.open;
      fs.promises.open = usual.promised;
      syncBuiltinESMExports();
    }
  });
});
