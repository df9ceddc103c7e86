import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'mocha';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { RuntimeError } from '../../../../src/core/errors';
import { DevboxFiles } from '../../../../src/core/files/devboxFiles';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import { unexpected } from '../../../../src/core/platform/answers';
import { runningGuard } from '../../../../src/core/files/runningGuard';
import { eventually } from '../../../eventually';
import { orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

const networkProblem = { id: 'x', code: 'network', message: 'Cut.', nextStep: '', params: {} } as const;

describe('A save that is cut off', function () {
  this.timeout(120_000);
  const used = usePlatform('--fault-control');
  const all = { create: true, overwrite: true, token: 'any', signal };
  const random = Buffer.from(Array.from({ length: 90_000 }, () => Math.random() * 256));
  let box: FilesDevbox;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api);
  });
  afterEach(() => orderFaults(used.platform));

  async function fresh(setUp = 'printf old > f; printf old > hard; ln hard other'): Promise<string> {
    const dir = `/tmp/cut-${(count += 1)}`;
    await box.bash(`mkdir ${dir} && cd ${dir} && ${setUp}`);
    return dir;
  }
  const left = (dir: string): Promise<string> =>
    box.bash(`ls -A ${dir} | tr '\\n' ' '; ls -A /tmp | grep -c '^.runloop' || true`);
  const nothingElse = 'f hard other 0\n';

  function filesOver(commands: DevboxCommands, devboxId = box.id): DevboxFiles {
    const retrieve = (limit: AbortSignal): ReturnType<typeof used.api.devboxes.retrieve> =>
      used.api.devboxes.retrieve(devboxId, { signal: limit });
    const requireRunning = runningGuard(devboxId, { known: () => undefined, retrieve });
    return new DevboxFiles({ devboxId, commands, transfer: apiTransfer(used.api), requireRunning });
  }
  /** The files of the devbox where something of its shell is different while a save runs. */
  const otherwise = (shell: string): DevboxFiles =>
    filesOver({
      run: (command, options) =>
        box.commands.run(command.includes('arg mode') ? `${shell}\n${command}` : command, options),
    });
  async function failsAs(work: Promise<unknown>, ...ids: readonly string[]): Promise<void> {
    await assert.rejects(work, (error) => {
      assert.ok(RuntimeError.is(error) && ids.includes(error.problem.id), String(error));
      return true;
    });
  }
  const onExecute = { method: 'POST', path: '/v1/devboxes/*/execute', count: 4 };

  for (const name of ['f', 'hard']) {
    it(`may have been carried out, and says so, whether it was or not (${name === 'f' ? 'in its place' : 'written over'})`, async () => {
      for (const [took_effect, expected] of [
        [true, 'new'],
        [false, 'old'],
      ] as const) {
        const dir = await fresh();
        await orderFaults(used.platform, { fault: 'cut', took_effect, ...onExecute });
        await failsAs(box.files.write(`${dir}/${name}`, content('new'), all), 'file_maybe_saved');
        assert.equal(await box.bash(`cat ${dir}/${name}`), expected);
        assert.equal(await left(dir), nothingElse);
      }
    });
  }

  it('is not in doubt where it was certainly refused, or its content did not arrive', async () => {
    const dir = await fresh();
    await orderFaults(used.platform, { fault: 'status', status: 403, ...onExecute, count: 1 });
    await failsAs(box.files.write(`${dir}/f`, content('new'), all), 'api_permission');
    await orderFaults(used.platform, { fault: 'cut', method: 'POST', path: '/v1/devboxes/*/upload_file', count: 1 });
    await failsAs(
      box.files.write(`${dir}/f`, content(random), all),
      'unreachable',
      'network_unreachable',
      'host_unreachable',
    );
    assert.equal(await box.bash(`cat ${dir}/f`), 'old');
    assert.equal(await left(dir), nothingElse);
  });

  it('is no danger to what is read: a download that is cut gives no part of the file for the whole, and says why', async () => {
    const dir = await fresh('head -c 3000000 /dev/zero > large; echo small > small');
    for (const name of ['large', 'small']) {
      const path = `${dir}/${name}`;
      const stat = await box.files.stat(path, { signal });
      const cut = { fault: 'half_stream', events: 1, method: 'POST', path: '/v1/devboxes/*/download_file', count: 1 };
      await orderFaults(used.platform, cut);
      await failsAs(box.files.readWhole(path, stat, { signal, mostBytes: 1e7 }), 'unreachable');
      assert.equal((await box.files.readWhole(path, stat, { signal, mostBytes: 1e7 })).length, stat.size);
    }
  });

  it('says of a move and a copy that nobody knows whether they were done', async () => {
    const dir = await fresh('printf a > a; printf b > b');
    await orderFaults(used.platform, { fault: 'cut', took_effect: true, ...onExecute });
    await failsAs(box.files.rename(`${dir}/a`, `${dir}/c`, { overwrite: false, signal }), 'file_maybe_done');
    await orderFaults(used.platform, { fault: 'cut', took_effect: true, ...onExecute });
    await failsAs(box.files.copy(`${dir}/b`, `${dir}/d`, { overwrite: false, signal }), 'file_maybe_done');
    assert.equal(await left(dir), 'b c d 0\n');
  });

  it('leaves what it had sent only until the devbox is reached again', async () => {
    const dir = await fresh();
    await orderFaults(
      used.platform,
      { fault: 'cut', method: 'POST', path: '/v1/devboxes/*/upload_file', took_effect: true, count: 1 },
      { fault: 'cut', ...onExecute },
    );
    await assert.rejects(box.files.write(`${dir}/f`, content(random), { ...all, isShared: true }));
    assert.equal(await left(dir), nothingElse.replace('0', '1'));
    await box.files.stat(`${dir}/f`, { signal });
    assert.equal(await left(dir), nothingElse);
  });

  it('takes away what windows had sent that ended before they could tell where it goes', async () => {
    const dir = await fresh();
    await box.bash(
      `: > /tmp/.runloop-devboxes-old; touch -d '2 days ago' /tmp/.runloop-devboxes-old; : > /tmp/.runloop-devboxes-new`,
    );
    await box.files.write(`${dir}/f`, content(random), all);
    assert.equal(
      await box.bash('ls -A /tmp | grep ^.runloop; rm /tmp/.runloop-devboxes-new'),
      '.runloop-devboxes-new\n',
    );
  });

  it('gives the old file back after the devbox was suspended half-way, but not over what others wrote then', async () => {
    for (const [meanwhile, expected] of [
      ['true', 'old'],
      ['printf theirs > hard', 'theirs'],
    ] as const) {
      const dir = await fresh();
      const files = otherwise(
        `cat() { local own=$BASHPID; case $(readlink /proc/$own/fd/1) in */hard) command cat "$@" | head -c 2; : > /tmp/reached; sleep 300;; *) command cat "$@";; esac; }`,
      );
      const save = files.write(`${dir}/hard`, content('new content'), all);
      save.catch(() => undefined);
      await eventually(
        () => box.bash('cat /tmp/reached 2>/dev/null && echo yes || true'),
        (text) => text !== '',
      );
      assert.equal(await box.bash(`rm /tmp/reached; cat ${dir}/hard`), 'ne');
      await used.api.devboxes.suspend(box.id, {});
      await used.api.devboxes.waitForStatus(box.id, ['suspended'], 20);
      await failsAs(save, 'file_maybe_saved');
      await used.api.devboxes.resume(box.id, {});
      await used.api.devboxes.waitForStatus(box.id, ['running'], 20);
      await box.bash(`cd ${dir}; ${meanwhile}`);
      const stat = await eventually(
        () => files.stat(`${dir}/hard`, { signal }).catch((error: unknown) => String(error)),
        (seen) => typeof seen !== 'string',
      );
      assert.equal(typeof stat === 'string' ? stat : stat.size, expected.length);
      assert.equal(await box.bash(`cat ${dir}/hard ${dir}/other`), expected + expected);
      assert.equal(await left(dir), nothingElse);
    }
  });

  it('leaves the old file, whole, where it goes on after it was given up and cleared away', async () => {
    const dir = await fresh();
    let goesOn: Promise<unknown> = Promise.resolve();
    const files = filesOver({
      run: async (command, options) => {
        if (!command.includes('arg mode')) return box.commands.run(command, options);
        const shell = `cp() { : > ${dir}/../reached; while [ ! -e ${dir}/../go ]; do sleep 0.05; done; command cp "$@"; }`;
        options.onStarted?.();
        goesOn = box.commands.run(`${shell}\n${command}`, { ...options, onStarted: undefined });
        await eventually(
          () => box.bash('ls /tmp/reached 2>/dev/null || true'),
          (seen) => seen !== '',
        );
        throw new RuntimeError({ problem: networkProblem });
      },
    });
    await failsAs(files.write(`${dir}/f`, content('new'), all), 'x');
    await box.bash('touch /tmp/go');
    await goesOn;
    assert.equal(await box.bash(`cat ${dir}/f; rm /tmp/go /tmp/reached`), 'old');
    assert.equal(await left(dir), nothingElse);
  });

  it('names where the content of before is, once the window is gone that could bring it back, and not while it goes on', async () => {
    const dir = await fresh('printf old > f; printf old > hard; ln hard other; ln -s hard link');
    const shell = `cat() { local own=$BASHPID; case $(readlink /proc/$own/fd/1) in */hard) command cat "$@" | head -c 2; : > /tmp/reached
      while [ ! -e /tmp/go ]; do sleep 0.05; done; kill -9 $own;; *) command cat "$@";; esac; }`;
    const gone = filesOver({
      run: (command, options) => {
        // It ends before it can put anything right.
        if (command.includes('undone=')) throw new RuntimeError({ problem: networkProblem });
        return box.commands.run(command.includes('arg mode') ? `${shell}\n${command}` : command, options);
      },
    });
    const cut = gone.write(`${dir}/hard`, content('new content'), all);
    cut.catch(() => undefined);
    await eventually(
      () => box.bash('ls /tmp/reached 2>/dev/null || true'),
      (seen) => seen !== '',
    );
    const aside = async (name: string): Promise<string | undefined> =>
      (await box.files.stat(`${dir}/${name}`, { signal })).aside;
    assert.equal(await aside('hard'), undefined, 'it goes on');
    await box.bash('touch /tmp/go');
    await failsAs(cut, 'file_maybe_saved', 'file_devbox_killed');
    assert.equal(await box.bash(`cat ${dir}/hard`), 'ne');
    const kept = (await aside('hard')) ?? assert.fail();
    assert.match(kept, /^\/tmp\/\.runloop-kept-/);
    assert.equal(await box.bash(`cat ${kept}`), 'old');
    assert.deepEqual([await aside('other'), await aside('link'), await aside('f')], [kept, kept, undefined]);
    assert.equal((await box.files.stat(`${dir}/link`, { signal })).isLink, true);
    const saved = await box.files.write(`${dir}/hard`, content('mine'), all);
    assert.deepEqual([saved.aside, saved.size], [kept, 4]);
    // Of others, nothing is believed; and what is there already is not lost.
    await box.bash(`sudo chown nobody ${kept}`);
    assert.equal(await aside('hard'), undefined);
    await box.bash(`sudo chown user ${kept}; printf old > ${dir}/hard`);
    assert.equal(await aside('hard'), undefined);
    await box.bash(`rm ${kept}* /tmp/go /tmp/reached`);
    assert.equal(await left(dir), 'f hard link other 0\n');
  });

  it('leaves nothing where the devbox kills it, and says so', async () => {
    const dir = await fresh();
    const files = otherwise('cp() { kill -9 $BASHPID; }');
    await failsAs(files.write(`${dir}/f`, content('new'), all), 'file_devbox_killed');
    assert.equal(await box.bash(`cat ${dir}/f`), 'old');
    assert.equal(await left(dir), nothingElse);
  });

  it('says so where it was cut as the devbox was suspended, or has ended', async () => {
    for (const [end, status, problem] of [
      ['suspend', 'suspended', 'file_maybe_saved'],
      ['shutdown', 'shutdown', 'file_devbox_ended'],
    ] as const) {
      const { id, commands } = await filesDevbox(used.api, `cut by ${end}`);
      const files = filesOver(
        {
          run: async (command, options) => {
            if (!command.includes('arg mode')) return commands.run(command, options);
            options.onStarted?.();
            await used.api.devboxes[end](id);
            await used.api.devboxes.waitForStatus(id, [status], 20);
            // What a platform says of an execution that has ended with its devbox.
            throw unexpected('an execution', id);
          },
        },
        id,
      );
      await assert.rejects(files.write('/tmp/f', content('new'), all), (error) => {
        assert.ok(RuntimeError.is(error) && error.problem.id === problem, String(error));
        assert.match(String(error), end === 'suspend' ? /is suspended/ : /has ended/);
        return true;
      });
    }
  });
});
