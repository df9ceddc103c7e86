import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { DevboxChanges } from '../../../../src/core/changes/devboxChanges';
import { discard, discardable } from '../../../../src/core/changes/discard';
import { callProblem } from '../../../../src/core/problems/calls';
import { RuntimeError } from '../../../../src/core/errors';
import { usePlatform } from '../../../platform/usePlatform';
import { eventually } from '../../../eventually';
import { changesDevbox, signal, type ChangesDevbox } from './useChanges';

describe('Discarding that is broken off', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'broken' });
  });

  /** What runs commands some other way. */
  const by = (run: DevboxCommands['run']): DevboxChanges =>
    new DevboxChanges({ devboxId: box.id, commands: { run }, requireRunning: () => Promise.resolve() });
  const planned = async (top: string): Promise<{ top: string; paths: []; state: string; devboxId: string }> => {
    const { state } = await discardable(box.changes, { top, paths: [], signal });
    return { top, paths: [], state, devboxId: box.id };
  };
  const failsAs = (work: Promise<unknown>, id: string): Promise<void> =>
    assert.rejects(work, (error) => RuntimeError.is(error) && error.problem.id === id);
  const changed = 'echo b > a; echo n > new; rm gone';
  /** A git that waits where files are written over. */
  const slow =
    `mkdir -p /tmp/slow; printf '#!/bin/sh\\ncase " $* " in *" read-tree -m -u "*) rm -f a; echo $$ > /tmp/slow/began; sleep 60;; esac; exec %s "$@"\\n' "$(command -v git)" > /tmp/slow/git; ` +
    'chmod 755 /tmp/slow /tmp/slow/git; rm -f /tmp/slow/began';

  it('by the end of the account goes on to its end', async () => {
    const top = await box.repository('echo a > a; echo g > gone');
    await box.bash(`cd ${top}; ${changed}`);
    const stop = new AbortController();
    const late = by((command, options) => box.commands.run(`sleep 4\n${command}`, options));
    const meant = await planned(top);
    const work = discard(late, { ...meant, signal: stop.signal });
    setTimeout(() => stop.abort(), 2_500);
    const stash = await work;
    assert.equal(
      await box.bash(`cd ${top}; git status --porcelain; cat a gone; git rev-parse stash`),
      `a\ng\n${stash}\n`,
    );
    await failsAs(discard(box.changes, { ...meant, signal: stop.signal }), 'cancelled');
  });

  it('is told as what it is: done or not, or not known', async () => {
    const top = await box.repository('echo a > a; echo g > gone');
    await box.bash(`cd ${top}; ${changed}`);
    const meant = { ...(await planned(top)), signal };
    const cut = new RuntimeError({ problem: callProblem('no_answer_in_time') });
    await failsAs(
      discard(
        by(() => Promise.reject(cut)),
        meant,
      ),
      'no_answer_in_time',
    );
    const unheard = by(async (command, options) => {
      options.onStarted?.();
      await box.commands.run(command, options);
      throw cut;
    });
    await failsAs(discard(unheard, meant), 'discard_maybe');
    await failsAs(discard(unheard, meant), 'discard_maybe');
    // What it says itself is known.
    await failsAs(discard(box.changes, meant), 'discard_moved');
    await failsAs(
      discard(
        by((_, options) => box.commands.run('kill -9 $$', options)),
        meant,
      ),
      'discard_maybe',
    );
  });

  it('by the end of its devbox, half-way, keeps nobody from another one', async () => {
    const top = await box.repository('echo a > a; echo g > gone');
    await box.bash(`cd ${top}; ${changed}; ${slow}`);
    const held = by((command, options) =>
      box.commands.run(`echo $$ > /tmp/slow/pid; PATH=/tmp/slow:$PATH\n${command}`, options),
    );
    const work = discard(held, { ...(await planned(top)), signal });
    const failed = failsAs(work, 'discard_maybe');
    await eventually(
      () => box.bash('ls /tmp/slow'),
      (names) => names.includes('began'),
    );
    // It is at work: nobody takes its lock away.
    await failsAs(planned(top), 'discard_locked');
    await box.bash(
      'for p in $(cat /tmp/slow/pid /tmp/slow/began); do kill -9 -- -$(ps -o pgid= -p $p | tr -d " "); done',
    );
    await failed;
    assert.match(await box.bash(`cd ${top}; ls .git/index.lock; git show stash:a stash^3:new`), /lock\nb\nn\n$/);
    await discard(box.changes, { ...(await planned(top)), signal });
    assert.equal(await box.bash(`cd ${top}; git status --porcelain; ls .git/index.lock 2>&1 | grep -c No`), '1\n');
    assert.equal(await box.bash(`cd ${top}; cat a gone; git stash list | wc -l`), 'a\ng\n2\n');
    // A lock of git's own is nobody's to take.
    await box.bash(`cd ${top}; ${changed}; : > .git/index.lock`);
    await failsAs(planned(top), 'discard_locked');
  });
});
