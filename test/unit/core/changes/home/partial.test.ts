import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openClone, receiveBundle, type Arrival } from '../../../../../src/core/changes/home/clone';
import { fetchBundle } from '../../../../../src/core/changes/home/devboxBundle';
import { localWork } from '../../../../../src/core/changes/home/localWork';
import { receivePatch } from '../../../../../src/core/changes/home/uncommitted';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { short, signal } from '../useChanges';
import { usePairs } from './usePair';

/** A program behind every way in which git would ask another computer for objects. */
const canary = (file: string): string =>
  `printf '#!/bin/sh\\necho ran >> ${file}.ran\\n' > ${file}; chmod 755 ${file}; : > ${file}.ran`;
const asksBy = (file: string): string =>
  `git config remote.origin.uploadpack ${file}; git config core.sshCommand ${file}; git config protocol.ext.allow always`;

describe('A partial clone', function () {
  this.timeout(120_000);
  const pairs = usePairs('partial', 'seq 20000 > big; seq 9 > a; seq 30 > b');
  const { folder, sh, pair } = pairs;
  const more = `seq 19999 > big; seq 200 > b; git commit -qam two; seq 300 > b; git rm -q a; git commit -qm three -a`;
  /** Commands that make one without the blobs of a repository beside it, of which only some are fetched. */
  const partial = (from: string, made: string, fetched: string): string =>
    `git -C '${from}' config uploadpack.allowFilter true; git -C '${from}' config uploadpack.allowAnySHA1InWant true; ` +
    `git clone -q --no-checkout --filter=blob:none 'file://${from}' '${made}'; cd '${made}'; git config user.name t; git config user.email t@t; ${fetched}`;
  async function arrive(top: string, clone: string): Promise<Arrival | undefined> {
    const repository = await pairs.box.read(top);
    const local = await openClone(clone, signal);
    const file = join(folder, `bundle-${pairs.next()}`);
    const context = { changes: pairs.box.changes, transfer: apiTransfer(pairs.api), devboxId: pairs.box.id };
    const commits = await fetchBundle(context, repository, { known: local.known, file, signal });
    return commits === 0 ? undefined : receiveBundle(local, { file, head: repository.report.head, signal });
  }
  const failsAs = async (work: Promise<unknown>, id: string): Promise<void> => {
    await assert.rejects(work, (error) => {
      assert.ok(RuntimeError.is(error, 'file'), String(error));
      assert.equal(error.problem.id, id, error.message);
      return true;
    });
  };

  it('in a devbox is looked at and brought home as far as its objects are there, and nothing is fetched', async () => {
    const { top, clone } = await pair(more);
    const made = `${top}-part`;
    const [program, { bash }] = ['/tmp/asked', pairs.box];
    await bash(
      `${canary(program)}; ${partial(top, made, `git checkout -q main; ${asksBy(program)}; git config remote.origin.url 'ext::${program}'`)}`,
    );
    await bash(`cd ${made}; git cat-file -p HEAD~2:big >/dev/null 2>&1; cat ${program}.ran; : > ${program}.ran`);
    const objects = (): Promise<string> =>
      bash(`cd ${made}; find .git/objects -type f -print0 | sort -z | xargs -0 sha256sum`);
    const before = await objects();
    await bash(`cd ${made}; seq 20001 > big; rm b; seq 31 > c`);
    const { groups } = await pairs.box.read(made);
    assert.deepEqual(groups.uncommitted.map(short), ['deleted b', 'modified big', 'untracked c']);
    assert.equal((await pairs.box.sides(made, 'b'))[0], sh(clone, 'seq 300'));
    assert.match((await pairs.box.changes.patch(made, 'head', signal)).toString('latin1'), /^\+31$/m);
    // What is between the clone and here was never fetched.
    await failsAs(arrive(made, clone), 'home_incomplete');
    // Nor is there what was before it.
    await bash(`cd ${made}; git -c remote.origin.promisor=false update-ref HEAD HEAD~2`);
    assert.deepEqual(await pairs.box.sides(made, 'a'), ['{"kind":"missing"}', '-']);
    await failsAs(pairs.box.changes.patch(made, 'head', signal), 'patch_incomplete');
    await bash(`cd ${made}; git update-ref HEAD origin/main`);
    assert.equal(await bash(`cat ${program}.ran`), '');
    assert.equal(await objects(), before);
    // As it is said.
    await bash(
      `cd ${made}; git config --unset remote.origin.uploadpack; git config remote.origin.url 'file://${top}'; git fetch -q --refetch --no-filter`,
    );
    const arrival = (await arrive(made, clone)) ?? assert.fail();
    assert.equal(arrival.commits, 2);
    await arrival.dispose();
  });

  it('on this computer is told of where it lacks what the changes are based on, and nothing is fetched', async () => {
    const { top, clone } = await pair(more, more);
    const made = join(folder, `part-${pairs.next()}`);
    const program = join(folder, 'asked');
    sh(
      folder,
      `${canary(program)}; ${partial(clone, made, `${asksBy(program)}; git config remote.origin.url 'ext::${program}'`)}`,
    );
    await pairs.box.bash(`cd ${top}; seq 20001 > big; git commit -qam four`);
    const state = (): string => sh(made, 'git for-each-ref; git count-objects -v; ls -lR .git/objects .git/refs');
    const before = state();
    await failsAs(arrive(top, made), 'home_partial');
    assert.equal(state(), before);
    // What is checked out is there, and so is all that only that is needed for.
    sh(
      made,
      `git config remote.origin.url 'file://${clone}'; git config --unset remote.origin.uploadpack; git checkout -q main; git config remote.origin.url 'ext::${program}'`,
    );
    const arrival = (await arrive(top, made)) ?? assert.fail();
    assert.equal(await arrival.bring('runloop/main', signal), 'runloop/main');
    await arrival.dispose();
    await pairs.box.bash(`cd ${top}; seq 7 > big; seq 31 > b`);
    sh(made, 'git checkout -q runloop/main');
    const patch = await pairs.box.changes.patch(top, 'head', signal);
    const changes = (await receivePatch(await openClone(made, signal), { patch, signal })) ?? assert.fail();
    await changes.apply(signal);
    await changes.dispose();
    // What goes the other way is what is here.
    const commits = new Set([sh(made, 'git rev-parse HEAD~3').trim()]);
    const work = await localWork(await openClone(made, signal), { commits, signal });
    await work.dispose();
    assert.equal(sh(folder, `cat ${program}.ran`), '');
    assert.equal(sh(folder, 'ls -d runloop-* 2>/dev/null | wc -l'), '0\n');
  });
});
