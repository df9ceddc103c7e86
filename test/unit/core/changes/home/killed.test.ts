import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DevboxCommands } from '../../../../../src/core/channel/devboxCommands';
import { DevboxChanges } from '../../../../../src/core/changes/devboxChanges';
import { openClone } from '../../../../../src/core/changes/home/clone';
import { sendable, type Sendable } from '../../../../../src/core/changes/home/send';
import { RuntimeError } from '../../../../../src/core/errors';
import { apiTransfer } from '../../../../../src/core/files/fileTransfer';
import { signal } from '../useChanges';
import { fewFiles, usePairs, type Pair } from './usePair';

const tools = ['git', 'mv', 'rm', 'rmdir', 'mkdir'];
/**
 * Programs that count their calls from the first one on that writes files, a call for each file that is moved, and end the whole at one
 * of them: before it, or where git writes files, in the midst of one. What a full disk does to git, a limit on files does here.
 */
const counting = (paths: readonly string[]): string =>
  tools
    .map((tool, index) => {
      const real = paths[index] ?? '';
      const script = `#!/bin/bash
writes=; case "${tool} $* " in git*" --check "*) ;; git*" apply "*|git*" checkout-index "*) writes=1; : > /tmp/killed/on ;; esac
count() {
  [ -e /tmp/killed/on ] && case ${tool}$writes in git) false ;; esac || return
  exec 7>> /tmp/killed/lock; flock 7; n=$(($(wc -l < /tmp/killed/calls) + 1)); echo "${tool} $*" | tr '\\n' ' ' >> /tmp/killed/calls; echo >> /tmp/killed/calls; exec 7>&-
  [ "$n" != "$KILL_AT" ] || { [ -z "$writes" ] || (ulimit -f 8; ${real} "$@"); for p in $(< /tmp/killed/pid) $$; do kill -9 -- -$(ps -o pgid= -p $p | tr -d ' '); done; sleep 60; }
}
${tool === 'mv' ? `if [ "$2" = -t ]; then to=$3; shift 4; for f; do count "$f"; ${real} -f -t "$to" -- "$f" || exit; done; exit; fi` : ''}
count "$@"; exec ${real} "$@"`;
      return `cat > /tmp/killed/${tool} <<'END'\n${script}\nEND\nchmod 755 /tmp/killed/${tool}`;
    })
    .join('\n');

describe('Changes of a clone that are sent and killed on their way', function () {
  this.timeout(600_000);
  const pairs = usePairs('killed', `${fewFiles} && seq 9000 > long`);
  const look = async ({ top, clone }: Pair, run?: DevboxCommands['run']): Promise<Sendable | undefined> => {
    const { commands, id: devboxId } = pairs.box;
    const by = { devboxId, commands: { run: run ?? commands.run.bind(commands) } };
    const changes = new DevboxChanges({ ...by, requireRunning: () => Promise.resolve() });
    const of = { changes, transfer: apiTransfer(pairs.api), devboxId };
    return sendable(of, await pairs.box.read(top), { clone: await openClone(clone, signal), signal });
  };

  it('are there or not, file by file, wherever it ends, and what was changed there is not lost', async () => {
    const places = await pairs.pair(
      'true',
      `sed -i 's/^3$/three/' a long; echo mine > b; rm d/x; mkdir new; echo new > new/n; ln -s a link`,
    );
    const { top } = places;
    const { bash } = pairs.box;
    const found = await bash(`for t in ${tools.join(' ')}; do command -v $t; done`);
    await bash(`mkdir -p /tmp/killed\n${counting(found.trim().split('\n'))}`);
    const theirs = `sed -i 's/^20$/twenty/' a; echo theirs >> long; echo new > there`;
    const hashes = async (): Promise<Map<string, string>> => {
      const listed = `cd ${top}; find . -path ./.git -prune -o \\( -type f -exec sha256sum {} + \\) -o -type l -printf '%l %p\\n'`;
      return new Map(
        (await bash(listed))
          .trim()
          .split('\n')
          .map((line) => [line.replace(/^\S+ +/, ''), line]),
      );
    };
    const again = (): Promise<string> =>
      bash(
        `cd ${top}; git reset -q --hard; git clean -qfdx; ${theirs}; rm -f /tmp/killed/on; : > /tmp/killed/calls; rm -f /var/tmp/.runloop-devboxes-*/*/*/{sent,merged}`,
      );
    await again();
    const old = await hashes();
    await (await look(places))?.send(signal);
    const sent = await hashes();
    assert.equal(await bash(`cd ${top}; sed -n '3p;20p' a; tail -1 long; cat b`), 'three\ntwenty\ntheirs\nmine\n');
    assert.equal(await look(places), undefined);
    let isWhole = false;
    const calls: string[] = [];
    let killed = 0;
    for (let at = 1; !isWhole; at += 1) {
      await again();
      const plan =
        (await look(places, (script, options) =>
          pairs.box.commands.run(
            `echo $$ > /tmp/killed/pid; export PATH=/tmp/killed:$PATH KILL_AT=${at}\n${script}`,
            options,
          ),
        )) ?? assert.fail();
      const error: unknown = await plan.send(signal).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      isWhole = error === undefined;
      if (!isWhole) {
        assert.ok(RuntimeError.is(error) && error.problem.id === 'send_maybe', String(error));
        killed += 1;
      }
      const now = await hashes();
      const call = (await bash('tail -1 /tmp/killed/calls; rm -f /tmp/killed/on')).trim();
      calls.push(call);
      await plan.dispose();
      for (const name of new Set([...old.keys(), ...sent.keys(), ...now.keys()])) {
        assert.ok([old.get(name), sent.get(name)].includes(now.get(name)), `${at}: ${name} at ${call}`);
      }
      await (await look(places))?.send(signal);
      assert.deepEqual(await hashes(), sent, `${at}: sent again after ${call}`);
    }
    assert.ok(killed > 9, calls.join('\n'));
  });
});
