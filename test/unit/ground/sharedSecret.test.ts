import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { sharedSecret } from '../../../src/ground/sharedSecret';

describe('A secret that windows share', function () {
  this.timeout(60_000);
  const form = /^[0-9a-f]{16}$/;
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'secret-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** Windows over one keyring: each sees at once what it stores itself, and what others store a moment later. */
  function windows(count: number, start?: string) {
    const views = Array.from({ length: count }, () => ({ value: start }));
    const asked = views.map((view) => ({
      get: () => sleep(Math.random() * 5).then(() => view.value),
      store: async (_name: string, value: string) => {
        await sleep(Math.random() * 20);
        view.value = value;
        void sleep(120).then(() => {
          for (const other of views) other.value = value;
        });
      },
    }));
    return { views, asked };
  }
  const of = (secrets: ReturnType<typeof windows>['asked'][number], file: string): Promise<string> =>
    sharedSecret(secrets, { name: 'some', made: randomBytes(8).toString('hex'), form, file });

  it('is one for all that need it at once, also where a window sees late what another has stored', async () => {
    for (let run = 0; run < 5; run += 1) {
      const { views, asked } = windows(3);
      const file = join(folder, `${run}.turn`);
      // Two windows, the first of which asks twice.
      const all = await Promise.all([...asked, asked[0] ?? assert.fail()].map((secrets) => of(secrets, file)));
      assert.deepEqual([...new Set(all)], [views[0]?.value]);
    }
  });

  it('is the last that was stored where windows have no turns', async () => {
    const { views, asked } = windows(3);
    const all = await Promise.all(asked.map((secrets) => of(secrets, '/dev/null/none/some.turn')));
    assert.deepEqual([...new Set(all)], [views[0]?.value]);
  });

  it('is the one that is there, and made anew where that is none', async () => {
    const there = windows(1, 'a'.repeat(16));
    assert.equal(await of(there.asked[0] ?? assert.fail(), join(folder, 'x.turn')), 'a'.repeat(16));
    const odd = windows(1, '');
    assert.match(await of(odd.asked[0] ?? assert.fail(), join(folder, 'x.turn')), form);
  });
});
