import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { DevboxChanges } from '../../../../../src/core/changes/devboxChanges';
import { openClone, receiveBundle, type Arrival } from '../../../../../src/core/changes/home/clone';
import { fetchBundle } from '../../../../../src/core/changes/home/devboxBundle';
import { removed, temporaryFolder } from '../../../../../src/core/changes/home/scratch';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { callProblem } from '../../../../../src/core/problems/calls';
import { waitFor } from '../../../../eventually';
import { signal } from '../useChanges';
import { fewFiles, usePairs, type Pair } from './usePair';

describe('Bringing commits home that is broken off', function () {
  this.timeout(120_000);
  const pairs = usePairs('broken', fewFiles);
  const { folder, sh, pair, next } = pairs;
  const path = process.env['PATH'] ?? '';
  afterEach(() => void (process.env['PATH'] = path));
  /** Makes the git of this computer do something else for a word: `real` is what it is. */
  const git = (word: string, instead: string): void => {
    const shim = join(folder, `shim-${next()}`);
    mkdirSync(shim);
    const real = sh(folder, 'command -v git').trim();
    const text = `#!/bin/bash\nreal() { ${real} "$@"; }\ncase " $* " in *" ${word} "*) ${instead} ;; *) real "$@" ;; esac\n`;
    writeFileSync(join(shim, 'git'), text);
    chmodSync(join(shim, 'git'), 0o755);
    process.env['PATH'] = `${shim}:${path}`;
  };
  const bundle = async ({ top, clone }: Pair, changes = pairs.box.changes): Promise<[string, string, number]> => {
    const repository = await pairs.box.read(top);
    const file = join(folder, `bundle-${next()}`);
    const { known } = await openClone(clone, signal);
    const context = { changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id };
    return [file, repository.report.head, await fetchBundle(context, repository, { known, file, signal })];
  };
  const work = 'echo more >> a; git commit -qam more';
  const arrive = async (places: Pair, limit = signal): Promise<Arrival> => {
    const [file, head] = await bundle(places);
    return receiveBundle(await openClone(places.clone, signal), { file, head, signal: limit });
  };
  const isCancelled = (error: unknown): boolean => RuntimeError.is(error, 'cancelled');
  const scratches = (): string[] => readdirSync(folder).filter((name) => name.startsWith('runloop-home-'));

  it('ends git with all that it has started, and leaves nothing', async () => {
    const places = await pair(work);
    const [file, head] = await bundle(places);
    const clone = await openClone(places.clone, signal);
    // What it has started writes a moment later, into a folder that is made anew for it.
    git('fetch', `: > '${folder}/began'; (sleep 2; mkdir -p "$PWD"; : > "$PWD/late"; : > '${folder}/late') & wait`);
    const stop = new AbortController();
    const received = assert.rejects(receiveBundle(clone, { file, head, signal: stop.signal }), isCancelled);
    await waitFor('the fetch', () => existsSync(join(folder, 'began')) || undefined);
    stop.abort();
    await received;
    await sleep(2_500);
    assert.deepEqual([existsSync(join(folder, 'late')), scratches()], [false, []]);
  });

  it('has made the branch or not, as it says', async () => {
    const places = await pair(work);
    const arrival = await arrive(places);
    git('fetch', `real "$@"; : > '${folder}/fetched'; sleep 3`);
    const stop = new AbortController();
    const brought = assert.rejects(arrival.bring('runloop/x', stop.signal), isCancelled);
    await waitFor('the fetch', () => existsSync(join(folder, 'fetched')) || undefined);
    stop.abort();
    await brought;
    process.env['PATH'] = path;
    assert.equal(
      sh(places.clone, 'git branch --format="%(refname:short)"; find .git -name "*.lock" -o -name "tmp_*"'),
      'main\n',
    );
    assert.equal(await arrival.bring('runloop/x', signal), 'runloop/x');
    await arrival.dispose();
    assert.equal(sh(places.clone, 'git rev-parse runloop/x; git status --porcelain'), `${arrival.head}\n`);
  });

  it('makes a branch of its own where another window has made one of this name meanwhile', async () => {
    const places = await pair(work);
    const arrival = await arrive(places);
    const first = sh(places.clone, 'git rev-parse main');
    for (const [step, branch] of [
      ['fetch', 'runloop/x'],
      ['update-ref', 'runloop/y'],
    ] as const) {
      git(step, `real branch ${branch} main 2>/dev/null; real "$@"`);
      assert.equal(await arrival.bring(branch, signal), `${branch}-2`);
      process.env['PATH'] = path;
      assert.equal(sh(places.clone, `git rev-parse ${branch} ${branch}-2`), `${first}${arrival.head}\n`, step);
    }
    await arrival.dispose();
  });

  it('has what has arrived where the devbox cannot be reached afterwards', async () => {
    const places = await pair(work);
    let runs = 0;
    const { id: devboxId, commands } = pairs.box;
    const once = new DevboxChanges({
      devboxId,
      commands: {
        run: (command, options) => {
          runs += 1;
          if (runs > 1) return Promise.reject(new RuntimeError({ problem: callProblem('no_answer_in_time') }));
          return commands.run(command, options);
        },
      },
      requireRunning: () => Promise.resolve(),
    });
    const [file, , commits] = await bundle(places, once);
    assert.deepEqual([runs, commits, existsSync(file)], [2, 1, true]);
  });

  it('by the end of its window is cleared away by a later one', async () => {
    const [old, young] = [await temporaryFolder('home'), await temporaryFolder('bundle')];
    const other = join(folder, 'runloop-home-page');
    mkdirSync(other);
    for (const one of [old, other]) utimesSync(one, 0, 0);
    const now = await temporaryFolder('send');
    assert.deepEqual([old, young, other, now].map(existsSync), [false, true, true, true]);
    await Promise.all([young, now].map(removed));
  });
});
