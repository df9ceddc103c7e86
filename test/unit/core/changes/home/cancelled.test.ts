import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { openClone, receiveBundle } from '../../../../../src/core/changes/home/clone';
import { fetchBundle } from '../../../../../src/core/changes/home/devboxBundle';
import { heldIndex } from '../../../../../src/core/changes/home/heldIndex';
import { localWork } from '../../../../../src/core/changes/home/localWork';
import { receivePatch, type ArrivedChanges } from '../../../../../src/core/changes/home/uncommitted';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { signal } from '../useChanges';
import { fewFiles, usePairs, type Pair } from './usePair';

/** A process that has ended. */
const { pid: gone } = spawnSync('true');

describe('What is brought home or sent', function () {
  this.timeout(300_000);
  const pairs = usePairs('cancelled', fewFiles);
  const { folder, sh, pair, next } = pairs;
  const path = process.env['PATH'] ?? '';
  afterEach(() => void (process.env['PATH'] = path));
  /** Makes the git of this computer run these commands first; `real` is what it is. */
  const git = (first: string): void => {
    const shim = join(folder, `shim-${next()}`);
    mkdirSync(shim);
    const real = sh(folder, 'command -v git').trim();
    writeFileSync(join(shim, 'git'), `#!/bin/bash\nreal() { ${real} "$@"; }\n${first}\nreal "$@"\n`);
    chmodSync(join(shim, 'git'), 0o755);
    process.env['PATH'] = `${shim}:${path}`;
  };
  const state = (clone: string): string =>
    sh(
      clone,
      'PATH=/usr/bin:/bin; git for-each-ref; git ls-files -s; find . -type f ! -path "./.git/objects/??/*" ! -name index -print0 | sort -z | xargs -0 sha256sum; find .git -name "tmp_*" -o -name "*.lock" -o -name "index.*"',
    );
  const left = (): string[] => readdirSync(folder).filter((name) => name.startsWith('runloop-'));
  const patched = async ({ top, clone }: Pair, limit = signal): Promise<ArrivedChanges> =>
    (await receivePatch(await openClone(clone, limit), {
      patch: await pairs.box.changes.patch(top, 'head', signal),
      signal: limit,
    })) ?? assert.fail();
  const outcome = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (error: unknown) => {
        if (RuntimeError.is(error, 'cancelled')) return 'cancelled';
        return RuntimeError.is(error) ? error.problem.id : String(error);
      },
    );

  it('and cancelled at any git that runs for it is done or not, and leaves nothing', async () => {
    const places = await pair('echo more >> a; rm b; echo new > new; git add -A; git commit -qm more; echo 3 > d/x');
    const { top, clone } = places;
    const file = join(folder, 'bundle');
    const repository = await pairs.box.read(top);
    const { head } = repository.report;
    const { known } = await openClone(clone, signal);
    const context = { changes: pairs.box.changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id };
    await fetchBundle(context, repository, { known, file, signal });
    const patch = Buffer.from('diff --git a/d/x b/d/x\n--- a/d/x\n+++ b/d/x\n@@ -1 +1 @@\n-x\n+3\n');
    const works: Readonly<Record<string, (limit: AbortSignal) => Promise<void>>> = {
      commits: async (limit) => {
        const arrival = await receiveBundle(await openClone(clone, limit), { file, head, signal: limit });
        try {
          await arrival.bring('runloop/main', limit);
        } finally {
          await arrival.dispose();
        }
      },
      uncommitted: async (limit) => {
        const arrived = (await receivePatch(await openClone(clone, limit), { patch, signal: limit })) ?? assert.fail();
        try {
          await arrived.apply(limit);
        } finally {
          await arrived.dispose();
        }
      },
      sending: async (limit) => {
        const commits = new Set([sh(clone, 'git rev-parse HEAD').trim()]);
        await (await localWork(await openClone(clone, limit), { commits, signal: limit })).dispose();
      },
    };
    const calls = join(folder, 'calls');
    sh(folder, `cp -a '${clone}' '${clone}.was'`);
    const before = state(clone);
    const stages: Record<string, string> = {};
    for (const [name, work] of Object.entries(works)) {
      const ends: string[] = [];
      for (let at = 1; ends.at(-1) !== 'whole'; at += 1) {
        writeFileSync(calls, '');
        git(
          `echo "$*" >> '${calls}'; if [ $(wc -l < '${calls}') = ${at} ]; then kill -USR2 ${process.pid}; sleep 1; fi`,
        );
        const stop = new AbortController();
        const onCancel = (): void => stop.abort();
        process.once('SIGUSR2', onCancel);
        const end = await outcome(work(stop.signal));
        process.removeListener('SIGUSR2', onCancel);
        process.env['PATH'] = path;
        const word = stop.signal.aborted ? end : 'whole';
        ends.push(word);
        const call = `${name} ${at}: ${readFileSync(calls, 'utf8').split('\n')[at - 1] ?? ''}`;
        assert.ok(['whole', 'done', 'cancelled'].includes(word), `${call}: ${word}`);
        assert.deepEqual(left(), [], call);
        if (word === 'cancelled') assert.equal(state(clone), before, call);
        sh(folder, `rm -rf '${clone}'; cp -a '${clone}.was' '${clone}'`);
      }
      stages[name] = ends.join(' ');
    }
    assert.match(stages['commits'] ?? '', /^(?:cancelled ){9,}(?:done ){1,}whole$/);
    assert.match(stages['uncommitted'] ?? '', /^(?:cancelled ){9,}(?:done ){1,}whole$/);
    assert.match(stages['sending'] ?? '', /^(?:cancelled ){9,}whole$/);
  });

  it('by two windows at once into one clone is brought by one, and none takes back what the other has written', async () => {
    const places = await pair('echo more >> a; rm b; echo new > new');
    const { clone } = places;
    const both = [await patched(places), await patched(places)];
    git('case " $* " in *" apply --index "*) real "$@"; code=$?; sleep 1; exit $code ;; esac');
    const ends = await Promise.all(both.map((one) => outcome(one.apply(signal))));
    assert.deepEqual(ends.toSorted(), ['done', 'home_locked']);
    await Promise.all(both.map((one) => one.dispose()));
    process.env['PATH'] = path;
    assert.equal(
      sh(clone, 'git status --porcelain; tail -1 a; ls .git | grep index'),
      'M  a\nD  b\nA  new\nmore\nindex\n',
    );
    assert.deepEqual(left(), []);
  });

  it('into a clone in which another git is at work changes nothing there, and says so', async () => {
    const places = await pair('echo more >> a');
    const { clone } = places;
    const arrived = await patched(places);
    sh(clone, ': > .git/index.lock');
    const before = state(clone);
    assert.equal(await outcome(arrived.apply(signal)), 'home_locked');
    assert.equal(state(clone), before);
    // Of one that runs, or of another computer: nobody knows whether it is done.
    for (const who of [`${process.pid} ${hostname()}`, `${gone} ${hostname()}.other`]) {
      writeFileSync(join(clone, '.git/index.lock'), `runloop-devboxes ${who} index.0123456789ab\n`);
      assert.equal(await outcome(arrived.apply(signal)), 'home_locked');
    }
    await arrived.dispose();
  });

  it('into a clone in which a window of ours was killed takes away its lock, and brings it', async () => {
    const places = await pair('echo more >> a');
    const { clone } = places;
    const arrived = await patched(places);
    writeFileSync(join(clone, '.git/index.lock'), `runloop-devboxes ${gone} ${hostname()} index.0123456789ab\n`);
    sh(clone, ': > .git/index.0123456789ab');
    assert.equal(await outcome(arrived.apply(signal)), 'done');
    assert.equal(sh(clone, 'git status --porcelain; ls .git | grep index'), 'M  a\nindex\n');
    await arrived.dispose();
    // What it makes itself says whose it is.
    const held = await heldIndex(clone, signal);
    assert.match(
      readFileSync(join(clone, '.git/index.lock'), 'utf8'),
      new RegExp(`^runloop-devboxes ${process.pid} \\S+ index\\.[0-9a-f]{12}\n$`),
    );
    await held.release();
  });
});
