import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { DevboxFiles } from '../../../../src/core/files/devboxFiles';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import { fileProblemOf } from '../../../../src/core/files/fileErrors';
import { runningGuard } from '../../../../src/core/files/runningGuard';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { usePlatform } from '../../../platform/usePlatform';
import { content, filesDevbox, signal } from './useFiles';

describe('What carries the files of a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();

  it('brings input and output byte for byte, in one request where it ends soon', async () => {
    const { id } = await filesDevbox(used.api);
    const sent: string[] = [];
    const counted = new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: used.platform.baseUrl }, ({ path }) =>
      sent.push(path),
    );
    const commands = new ExecutionCommands(counted, id);
    const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, index) => (index * 131) % 256));
    const echo = await commands.run('cat; echo said >&2; exit 7', { stdin: bytes, signal, deadlineMs: 20_000 });
    assert.ok(Buffer.from(echo.stdout).equals(bytes));
    assert.deepEqual([echo.exitCode, Buffer.from(echo.stderr).toString()], [7, 'said\n']);
    assert.equal(sent.length, 1);
    const slow = await commands.run('sleep 4; echo done', { signal, deadlineMs: 20_000 });
    assert.equal(Buffer.from(slow.stdout).toString(), 'done\n');
    const large = await commands.run('head -c 9000000 /dev/urandom | tee /tmp/large; exit 0', {
      signal,
      deadlineMs: 60_000,
    });
    assert.equal(large.stdout.byteLength, 9_000_000);
    const sum = await commands.run('cat /tmp/large', { signal, deadlineMs: 60_000 });
    assert.ok(Buffer.from(sum.stdout).equals(Buffer.from(large.stdout)));
  });

  it('ends a command that is given up, and one whose time is over', async () => {
    const { commands, bash } = await filesDevbox(used.api);
    const stop = new AbortController();
    const given = commands.run('echo $BASHPID > /tmp/one; sleep 300', { signal: stop.signal, deadlineMs: 60_000 });
    setTimeout(() => stop.abort(), 500);
    await assert.rejects(given, (error) => RuntimeError.is(error, 'cancelled'));
    const late = commands.run('echo $BASHPID > /tmp/two; sleep 300', { signal, deadlineMs: 1_000 });
    await assert.rejects(late, (error) => RuntimeError.is(error, 'deadline'));
    assert.equal(
      await bash('for f in /tmp/one /tmp/two; do kill -0 $(cat $f) 2>/dev/null && echo lives || echo gone; done'),
      'gone\ngone\n',
    );
  });

  it('takes and brings files of any size, also one of a name that is no text', async () => {
    const { files, bash } = await filesDevbox(used.api);
    const piece = Buffer.alloc(1024 * 1024, 'abcdefg');
    const bytes = function* (): Generator<Buffer> {
      for (let count = 0; count < 40; count += 1) yield piece;
    };
    const path = '/tmp/large file';
    const stat = await files.write(
      path,
      { size: 40 * piece.length, bytes: bytes() },
      { create: true, overwrite: false, token: undefined, signal },
    );
    assert.equal(stat.size, 40 * piece.length);
    await bash(`cp '${path}' $'/tmp/\\xff'`);
    for (const from of [path, '/tmp/\uf7ff']) {
      let size = 0;
      for await (const part of files.read(from, stat, { signal })) size += part.length;
      assert.equal(size, stat.size);
    }
    const fails = files.readWhole(path, stat, { signal, mostBytes: 1024 * 1024 });
    await assert.rejects(fails, (error) => fileProblemOf(error) === 'file_too_large');
    assert.equal(await bash('ls -A /tmp | grep -c runloop-devboxes || true'), '0\n');
  });

  it('asks nothing of a devbox that does not run, but whether it runs', async () => {
    const { id, commands } = await filesDevbox(used.api);
    const sent: string[] = [];
    const { baseUrl, apiKey } = used.platform;
    const api = new RunloopApi({ apiKey, baseUrl }, ({ method, path }) => sent.push(`${method} ${path}`));
    let known: string | undefined = 'running';
    const requireRunning = runningGuard(id, {
      known: () => known,
      retrieve: (limit) => api.devboxes.retrieve(id, { signal: limit }),
    });
    const files = new DevboxFiles({ devboxId: id, commands, transfer: apiTransfer(api), requireRunning });
    await files.stat('/tmp', { signal });
    assert.deepEqual(sent, []);
    await used.api.devboxes.suspend(id);
    await used.api.devboxes.waitForStatus(id, ['suspended'], 20);
    const refused = async (work: Promise<unknown>): Promise<void> =>
      assert.rejects(work, (error) => RuntimeError.is(error, 'devbox_suspended'));
    // It is believed to run, is asked, refuses, and then the reason is looked for.
    await refused(files.stat('/tmp', { signal }));
    known = 'suspended';
    await refused(files.list('/tmp', { signal }));
    await refused(files.write('/tmp/x', content('x'), { create: true, overwrite: true, token: 'any', signal }));
    await refused(files.delete('/tmp/x', { recursive: true, signal }));
    assert.deepEqual(new Set(sent), new Set([`get /v1/devboxes/${id}`]));
    assert.equal((await used.api.devboxes.retrieve(id)).status, 'suspended');
  });
});
