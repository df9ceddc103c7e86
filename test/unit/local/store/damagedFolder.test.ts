import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type * as sqlite from 'node-sqlite3-wasm';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

// Not bundled: it looks for its own files beside it.
const { Database } = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof sqlite;

describe('a damaged data folder', function () {
  this.timeout(120_000);
  let folder: string;
  let whole: string;
  let kept: { readonly devbox: string; readonly snapshot: string };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'damaged-'));
    whole = join(folder, 'whole');
    mkdirSync(whole);
    const platform = await startPlatform([], { dataDir: whole, keepData: true });
    const client = platform.client();
    await client.secrets.create({ name: 'SECRET', value: 'word' });
    const { id } = await client.devboxes.createAndAwaitRunning({ name: 'kept' });
    kept = { devbox: id, snapshot: (await client.devboxes.snapshotDisk(id, { name: 'kept' })).id };
    await client.devboxes.suspend(id);
    await client.devboxes.awaitSuspended(id);
    await platform.stop();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts a platform on a damaged copy and looks what is known there; it must work whatever was done. */
  async function started(
    name: string,
    damage: (copy: string) => void,
  ): Promise<{ said: string; names: string[]; copy: string }> {
    const copy = join(folder, name);
    cpSync(whole, copy, { recursive: true, verbatimSymlinks: true });
    damage(copy);
    const platform: TestPlatform = await startPlatform([], { dataDir: copy, keepData: true });
    try {
      const client = platform.client();
      const { devboxes } = await client.devboxes.list();
      if (name === 'odd') {
        const fresh = await client.devboxes.createAndAwaitRunning({ name: 'fresh' });
        await client.devboxes.logs.list(fresh.id);
      }
      await client.devboxes.diskSnapshots.list();
      await client.secrets.list();
      assert.doesNotMatch(platform.stderr(), /mistake/);
      return {
        said: platform.stderr(),
        names: devboxes.map((devbox) => `${devbox.name ?? ''} ${devbox.status}`),
        copy,
      };
    } finally {
      await platform.stop();
    }
  }

  it('starts whatever became of its database, which is set aside with all that only it knows of', async () => {
    const damages: Readonly<Record<string, (file: string) => void>> = {
      garbage: (file) => writeFileSync(file, Buffer.alloc(9_000, 'x')),
      half: (file) => truncateSync(file, 10_000),
      'a folder': (file) => {
        rmSync(file);
        mkdirSync(file);
      },
      'a link to nothing': (file) => {
        rmSync(file);
        symlinkSync('/nowhere/at/all', file);
      },
      'an impossible version': (file) => {
        const bytes = readFileSync(file);
        bytes.writeUInt32BE(0x7fff_0000, 60);
        writeFileSync(file, bytes);
      },
      'another table': (file) => {
        rmSync(file);
        const database = new Database(file);
        database.exec('CREATE TABLE devboxes (a INTEGER)');
        database.close();
      },
    };
    for (const [name, damage] of Object.entries(damages)) {
      const { said, names, copy } = await started(name, (data) => damage(join(data, 'platform.db')));
      assert.match(said, /set aside (?:as|in) .*damaged-/, name);
      assert.deepEqual(names, [], name);
      const aside = readdirSync(copy).filter((entry) => entry.startsWith('damaged-'));
      assert.ok(aside.length > 0, name);
    }
    assert.equal(
      existsSync(
        join(
          folder,
          'garbage',
          readdirSync(join(folder, 'garbage')).find((name) => name.startsWith('damaged-')) ?? '',
          'snapshots',
          kept.snapshot,
        ),
      ),
      true,
    );
  });

  it('keeps everything else when some rows make no sense, and says which', async () => {
    const { said, names } = await started('rows', (copy) => {
      const database = new Database(join(copy, 'platform.db'));
      database.exec('PRAGMA locking_mode = EXCLUSIVE');
      for (const [at, doc] of ['{"half', '[]', '{"id":5}', 'null', ''].entries()) {
        database.run("INSERT INTO devboxes (id, name, status, doc) VALUES (?, 'odd', 'suspended', ?)", [
          `dbx_odd${at}`,
          doc,
        ]);
      }
      database.run("UPDATE snapshots SET doc = 'x'");
      database.close();
    });
    assert.deepEqual(names, ['kept suspended']);
    assert.match(said, /dbx_odd0 of its devboxes cannot be understood and was set aside/);
    assert.match(said, new RegExp(`${kept.snapshot} of its snapshots`));
  });

  it('starts with folders, keys and logs that are missing or something else', async () => {
    const { said, names } = await started('odd', (copy) => {
      for (const name of ['logs', 'objects', 'builds', 'net', 'trash']) {
        rmSync(join(copy, name), { recursive: true, force: true });
        writeFileSync(join(copy, name), 'x');
      }
      writeFileSync(join(copy, 'secrets.key'), 'short');
      writeFileSync(join(copy, 'tls.key'), 'no key');
      rmSync(join(copy, 'snapshots'), { recursive: true });
      rmSync(join(copy, 'devboxes'), { recursive: true });
      writeFileSync(join(copy, 'writer.lock'), '\0\0\0');
    });
    assert.match(said, /secrets\.key in the data folder is damaged/);
    assert.match(said, /certificate in the data folder cannot be used/);
    assert.match(said, /logs, .*cannot be what it is/);
    assert.match(said, new RegExp(`The disk of snapshot ${kept.snapshot} is not in the data folder`));
    assert.deepEqual(names, ['kept failure']);
  });

  it('starts with a folder or a pipe where its lock is, and a folder where its program is', async () => {
    const odd = (lock: string): ((copy: string) => void) => {
      return (copy) => {
        execFileSync(lock, [join(copy, 'writer.lock')]);
        rmSync(join(copy, 'programs'), { recursive: true, force: true });
        mkdirSync(join(copy, 'programs', 'nsenter', 'inside'), { recursive: true });
      };
    };
    for (const lock of ['mkdir', 'mkfifo']) {
      const { said, names } = await started(lock, odd(lock));
      assert.match(said, /writer\.lock cannot be what it is\. It was set aside in/);
      assert.deepEqual(names, ['kept suspended']);
    }
  });

  it('is free again when its owner is dead, also while nobody has asked how it died', async () => {
    const copy = join(folder, 'zombie');
    mkdirSync(copy);
    // A parent that never asks: it becomes another program with a child that has ended.
    const parent = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 100'], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = Number(chunk.toString());
      const stat = await (async (): Promise<string> => {
        for (;;) {
          const text = readFileSync(`/proc/${zombie}/stat`, 'utf8');
          if (text.includes(') Z ')) return text;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      })();
      writeFileSync(
        join(copy, 'writer.lock'),
        `${zombie} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`,
      );
      const platform = await startPlatform([], { dataDir: copy, keepData: true });
      assert.equal(await platform.stop(), 0);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
