import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, describe, it } from 'mocha';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { takeKeptFile } from '../../../../src/core/channel/keptFile';
import { RuntimeError } from '../../../../src/core/errors';
import { unexpected } from '../../../../src/core/platform/answers';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { eventually } from '../../../eventually';
import { CountingProxy } from '../../../platform/countingProxy';
import { usePlatform } from '../../../platform/usePlatform';

describe('What a command prints that is much', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const open: CountingProxy[] = [];
  afterEach(async () => {
    for (const proxy of open.splice(0)) await proxy.stop();
  });
  const call = { signal: new AbortController().signal, deadlineMs: 50_000, beforeFetch: () => Promise.resolve() };

  /** @returns `ask`, which asks the same devbox by another way */
  async function carrier(onLeft?: (error: unknown) => void): Promise<{
    readonly commands: ExecutionCommands;
    readonly proxy: CountingProxy;
    readonly ask: (command: string) => Promise<string>;
  }> {
    const { id } = await used.api.devboxes.create({ name: 'printing' }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    const proxy = await CountingProxy.start(used.platform.baseUrl);
    open.push(proxy);
    const api = new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: proxy.baseUrl });
    const others = new ExecutionCommands(used.api, id);
    const ask = async (command: string): Promise<string> => {
      const { stdout } = await others.run(command, { signal: call.signal, deadlineMs: 20_000 });
      return Buffer.from(stdout).toString();
    };
    return { commands: new ExecutionCommands(api, id, onLeft), proxy, ask };
  }
  const gone = (commands: ExecutionCommands): Promise<string> =>
    eventually(
      async () => {
        const { stdout } = await commands.run('find /tmp -maxdepth 1 -name ".runloop-devboxes-*-*"', {
          signal: call.signal,
          deadlineMs: 20_000,
        });
        return Buffer.from(stdout).toString();
      },
      (names) => names === '',
    );

  it('comes as bytes and not as text, with its exit code, and leaves nothing in the devbox', async () => {
    const { commands, proxy } = await carrier();
    for (const size of [0, 1, 12_000, 12_200, 12_288, 12_289, 12_300, 40_000, 3_000_000]) {
      proxy.reset();
      const { stdout, exitCode } = await commands.run(`head -c ${size} /dev/urandom | tee /tmp/said; exit 7`, call);
      const carried = proxy.bytes;
      assert.equal(exitCode, 7);
      assert.equal(stdout.byteLength, size);
      const hash = await commands.run('sha256sum < /tmp/said', { signal: call.signal, deadlineMs: 20_000 });
      assert.equal(
        Buffer.from(hash.stdout).toString().slice(0, 64),
        Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(stdout))).toString('hex'),
      );
      if (size >= 40_000) assert.ok(carried < size * 1.25, `${carried} bytes for ${size}`);
    }
    await gone(commands);
  });

  it('comes by one request where it is little, and where nobody has said that it may come otherwise', async () => {
    const { commands, proxy } = await carrier();
    await commands.run('seq 2000', call);
    assert.equal(proxy.count, 1);
    const { stdout } = await commands.run('head -c 40000 /dev/urandom', { signal: call.signal, deadlineMs: 20_000 });
    assert.equal(stdout.byteLength, 40_000);
    assert.equal(proxy.paths.filter((path) => path.endsWith('/download_file')).length, 0);
  });

  it('goes on behind what has come where it is cut, and is not asked for where nothing may be asked', async () => {
    const { commands, proxy } = await carrier();
    let cuts = 0;
    proxy.before = (_count, path) => {
      if (!path.endsWith('/download_file') || cuts > 0) return;
      cuts += 1;
      throw new Error('It is cut.');
    };
    const { stdout } = await commands.run('head -c 400000 /dev/urandom', call);
    assert.deepEqual([stdout.byteLength, cuts], [400_000, 1]);
    proxy.reset();
    const beforeFetch = (): Promise<void> => Promise.reject(new Error('It does not run.'));
    await assert.rejects(commands.run('head -c 400000 /dev/urandom', { ...call, beforeFetch }), /It does not run/);
    assert.equal(proxy.paths.filter((path) => path.endsWith('/download_file')).length, 0);
    await gone(commands);
  });

  it('is taken once, whichever piece of it a cut has come in', async () => {
    const whole = Buffer.from('0123456789');
    const tries = [[4, 2], [3], [5, 5]];
    const taken: string[] = [];
    const pieces = function* (sizes: readonly number[]): Generator<Buffer> {
      let at = 0;
      for (const size of sizes) yield whole.subarray(at, (at += size));
      if (at < whole.length) {
        throw new RuntimeError({ problem: unexpected('an execution').problem, devboxId: 'd', shouldRetry: true });
      }
    };
    await takeKeptFile(
      (readAll) => readAll(Readable.from(pieces(tries.shift() ?? []))),
      (piece) => void taken.push(piece.toString()),
      call.signal,
    );
    assert.deepEqual([taken, tries], [['0123', '45', '6789'], []]);
  });

  it('comes as text where the devbox has no room for it', async () => {
    const { commands, proxy } = await carrier();
    // No file of more than a few kilobytes can be written, a pipe can.
    const { stdout } = await commands.run('true; }; ulimit -f 16; rl_in | { head -c 400000 /dev/urandom', call);
    assert.equal(stdout.byteLength, 400_000);
    assert.equal(proxy.paths.filter((path) => path.endsWith('/download_file')).length, 0);
    await gone(commands);
  });

  it('comes as text where its file cannot be had, as something has taken it away', async () => {
    const { commands, proxy, ask } = await carrier();
    proxy.before = async (_count, path) => {
      if (!path.endsWith('/download_file')) return;
      await ask('rm -f /tmp/.runloop-devboxes-*');
    };
    const { stdout } = await commands.run('head -c 400000 /dev/urandom', call);
    assert.equal(stdout.byteLength, 400_000);
    assert.equal(proxy.paths.filter((path) => path.endsWith('/download_file')).length, 1);
  });

  it('is taken away by the next command where it was cancelled, and a day later by any that prints much', async () => {
    const { commands, ask } = await carrier();
    const stop = new AbortController();
    const running = commands.run('head -c 400000 /dev/urandom; exec >&-; sleep 50', { ...call, signal: stop.signal });
    const ended = assert.rejects(running);
    const find = 'find /tmp -maxdepth 1 -name ".runloop-devboxes-*-*"';
    await eventually(
      () => ask(`${find} -perm 600`),
      (names) => names !== '',
    );
    stop.abort();
    await ended;
    await gone(commands);
    await ask('touch -d "2 days ago" /tmp/.runloop-devboxes-of-another; touch /tmp/.runloop-devboxes-of-today');
    await commands.run('head -c 400000 /dev/urandom', call);
    await eventually(
      () => ask(find),
      (names) => names === '/tmp/.runloop-devboxes-of-today\n',
    );
    await ask('rm /tmp/.runloop-devboxes-of-today');
  });

  it('is told of where it could not be taken away, and goes with the next command', async () => {
    const left: unknown[] = [];
    const { commands, proxy, ask } = await carrier((error) => left.push(error));
    let asked = 0;
    const beforeFetch = (): Promise<void> =>
      ++asked > 1 ? Promise.reject(new Error('It does not run any more.')) : Promise.resolve();
    const { stdout } = await commands.run('head -c 400000 /dev/urandom', { ...call, beforeFetch });
    assert.equal(stdout.byteLength, 400_000);
    await eventually(
      () => Promise.resolve(left.map(String)),
      (told) => told.length > 0,
    );
    assert.deepEqual(left.map(String), ['Error: It does not run any more.']);
    proxy.reset();
    assert.match(await ask('ls -d /tmp/.runloop-devboxes-*-*'), /^\/tmp\/.runloop-devboxes-[0-9a-f-]{36}\n$/);
    await gone(commands);
    assert.equal(proxy.paths.filter((path) => path.endsWith('/download_file')).length, 0);
  });

  it('fills no disk with what is too much to be shown', async () => {
    const { commands, ask } = await carrier();
    let sizes = '';
    const beforeFetch = async (): Promise<void> => {
      const measure = 'find /tmp -maxdepth 1 -name ".runloop-devboxes-*-*" -printf "%s "';
      if (sizes === '') sizes = await ask(measure);
      throw new Error('It is measured.');
    };
    const much = commands.run('head -c 100000000 /dev/urandom', { ...call, beforeFetch });
    await assert.rejects(much, /It is measured/);
    assert.equal(sizes, `${64 * 1024 * 1024 + 1} `);
    await gone(commands);
  });
});
