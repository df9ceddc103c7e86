import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import { DevboxFiles } from '../../../../src/core/files/devboxFiles';
import { fileProblemOf } from '../../../../src/core/files/fileErrors';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import { deadline } from '../../../../src/ground/deadline';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { skip } from '../../../run/skip';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

describe('Two windows that save a file of a devbox at once', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: FilesDevbox;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api);
  });

  async function fresh(setUp: string): Promise<string> {
    const dir = `/tmp/once-${(count += 1)}`;
    await box.bash(`mkdir ${dir} && cd ${dir} && ${setUp}`);
    return dir;
  }
  /** The files as a window has them that comes to a halt where a save is about to begin its last step. */
  function halting(gate: string, shell: string): DevboxFiles {
    const halt = `halt() { : > ${gate}/at-$BASHPID; while [ ! -e ${gate}/go ]; do sleep 0.05; done; }\n${shell}\n`;
    return new DevboxFiles({
      devboxId: box.id,
      commands: { run: (command, options) => box.commands.run(`${halt}${command}`, options) },
      transfer: apiTransfer(used.api),
      requireRunning: () => sleep(0),
    });
  }
  const inPlace = `cat() { local own=$BASHPID; case $(readlink /proc/$own/fd/1) in */f) halt;; esac; command cat "$@"; }`;
  const replacing = 'mv() { halt; command mv "$@"; }';

  async function bothAtOnce(dir: string, path: string, shell: string, tokens: readonly string[]): Promise<string[]> {
    const gate = await fresh('true');
    let ended = 0;
    const saves = tokens.map(async (token, index) => {
      const text = String.fromCharCode(97 + index).repeat(10 + index * 50);
      const options = { create: true, overwrite: true, token, signal };
      try {
        await halting(gate, shell).write(index === 0 ? `${dir}/f` : path, content(text), options);
        return text;
      } catch (error) {
        return fileProblemOf(error) ?? String(error);
      } finally {
        ended += 1;
      }
    });
    // Both are at their last step, or one of them waits for the other, or it came so late that it sees what the other has begun.
    await eventually(
      () =>
        box.bash(
          `ls ${gate} | grep -c at- || true; grep -lx flock /proc/[0-9]*/comm 2>/dev/null | while read -r f; do tr '\\0' ' ' < "\${f%comm}cmdline" 2>/dev/null; echo; done | grep -c . || true`,
        ),
      (seen) =>
        seen
          .trim()
          .split('\n')
          .map(Number)
          .reduce((sum, one) => sum + one, 0) +
          ended ===
        2,
    );
    await box.bash(`: > ${gate}/go`);
    return Promise.all(saves);
  }

  for (const [how, setUp, other, shell] of [
    ['in its place', 'printf old > f; chmod 640 f', 'f', replacing],
    ['written over', 'printf old > f; chmod 640 f; mkdir d; ln f d/g', 'f', inPlace],
    [
      'written over by its names in two folders',
      'printf old > f; chmod 640 f; mkdir d; ln f d/g',
      'd/g',
      inPlace.replace('*/f)', '*/[fg])'),
    ],
  ] as const) {
    it(`lose nothing without a word (${how}): one is saved, the other is told that it was changed`, async () => {
      const dir = await fresh(setUp);
      const { token } = await box.files.stat(`${dir}/f`, { signal });
      const ends = await bothAtOnce(dir, `${dir}/${other}`, shell, [token, token]);
      const saved = ends.filter((end) => end !== 'file_changed');
      assert.equal(saved.length, 1, ends.join());
      assert.equal(
        await box.bash(`cd ${dir}; cat f; stat -c ' %a' f; ls -A | grep -c runloop || true`),
        `${saved.join()} 640\n0\n`,
      );
    });

    it(`mix nothing where both may write over whatever is there (${how})`, async () => {
      const dir = await fresh(setUp);
      const ends = await bothAtOnce(dir, `${dir}/${other}`, shell, ['any', 'any']);
      assert.ok(ends.includes(await box.bash(`cat ${dir}/f`)), ends.join());
      assert.equal(await box.bash(`ls -A ${dir} /tmp | grep -c '^.runloop' || true`), '0\n');
    });
  }

  it('save also where somebody else holds the folder, when they have waited', async function () {
    const dir = await fresh('printf old > f');
    const held = box.commands.run(`exec 9<${dir}; flock 9; : > ${dir}/held; sleep 300`, {
      signal: deadline(100_000),
      deadlineMs: 90_000,
    });
    held.catch(() => undefined);
    await eventually(
      () => box.bash(`ls ${dir}`),
      (seen) => seen.includes('held'),
    );
    // Waiting is cut short, so that the test is.
    const files = halting(dir, 'flock() { command flock -w 1 "\\${@:3}"; }');
    await files.write(`${dir}/f`, content('new'), { create: true, overwrite: true, token: 'any', signal });
    assert.equal(await box.bash(`cat ${dir}/f`), 'new');
  });

  it('keep a group that the user could not give to a file', async function () {
    if ((await box.bash('sudo -n true 2>/dev/null && echo yes || true')) === '') {
      skip(this, 'The devbox has no sudo without a password.');
    }
    const dir = await fresh('printf old > f; printf old > own; sudo -n chgrp 4242 f; chmod 664 f');
    for (const name of ['f', 'own']) {
      await box.files.write(`${dir}/${name}`, content('new'), { create: true, overwrite: true, token: 'any', signal });
    }
    assert.equal(
      await box.bash(`cd ${dir}; cat f own; stat -c ' %g %a' f; ls -A /tmp . | grep -c '^.runloop' || true`),
      'newnew 4242 664\n0\n',
    );
  });
});
