import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { DevboxFiles } from '../../../../src/core/files/devboxFiles';
import { fileProblemOf } from '../../../../src/core/files/fileErrors';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { eventually } from '../../../eventually';
import { CountingProxy } from '../../../platform/countingProxy';
import { usePlatform } from '../../../platform/usePlatform';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

describe('Work on files that does not come to its end', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const all = { create: true, overwrite: true, token: 'any', signal };
  let box: FilesDevbox;
  let proxy: CountingProxy;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api);
    proxy = await CountingProxy.start(used.platform.baseUrl);
  });
  after(() => proxy.stop());

  async function fresh(setUp: string): Promise<string> {
    const dir = `/tmp/ended-${(count += 1)}`;
    await box.bash(`mkdir ${dir} && cd ${dir} && ${setUp}`);
    return dir;
  }
  /** The files of the devbox where something of its shell is different. */
  function otherwise(shell: string): DevboxFiles {
    const api = new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: proxy.baseUrl });
    const commands = new ExecutionCommands(api, box.id);
    const files = new DevboxFiles({
      devboxId: box.id,
      commands: { run: (command, options) => commands.run(`${shell}\n${command}`, options) },
      transfer: apiTransfer(api),
      requireRunning: () => sleep(0),
    });
    return files;
  }
  /** Gives something up as soon as a file tells that it has come as far as that. */
  async function givenUp(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const stop = new AbortController();
    const done = work(stop.signal);
    done.catch(() => undefined);
    await eventually(
      () => box.bash('cat /tmp/reached 2>/dev/null || true'),
      (text) => text !== '',
    );
    stop.abort();
    await assert.rejects(done, (error) => RuntimeError.is(error, 'cancelled'));
    await box.bash('rm /tmp/reached');
  }
  const stops = '[ -e /tmp/reached ] || { echo yes > /tmp/reached; sleep 300; }';
  const left = (dir: string): Promise<string> =>
    box.bash(`cd ${dir}; find . -mindepth 1 | sort | tr '\\n' ' '; ls -A /tmp | grep -c runloop || true`);

  it('a save that is given up leaves the old file and nothing else', async () => {
    const dir = await fresh('printf old > f; printf old > hard; ln hard other');
    const files = otherwise(
      `cp() { ${stops}; }; cat() { command cat; local own=$BASHPID; case $(readlink /proc/$own/fd/1) in */hard) ${stops};; esac; }`,
    );
    for (const name of ['f', 'hard']) {
      for (const text of ['new', Buffer.from(Array.from({ length: 90_000 }, () => Math.random() * 256))]) {
        await givenUp((limit) => files.write(`${dir}/${name}`, content(text), { ...all, signal: limit }));
        assert.equal(await box.bash(`cat ${dir}/${name}`), 'old');
      }
    }
    assert.equal(await left(dir), './f ./hard ./other 0\n');
  });

  it('a copy or a move that is given up leaves what was in its way', async () => {
    const dir = await fresh('mkdir a b; echo 1 > a/x; echo 2 > b/y; printf c > c');
    const copying = otherwise(`cp() { command cp "$@"; ${stops}; }`);
    const moving = otherwise(`mv() { command mv "$@"; case $3 in */b) ${stops};; esac; }`);
    for (const to of ['b', 'new']) {
      await givenUp((limit) => copying.copy(`${dir}/a`, `${dir}/${to}`, { overwrite: true, signal: limit }));
    }
    await givenUp((limit) => moving.rename(`${dir}/a`, `${dir}/b`, { overwrite: true, signal: limit }));
    assert.equal(await left(dir), './a ./a/x ./b ./b/y ./c 0\n');
  });

  it('a save to a full disk leaves the old file, whole, and says why', async function () {
    // A disk of its own that every devbox has, and that is small.
    const dir = '/dev/shm/full';
    await box.bash(
      `mkdir ${dir} && cd ${dir} && seq 3000 > f; seq 3000 > hard; ln hard other; cp f like; dd if=/dev/zero of=ballast bs=64k 2>/dev/null; cat /dev/zero 2>/dev/null >> ballast; true`,
    );
    const random = Buffer.from(Array.from({ length: 200_000 }, () => Math.random() * 256));
    for (const bytes of [Buffer.alloc(30_000, 'x'), Buffer.alloc(900_000, 'line\n'), random]) {
      for (const name of ['f', 'hard', 'new']) {
        await assert.rejects(box.files.write(`${dir}/${name}`, content(bytes), all), (error) => {
          assert.equal(fileProblemOf(error), 'file_no_space', String(error));
          return true;
        });
      }
    }
    await assert.rejects(
      box.files.copy(`${dir}/f`, `${dir}/copy`, { overwrite: false, signal }),
      (error) => fileProblemOf(error) === 'file_no_space',
    );
    assert.equal(
      await box.bash(
        `cd ${dir}; cmp f like && cmp hard like && cmp other like; ls -A | tr '\\n' ' '; rm ballast; ls -A /tmp | grep -c runloop || true`,
      ),
      'ballast f hard like other 0\n',
    );
    await box.bash(`rm -r ${dir}`);
  });

  it('a save of text takes one request up to some hundred thousand bytes, also where nothing can unpack it', async () => {
    const dir = await fresh('true');
    const text = Array.from({ length: 6_000 }, (_, line) => `const value${line} = compute(${line});\n`).join('');
    const random = Buffer.from(Array.from({ length: 90_000 }, () => Math.random() * 256));
    const usual = otherwise('');
    const poor = otherwise('command() { [ "$2" != gzip ] && builtin command "$@"; }');
    for (const [files, bytes, expected] of [
      [usual, text, ['execute']],
      [usual, random, ['upload_file', 'execute']],
      [poor, text, ['execute', 'upload_file', 'execute']],
    ] as const) {
      proxy.reset();
      await files.write(`${dir}/f`, content(bytes), { ...all, isShared: true });
      assert.deepEqual(
        proxy.paths.map((path) => path.replace(/\?.*/, '').split('/')[4]),
        expected,
      );
      const stat = await box.files.stat(`${dir}/f`, { signal });
      assert.ok((await box.files.readWhole(`${dir}/f`, stat, { signal, mostBytes: 1e6 })).equals(Buffer.from(bytes)));
    }
    assert.equal(await left(dir), './f 0\n');
  });
});
