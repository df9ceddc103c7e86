import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { DevboxChanges, type RepositoryChanges } from '../../../../src/core/changes/devboxChanges';
import type { SideContent } from '../../../../src/core/changes/sides/sideContent';
import { RuntimeError } from '../../../../src/core/errors';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, signal, type ChangesDevbox } from './useChanges';

const most = 5 * 1024 * 1024;

describe('Sides of many changes', function () {
  this.timeout(180_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'sides' });
  });

  /** Reads them, with the executions that it took. */
  function counting(hold?: (count: number) => Promise<void>): { changes: DevboxChanges; count: () => number } {
    let count = 0;
    const commands: DevboxCommands = {
      run: async (command, options) => {
        count += 1;
        await hold?.(count);
        return box.commands.run(command, options);
      },
    };
    const changes = new DevboxChanges({ devboxId: box.id, commands, requireRunning: () => Promise.resolve() });
    return { changes, count: () => count };
  }
  type Asked = Parameters<DevboxChanges['content']>[1];
  const bothSides = ({ groups }: RepositoryChanges): readonly Asked[] =>
    groups.uncommitted.flatMap(({ path, from = path, before: was, after: is }) => [
      ...(was === undefined ? [] : [{ path: from, side: was }]),
      ...(is === undefined ? [] : [{ path, side: is }]),
    ]);
  const told = async (content: Promise<SideContent>): Promise<string> => {
    try {
      const found = await content;
      return 'bytes' in found ? `${found.kind} ${found.bytes.toString('base64')}` : JSON.stringify(found);
    } catch (error) {
      return RuntimeError.is(error) ? error.problem.id : String(error);
    }
  };
  /** Holds what is read together against what is read one by one. @returns the executions that all of them took together */
  async function sameTogether(of: RepositoryChanges, sides = bothSides(of)): Promise<readonly [number, string[]]> {
    const { changes, count } = counting();
    const together = await Promise.all(sides.map((side) => told(changes.content(of, side, { most, signal }))));
    const needed = count();
    const alone: string[] = [];
    for (const side of sides) alone.push(await told(changes.content(of, side, { most, signal })));
    assert.equal(count() - needed, sides.length);
    assert.deepEqual(together, alone);
    return [needed, together];
  }

  it('are read by few executions, with the same bytes as one by one', async () => {
    const top = await box.repository(`for i in $(seq 200); do printf 'a %s\\n\\0' $i > "f$i"; done`);
    await box.bash(`cd ${top}; for i in $(seq 200); do printf 'b %s' $i > "f$i"; done`);
    const of = await box.read(top);
    const sides = bothSides(of);
    assert.equal(sides.length, 400);
    const { changes, count } = counting();
    const together = await Promise.all(sides.map((side) => told(changes.content(of, side, { most, signal }))));
    assert.equal(count(), 8);
    assert.deepEqual(
      together,
      of.groups.uncommitted.flatMap(({ path }) =>
        [`a ${path.slice(1)}\n\0`, `b ${path.slice(1)}`].map((text) => `bytes ${Buffer.from(text).toString('base64')}`),
      ),
    );
  });

  it('fail each by itself: odd names, links, pipes, what is gone, what may not be read, what lost its object', async () => {
    const top = await box.repository(
      `mkdir d; for f in a lost tail $'new\\nline' $'bad\\xff' '[x]*$(y)' -n " s " d/x; do echo "was $f" > "$f"; done; ln -s a link; : > empty; echo z > to; chmod 755 to`,
    );
    await box.bash(
      `cd ${top}; for f in a lost tail $'new\\nline' $'bad\\xff' '[x]*$(y)' -n " s " d/x; do echo "is $f" > "$f"; done; ln -sfn 'b
c' link; rm empty to; ln -s /etc/passwd to; head -c 6000000 /dev/zero > large; mkfifo pipe; : > none; echo no > no; echo gone > gone; ` +
        `for f in lost tail; do blob=$(git rev-parse :$f); o=.git/objects/\${blob:0:2}/\${blob:2}; chmod 600 $o; done; rm -f $(git rev-parse :lost | sed 's,^..,.git/objects/&/,'); ` +
        `o=$(git rev-parse :tail | sed 's,^..,.git/objects/&/,'); head -c 21 $o > $o.x; mv -f $o.x $o`,
    );
    const of = await box.read(top);
    await box.bash(`cd ${top}; rm gone; chmod 0 no`);
    const work = (path: string): Asked => ({ path, side: { mode: '100644', id: '', isWork: true } });
    const sides = [...bothSides(of), ...['pipe', 'd', '../etc/shadow', 'a/b'].map(work)];
    const [count, all] = await sameTogether(of, sides);
    assert.ok(count < 8, String(count));
    const words = all.filter((one) => !one.startsWith('bytes'));
    assert.ok(words.includes('{"kind":"large","size":6000000}'), words.join('\n'));
    assert.ok(words.includes('{"kind":"special"}'), words.join('\n'));
    assert.ok(words.filter((one) => one === '{"kind":"missing"}').length >= 3, words.join('\n'));
    assert.ok(words.filter((one) => one.startsWith('link ')).length >= 3, words.join('\n'));
  });

  it('have a bound together, beyond which the next execution reads on', async () => {
    const top = await box.repository(`for i in $(seq 6); do head -c 2000000 /dev/urandom > f$i; done`);
    await box.bash(`cd ${top}; for i in $(seq 6); do echo $i >> f$i; done; cp f1 'far
away'; git mv f6 moved`);
    const [count] = await sameTogether(await box.read(top));
    // Twelve or so of 2 MB each, two at a time.
    assert.ok(count >= 6 && count <= 9, String(count));
  });

  it('do not keep one that is asked for later waiting, and are given up with their account', async () => {
    const top = await box.repository(`for i in $(seq 200); do echo $i > f$i; done; echo mine > mine`);
    await box.bash(`cd ${top}; for i in $(seq 200); do echo b >> f$i; done; echo 2 >> mine`);
    const of = await box.read(top);
    const sides = bothSides(of).filter(({ path }) => path !== 'mine');
    const { changes, count } = counting(() => sleep(300));
    const ended = new AbortController();
    const warned: Error[] = [];
    const warn = (warning: Error): void => void warned.push(warning);
    process.on('warning', warn);
    const all = sides.map((side) => told(changes.content(of, side, { most, signal: ended.signal })));
    await sleep(100);
    assert.equal(count(), 2);
    const [mine] = bothSides(of).filter(({ path }) => path === 'mine');
    await changes.content(of, mine ?? assert.fail(), { most, signal });
    // Two that ran, the one, and what runs beside it.
    assert.ok(count() <= 5, String(count()));
    ended.abort();
    const words = await Promise.all(all);
    assert.ok(words.includes('cancelled'), [...new Set(words)].join(' '));
    const then = count();
    await sleep(700);
    assert.equal(count(), then, 'nothing is asked for that nobody wants');
    process.off('warning', warn);
    assert.deepEqual(warned, []);
  });
});
