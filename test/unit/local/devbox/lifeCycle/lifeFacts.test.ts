import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { APIError } from '@runloop/api-client';
import { waitFor } from '../../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../../platform/testPlatform';

const refused =
  (status: number) =>
  (error: unknown): boolean =>
    error instanceof APIError && error.status === status;

describe('local platform, what is told of a devbox’s life', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform(['--fault-control']);
    client = platform.client();
  });
  after(async () => {
    assert.equal(await platform.stop(), 0);
  });

  it('counts usage by size; a suspended devbox uses its disk alone', async () => {
    const launch = {
      resource_size_request: 'CUSTOM_SIZE',
      custom_cpu_cores: 2,
      custom_gb_memory: 4,
      custom_disk_size: 8,
    } as const;
    const { id } = await client.devboxes.createAndAwaitRunning({ launch_parameters: launch });
    await client.devboxes.suspend(id);
    await client.devboxes.awaitSuspended(id);
    const first = await client.devboxes.retrieveResourceUsage(id);
    await sleep(2_100);
    const later = await client.devboxes.retrieveResourceUsage(id);
    assert.equal(later.status, 'suspended');
    assert.ok(later.total_elapsed_seconds >= first.total_elapsed_seconds + 1);
    assert.ok(Math.abs(later.total_active_seconds - first.total_active_seconds) <= 1);
    assert.ok(later.disk_gb_seconds > first.disk_gb_seconds);
    assert.ok(Math.abs(later.memory_gb_seconds - 2 * later.vcpu_seconds) <= 4);
    const ended = await client.devboxes.shutdown(id);
    const whole = await client.devboxes.retrieveResourceUsage(id);
    assert.deepEqual([whole.start_time_ms, whole.end_time_ms], [ended.create_time_ms, ended.end_time_ms]);
    // Nothing counts on after the end.
    await sleep(1_100);
    assert.deepEqual(await client.devboxes.retrieveResourceUsage(id), whole);
  });

  it('tells each step with its time, in order, from creation to end', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const ended = await client.devboxes.shutdown(id);
    const times = ended.state_transitions.map((step) => Number(step.transition_time_ms));
    assert.deepEqual(
      ended.state_transitions.map((step) => step.status),
      ['provisioning', 'initializing', 'running', 'shutdown'],
    );
    assert.deepEqual(
      [...times].sort((a, b) => a - b),
      times,
    );
    assert.ok(times[0]! >= ended.create_time_ms && times[3]! >= ended.end_time_ms!);
  });

  it('keeps a devbox alive for as long as keep_alive is called, and no longer', async () => {
    const rule = { after_idle: { idle_time_seconds: 2, on_idle: 'shutdown' } } as const;
    const { id } = await client.devboxes.createAndAwaitRunning({ launch_parameters: { lifecycle: rule } });
    for (let call = 0; call < 8; call += 1) {
      await client.devboxes.keepAlive(id);
      await sleep(400);
    }
    assert.equal((await client.devboxes.retrieve(id)).status, 'running');
    const ended = await waitFor('its idle end', async () => {
      const seen = await client.devboxes.retrieve(id);
      return seen.status === 'shutdown' ? seen : undefined;
    });
    assert.equal(ended.shutdown_reason, 'idle');
  });

  it('holds wait_for_status and answers 408 when the time is up, at once when it is there, and when it comes', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const wait = (statuses: string[], timeout: number): Promise<unknown> =>
      client.post(`/v1/devboxes/${id}/wait_for_status`, { body: { statuses, timeout_seconds: timeout } });
    const began = performance.now();
    await assert.rejects(wait(['suspended'], 0.5), refused(408));
    assert.ok(performance.now() - began >= 450, 'it was not held');
    assert.equal(((await wait(['failure', 'running'], 20)) as { status: string }).status, 'running');
    const coming = wait(['suspended', 'failure', 'shutdown'], 20);
    await client.devboxes.suspend(id);
    assert.equal(((await coming) as { status: string }).status, 'suspended');
    await assert.rejects(wait([], 1), refused(400));
    await client.devboxes.shutdown(id);
  });

  it('announces evictions to all who watch, those pending first, and suspends at the deadline', async () => {
    const answer = await fetch(`${platform.baseUrl}/local/faults`, {
      method: 'POST',
      headers: { authorization: `Bearer ${platform.apiKey}` },
      body: JSON.stringify({ rules: [{ fault: 'evict_devbox', devbox: 'flexible', notice_ms: 1_500, count: 1 }] }),
    });
    assert.equal(answer.status, 200);
    const watch = async (): Promise<{ devbox_id: string; eviction_deadline_ms: number }> => {
      const events = await client.devboxes.watchEvictions({ headers: { accept: 'text/event-stream' } });
      for await (const event of events) {
        return event;
      }
      throw new Error('The stream ended.');
    };
    const early = watch();
    const spared = await client.devboxes.createAndAwaitRunning({ name: 'other' });
    const { id } = await client.devboxes.createAndAwaitRunning({ name: 'flexible' });
    const first = await early;
    assert.equal(first.devbox_id, id);
    // Somebody who comes later is told of what is pending.
    assert.deepEqual(await watch(), first);
    await client.devboxes.awaitSuspended(id);
    const steps = (await client.devboxes.retrieve(id)).state_transitions;
    const suspending = Number(steps.find((step) => step.status === 'suspending')?.transition_time_ms);
    assert.ok(suspending >= first.eviction_deadline_ms - 5, `${suspending} < ${first.eviction_deadline_ms}`);
    assert.equal((await client.devboxes.retrieve(spared.id)).status, 'running');
    await Promise.all([client.devboxes.shutdown(id), client.devboxes.shutdown(spared.id)]);
  });
});
