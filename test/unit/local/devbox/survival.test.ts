import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { waitFor } from '../../../eventually';
import { type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';

describe('local platform, killed and started again', function () {
  this.timeout(120_000);
  let folder: string;
  const started: TestPlatform[] = [];
  const start = async (data: string): Promise<TestPlatform> => {
    const platform = await startPlatform([], { dataDir: data, keepData: true });
    started.push(platform);
    return platform;
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-survival-'));
  });
  after(async () => {
    await Promise.all(started.map((platform) => platform.stop('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows devboxes whose processes died as failures with the reason, and keeps suspended ones with their disk', async () => {
    const data = join(folder, 'states');
    const first = await start(data);
    const client = first.client();
    const running = await client.devboxes.createAndAwaitRunning({
      name: 'running',
      launch_parameters: { launch_commands: ['echo before'] },
    });
    const ended = await client.devboxes.createAndAwaitRunning({ name: 'ended', metadata: { a: 'b' } });
    await client.devboxes.shutdown(ended.id);
    const rested = await client.devboxes.createAndAwaitRunning({
      name: 'rested',
      environment_variables: { WORD: 'kept' },
      entrypoint: 'echo "word $WORD"; exec sleep 1000',
      tunnel: {},
    });
    const saysWord = (of: typeof client, times: number): Promise<true> =>
      waitFor(`the entrypoint with its variable, ${times} times`, async () =>
        (await logText(of, rested.id)).split('word kept').length === times + 1 ? true : undefined,
      );
    await client.devboxes.writeFileContents(rested.id, { file_path: '/workspace/kept', contents: 'disk' });
    // Suspended before, it would not have come to that.
    await saysWord(client, 1);
    await client.devboxes.suspend(rested.id);
    await client.devboxes.awaitSuspended(rested.id);
    const tunnel = (await client.devboxes.retrieve(rested.id)).tunnel;
    await first.stop('SIGKILL');
    assert.equal(statSync(join(data, 'platform.db')).mode & 0o077, 0);

    const second = await start(data);
    const again = second.client();
    const failed = await again.devboxes.retrieve(running.id);
    assert.deepEqual(
      [failed.status, failed.failure_reason, failed.name],
      ['failure', 'health_check_failed', 'running'],
    );
    assert.ok((failed.end_time_ms ?? 0) > 0);
    assert.match(await logText(again, running.id), /before\n.*ended without a warning while the devbox was running/);
    const shut = await again.devboxes.retrieve(ended.id);
    assert.deepEqual([shut.status, shut.shutdown_reason, shut.metadata], ['shutdown', 'api_shutdown', { a: 'b' }]);
    assert.equal((await again.devboxes.shutdown(ended.id)).status, 'shutdown');
    assert.deepEqual(
      (await again.devboxes.list()).devboxes.map((devbox) => devbox.name),
      ['rested', 'ended', 'running'],
    );
    assert.deepEqual(readdirSync(join(data, 'devboxes')), [rested.id]);
    await again.devboxes.resume(rested.id);
    const resumed = await again.devboxes.awaitRunning(rested.id);
    assert.deepEqual(resumed.tunnel, tunnel);
    assert.equal(await again.devboxes.readFileContents(rested.id, { file_path: '/workspace/kept' }), 'disk');
    await saysWord(again, 2);
    await again.devboxes.suspend(rested.id);
    await again.devboxes.awaitSuspended(rested.id);
    assert.equal(await second.stop(), 0);

    const third = await start(data);
    assert.equal(
      (await third.client().devboxes.retrieve(rested.id)).status,
      'suspended',
      'an orderly end keeps it too',
    );
    assert.ok(existsSync(join(data, 'devboxes', rested.id, 'root', 'workspace', 'kept')));
    await third.stop();
  });

  it('remembers the outcome of commands, and says of those that were running that they ended', async () => {
    const data = join(folder, 'executions');
    const first = await start(data);
    const client = first.client();
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const rested = await client.devboxes.createAndAwaitRunning({});
    const kept = await client.devboxes.executeAndAwaitCompletion(rested.id, {
      command: 'seq 3; echo trouble >&2; exit 4',
    });
    const done = await client.devboxes.execute(id, { command: 'seq 150', command_id: '0190-mine' });
    const running = await client.devboxes.executeAsync(id, { command: 'echo begun; sleep 1000', shell_name: 'work' });
    const queued = await client.devboxes.executeAsync(id, { command: 'true', shell_name: 'work' });
    await client.devboxes.suspend(rested.id);
    await client.devboxes.awaitSuspended(rested.id);
    await first.stop('SIGKILL');

    const second = await start(data);
    const again = second.client().devboxes;
    const outcome = await again.executions.retrieve(id, done.execution_id);
    assert.deepEqual(
      [outcome.status, outcome.exit_status, outcome.stdout?.split('\n').length, outcome.stdout_truncated],
      ['completed', 0, 101, true],
    );
    assert.equal((await again.executions.retrieve(id, '0190-mine', { last_n: '2' })).stdout, '149\n150\n');
    for (const execution of [running, queued]) {
      const lost = await again.executions.retrieve(id, execution.execution_id);
      assert.deepEqual(
        [lost.status, lost.exit_status, lost.shell_name, lost.stdout_truncated],
        ['completed', 137, 'work', true],
      );
      assert.match(lost.stderr ?? '', /ended without a warning while this command ran/);
    }
    assert.equal((await again.executions.kill(id, running.execution_id, {})).status, 'completed');
    let stderr = '';
    for await (const chunk of await again.executions.streamStderrUpdates(rested.id, kept.execution_id, {})) {
      stderr += chunk.output;
    }
    const small = await again.executions.retrieve(rested.id, kept.execution_id);
    assert.deepEqual(
      [small.exit_status, small.stdout, small.stdout_truncated, stderr],
      [4, '1\n2\n3\n', false, 'trouble\n'],
    );
    await second.stop();
  });

  it('gives a repeated create its devbox although the platform was killed in between', async () => {
    const data = join(folder, 'repeats');
    const options = { idempotencyKey: 'the-same' };
    const first = await start(data);
    const { id } = await first.client().devboxes.create({ name: 'once' }, options);
    await first.stop('SIGKILL');
    const second = await start(data);
    assert.equal((await second.client().devboxes.create({ name: 'once' }, options)).id, id);
    assert.notEqual((await second.client().devboxes.create({ name: 'another' }, options)).id, id);
    await second.stop();
  });

  it('loses no write that was answered, at whatever moment it is killed', async () => {
    const data = join(folder, 'moments');
    const names = new Map<string, string>();
    for (let round = 0; round < 4; round += 1) {
      const platform = await start(data);
      const client = platform.client();
      for (const [id, name] of names) {
        assert.equal((await client.devboxes.retrieve(id)).name, name, `round ${round}`);
      }
      assert.equal(
        (await client.devboxes.list({ limit: 5_000 })).devboxes.filter(({ id }) => names.has(id)).length,
        names.size,
      );
      // Writers go on until the platform is gone; each answer is noted as soon as it is there.
      const writer = async (number: number): Promise<void> => {
        try {
          for (let step = 0; ; step += 1) {
            const { id } = await client.devboxes.create({ name: 'new' });
            names.set(id, 'new');
            const name = `${round}-${number}-${step}`;
            // While the answer is under way either name may be the stored one.
            names.delete(id);
            await client.devboxes.update(id, { name });
            names.set(id, name);
            await client.devboxes.shutdown(id);
          }
        } catch (error) {
          assert.match(String(error), /Connection error/);
        }
      };
      const writers = [1, 2, 3].map(writer);
      const before = names.size;
      await waitFor('some writes', () => (names.size >= before + 3 ? true : undefined));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
      await platform.stop('SIGKILL');
      await Promise.all(writers);
    }
    assert.ok(names.size > 5, `only ${names.size} writes were made`);
  });
});
