import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { APIError } from '@runloop/api-client';
import { waitFor } from '../../../../eventually';
import { processesWith } from '../../../../platform/devboxProcesses';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../../platform/testPlatform';
import { echoServer, tunnelHost, whenListening } from '../../../../platform/tunnelRequests';

const status =
  (wanted: number, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof APIError && error.status === wanted && text.test(error.message);

for (const sandbox of ['auto', 'plain']) {
  describe(`local platform, suspend and resume (${sandbox})`, () => {
    let platform: TestPlatform;
    let client: Client;

    before(async () => {
      platform = await startPlatform(['--sandbox', sandbox]);
      client = platform.client();
    });
    after(async () => {
      assert.equal(await platform.stop(), 0);
    });

    it('keeps the disk and the tunnel, ends the processes, and starts everything anew', async () => {
      const mark = `suspend-${sandbox}-${process.pid}`;
      const { id } = await client.devboxes.createAndAwaitRunning({
        launch_parameters: {
          launch_commands: [
            'echo start >> starts; wc -l < starts',
            `bash -c 'exec -a ${mark} sleep 1000' > /dev/null 2>&1 &`,
          ],
        },
        entrypoint: echoServer('again'),
        tunnel: {},
      });
      const tunnel = (await client.devboxes.retrieve(id)).tunnel?.tunnel_key ?? '';
      await whenListening(platform, tunnelHost(platform, 4444, tunnel));
      await client.devboxes.writeFileContents(id, { file_path: '/workspace/kept', contents: 'ä' });
      await waitFor('its process', () => (processesWith(mark).length > 0 ? true : undefined));
      await assert.rejects(client.devboxes.resume(id), status(400, /not suspended: its status is running/));
      const once = { idempotencyKey: `suspend-${sandbox}` };
      assert.equal((await client.devboxes.suspend(id, once)).status, 'suspending');
      assert.match((await client.devboxes.suspend(id, once)).status, /^suspend/, 'a repeated request is not refused');
      const suspended = await client.devboxes.awaitSuspended(id);
      assert.equal(suspended.status, 'suspended');
      assert.equal(processesWith(mark).length, 0);
      await assert.rejects(client.devboxes.suspend(id), status(400, /not running: its status is suspended/));
      await assert.rejects(
        client.devboxes.readFileContents(id, { file_path: '/workspace/kept' }),
        status(400, /suspended/),
      );
      const again = { idempotencyKey: `resume-${sandbox}` };
      assert.equal((await client.devboxes.resume(id, again)).status, 'provisioning');
      // What Runloop's own tests take right behind a resume, in two languages.
      assert.match((await client.devboxes.retrieve(id)).status, /^(?:suspended|provisioning|running)$/);
      assert.match(
        (await client.devboxes.resume(id, again)).status,
        /^(?:provisioning|initializing|running)$/,
        'a repeated request is not refused',
      );
      await waitFor('it runs', async () =>
        (await client.devboxes.retrieve(id)).status === 'running' ? true : undefined,
      );
      assert.equal((await client.devboxes.resume(id, again)).status, 'running', 'nor when it has had its effect');
      await assert.rejects(client.devboxes.resume(id), status(400, /not suspended: its status is running/));
      const running = await client.devboxes.awaitRunning(id);
      assert.deepEqual(
        running.state_transitions.map((step) => step.status),
        [
          'provisioning',
          'initializing',
          'running',
          'suspending',
          'suspended',
          'provisioning',
          'initializing',
          'running',
        ],
      );
      assert.equal(await client.devboxes.readFileContents(id, { file_path: '/workspace/kept' }), 'ä');
      assert.match(await logText(client, id), /^1\n[^]*^2\n/m);
      assert.match((await whenListening(platform, tunnelHost(platform, 4444, tunnel))).text, /again/);
      await client.devboxes.suspend(id);
      assert.equal((await client.devboxes.shutdown(id)).status, 'shutdown');
    });

    it('runs the suspend commands first, and suspends although they fail or hang', async () => {
      const { id } = await client.devboxes.createAndAwaitRunning({
        launch_parameters: {
          lifecycle: {
            lifecycle_hooks: {
              suspend_commands: ['echo saving > saved; exit 3', 'sleep 1000'],
              suspend_deadline_ms: 500,
            },
          },
        },
      });
      await client.devboxes.suspend(id);
      await client.devboxes.awaitSuspended(id);
      assert.match(await logText(client, id), /suspend command ended with exit code 3[^]*took longer than 500 ms/);
      await client.devboxes.resume(id);
      await client.devboxes.awaitRunning(id);
      assert.equal(await client.devboxes.readFileContents(id, { file_path: 'saved' }), 'saving\n');
      await client.devboxes.shutdown(id);
    });

    it('suspends a devbox that nobody uses, if that was asked for', async () => {
      const { id } = await client.devboxes.create({
        launch_parameters: { lifecycle: { after_idle: { idle_time_seconds: 1, on_idle: 'suspend' } } },
      });
      await waitFor('its rest', async () =>
        (await client.devboxes.retrieve(id)).status === 'suspended' ? true : undefined,
      );
      await client.devboxes.shutdown(id);
    });

    it('fails a devbox whose launch commands do not work any more', async () => {
      const { id } = await client.devboxes.createAndAwaitRunning({
        launch_parameters: { launch_commands: ['[ ! -e second ] && touch second'] },
      });
      await client.devboxes.suspend(id);
      await client.devboxes.awaitSuspended(id);
      await client.devboxes.resume(id);
      await client.devboxes.awaitRunning(id).then(
        () => assert.fail('it runs'),
        () => undefined,
      );
      const failed = await client.devboxes.retrieve(id);
      assert.deepEqual([failed.status, failed.failure_reason], ['failure', 'execution_failed']);
      assert.equal(failed.state_transitions.at(-1)?.failure_reason, 'execution_failed');
    });

    it('writes nothing through links that the devbox has left where the platform writes', async () => {
      const outside = mkdtempSync(join(tmpdir(), 'runloop-outside-'));
      const victim = join(outside, 'victim');
      writeFileSync(victim, 'untouched');
      const { id } = await client.devboxes.createAndAwaitRunning({
        blueprint_name: 'openhands',
        launch_parameters: {
          user_parameters: { username: 'root', uid: 0 },
          launch_commands: [
            `cd "$RUNLOOP_LOCAL_ROOT/openhands/micromamba/bin" && ln -sfn ${victim} micromamba && cd ../envs/openhands && rm -r bin && ln -s ${outside} bin`,
            `cd "$RUNLOOP_LOCAL_ROOT/" && rm -rf srv mnt && ln -s ${outside} srv && ln -s ${outside}/new mnt`,
          ],
        },
      });
      await client.devboxes.suspend(id);
      await client.devboxes.awaitSuspended(id);
      await client.devboxes.resume(id);
      await client.devboxes.awaitRunning(id);
      assert.equal(readFileSync(victim, 'utf8'), 'untouched');
      await client.devboxes.shutdown(id);
      rmSync(outside, { recursive: true });
    });
  });
}
