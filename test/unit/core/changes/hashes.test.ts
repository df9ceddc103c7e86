import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { DevboxChanges } from '../../../../src/core/changes/devboxChanges';
import { fieldsOf } from '../../../../src/core/files/fileFacts';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, signal, type ChangesDevbox } from './useChanges';

const log = '/tmp/hashed';
const names = ['a', 'b', 'c', 'd'];

describe('The hashes of files that are known from the look before', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;
  let changes: DevboxChanges;
  /** Up to which second hashes were taken for known at the last look. */
  let until = 0;
  /** Bytes that the last look was told. */
  let told = 0;
  before(async () => {
    box = await changesDevbox(used.api, { name: 'hashes' });
    // Notes the names of which git is asked for a hash.
    const git = `[ "$1 $3" != 'hash-object --stdin-paths' ] || { tee -a ${log} | "$real" "$@"; exit; }; exec "$real" "$@"`;
    await box.bash(
      `mkdir /tmp/noting; { echo '#!/bin/bash'; echo "real=$(command -v git)"; cat; } > /tmp/noting/git <<'END'\n${git}\nEND\nchmod +x /tmp/noting/git`,
    );
    changes = new DevboxChanges({
      devboxId: box.id,
      requireRunning: () => Promise.resolve(),
      commands: {
        run: async (command, options) => {
          until = Number(
            fieldsOf(options.stdin ?? Buffer.of())
              .at(-2)
              ?.toString(),
          );
          const result = await box.commands.run(`PATH=/tmp/noting:$PATH; ${command}`, options);
          told = result.stdout.byteLength;
          return result;
        },
      },
    });
  });

  /** Looks, and tells each file's hash, and which of them git was asked for. */
  async function look(top: string): Promise<{ ids: (string | undefined)[]; asked: string[]; digest: string }> {
    await box.bash(`: > ${log}`);
    const { report, digest } = await changes.read(top, signal);
    const asked = (await box.bash(`cat ${log}`))
      .split('\n')
      .filter((name) => name !== '')
      .toSorted();
    return { ids: names.map((name) => report.files.get(name)?.id), asked, digest };
  }
  const changed = (): Promise<string> =>
    box.repository(`printf 0 > a; printf 0 > b`).then(async (top) => {
      await look(top);
      await box.bash(`cd ${top}; echo a > a; echo b > b; echo c > c; echo d > d`);
      return top;
    });
  /** Looks until all that is changed is of seconds that are over. */
  async function settled(top: string): ReturnType<typeof look> {
    for (;;) {
      const found = await look(top);
      if (found.asked.length === 0) return found;
    }
  }
  const truth = async (top: string): Promise<string[]> =>
    (await box.bash(`cd ${top}; git hash-object ${names.join(' ')}`)).trim().split('\n');

  it('stand for files that nobody has touched since, and for no others', async () => {
    const top = await changed();
    const first = await look(top);
    assert.deepEqual([first.asked, first.ids], [names, await truth(top)]);
    const now = Number(await box.bash('date +%s'));
    const second = await look(top);
    assert.deepEqual({ ...second, asked: names }, first);
    // What was changed a moment ago may be changed again without another time: none of that is taken for known.
    assert.ok(until > 0 && until + 2 <= now, `${until}; ${now}`);
    const later = await settled(top);
    assert.deepEqual(later, { ...first, asked: [] });
    // As long as before, with its time put back; another file in its place; one that is new.
    await box.bash(
      `cd ${top}; touch -r a /tmp/time; printf 'A\\n' > a; touch -r /tmp/time a; printf 'B\\n' > new; touch -r b new; mv new b`,
    );
    const found = await look(top);
    assert.deepEqual([found.asked, found.ids], [['a', 'b'], await truth(top)]);
    assert.notEqual(found.digest, later.digest);
    // Another window knows nothing of them.
    const other = new DevboxChanges({
      devboxId: box.id,
      requireRunning: () => Promise.resolve(),
      commands: box.commands,
    });
    assert.equal((await other.read(top, signal)).digest, found.digest);
  });

  it('are asked for where something of before was not told of then, and nothing of them is kept in the devbox', async () => {
    const top = await changed();
    await box.bash(`cd ${top}; echo d > .gitignore`);
    const without = await settled(top);
    assert.deepEqual(without.ids, [...(await truth(top)).slice(0, 3), undefined]);
    // It was changed long before, and is told now.
    await box.bash(`cd ${top}; rm .gitignore`);
    const found = await look(top);
    assert.deepEqual([found.asked.filter((name) => name === 'd'), found.ids], [['d'], await truth(top)]);
    assert.deepEqual((await settled(top)).ids, found.ids);
    const kept = `ls /var/tmp/.runloop-devboxes-*/${changes.keyOf(top)}`;
    assert.deepEqual((await box.bash(kept)).trim().split('\n').toSorted(), ['objects', 'start']);
  });

  const fresh = (): DevboxChanges =>
    new DevboxChanges({ devboxId: box.id, requireRunning: () => Promise.resolve(), commands: box.commands });
  /** Holds a look of somebody who knows the one before against a look of somebody who knows nothing. */
  async function requireAsFresh(top: string): Promise<void> {
    const [one, other] = [await changes.read(top, signal), await fresh().read(top, signal)];
    assert.deepEqual(one, other);
  }

  it('come with a report of which only what is new is told, and the same as to somebody who knows nothing', async () => {
    const top = await box.repository('for n in $(seq 300); do echo $n > a$n; done; echo old > z');
    await changes.read(top, signal);
    await box.bash(`cd ${top}; for n in $(seq 300); do echo more >> a$n; done; sleep 3`);
    await changes.read(top, signal);
    const whole = told;
    await requireAsFresh(top);
    // What it was asked before is known now; the lines are those of before.
    assert.ok(told < 1_500 && told < whole / 20, `${told} of ${whole} bytes`);
    for (const change of [
      'echo a >> a7',
      'echo new > new',
      'rm a8',
      'rm a9; ln -s z a9',
      'git checkout -q a10',
      'git add a11 a12',
      'chmod +x a13',
      'git mv a14 b14',
      "echo 'a* filter=lfs' > .gitattributes",
      "echo 'a*' > .gitignore",
      'git update-index --assume-unchanged a15',
      'git commit -qam two',
      'rm new; mkdir new; echo n > new/n',
    ]) {
      await box.bash(`cd ${top}; ${change}`);
      await requireAsFresh(top);
    }
  });

  it('are not those of other files that took their names with a folder that was moved, of an age and a size', async () => {
    const top = await box.repository('mkdir one; echo 1 > one/a');
    await changes.read(top, signal);
    await box.bash(`cd ${top}; mkdir two; echo first > one/a; echo other > two/a; sleep 3`);
    for (let count = 0; count < 2; count += 1) await changes.read(top, signal);
    await box.bash(`cd ${top}; mv one x; mv two one; mv x two`);
    const { report } = await changes.read(top, signal);
    const ids = ['one/a', 'two/a'].map((path) => report.files.get(path)?.id);
    assert.deepEqual(ids, (await box.bash(`cd ${top}; git hash-object one/a two/a`)).trim().split('\n'));
    await requireAsFresh(top);
  });

  it('are the same where the programs of the devbox are older', async () => {
    await box.bash(
      `{ echo '#!/bin/bash'; echo "real=$(command -v find)"; cat; } > /tmp/noting/find <<'END'\n` +
        `for one; do [ "$one" != -files0-from ] || { echo "find: unknown predicate" >&2; exit 1; }; done; exec "$real" "$@"\nEND\n` +
        'chmod +x /tmp/noting/find',
    );
    try {
      const top = await box.repository('printf 0 > a; printf 0 > -b; mkdir d; printf 0 > d/c');
      await changes.read(top, signal);
      await box.bash(
        `cd ${top}; echo a > a; echo b > ./-b; echo c > d/c; echo q > '"q'; echo n > $'n\\n'; echo r > $'r\\r'; echo p > 'd/./../%p %'; mkfifo pipe; sleep 3`,
      );
      for (let count = 0; count < 3; count += 1) await requireAsFresh(top);
      assert.ok(told < 1_500, `${told}`);
      await box.bash(`cd ${top}; echo more >> d/c`);
      await requireAsFresh(top);
    } finally {
      await box.bash('rm /tmp/noting/find');
    }
  });
});
