import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { RuntimeError } from '../../../../src/core/errors';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { createBody } from '../../../../src/core/runtime/connect/createBody';
import { resolveConfig } from '../../../../src/core/options/runtimeConfig';
import type { RunloopRuntimeOptions } from '../../../../src/core/options/runtimeOptions';
import type { RuntimeState } from '../../../../src/core/runtime/runtimeState';
import type { RuntimeEvent } from '../../../../src/core/runtime/runtimeStatus';
import { waitUntilSuspended } from '../../../../src/core/start/waitForDevbox';
import { usePlatform } from '../../../platform/usePlatform';

describe("a runtime's life", function () {
  this.timeout(120_000);
  const on = usePlatform();

  const runtimeWith = (options: Partial<RunloopRuntimeOptions>): RunloopRuntime =>
    new RunloopRuntime({
      apiKey: on.platform.apiKey,
      baseUrl: on.platform.baseUrl,
      headlessMode: true,
      plugins: [],
      ...options,
    });

  it('suspends and resumes, with files kept and the server there again (D19)', async () => {
    const runtime = runtimeWith({ sid: 'nap', envVars: { KEPT: 'over a nap' } });
    const states: RuntimeState[] = [];
    runtime.onEvent((event) => {
      if (event.type === 'state') states.push(event.to);
    });
    await runtime.connect();
    try {
      await runtime.actions.run('echo data > file.txt');
      await runtime.suspend();
      assert.equal(runtime.state, 'suspended');
      assert.throws(
        () => runtime.actions,
        (error) => RuntimeError.is(error, 'closed') && /suspended/.test(error.message),
      );
      await runtime.resume();
      assert.equal((await runtime.actions.run('cat file.txt; echo "$KEPT"')).content, 'data\nover a nap');
      assert.deepEqual(states, ['connecting', 'ready', 'suspending', 'suspended', 'resuming', 'ready']);
    } finally {
      await runtime.close();
    }
  });

  it('finds its own devbox again instead of making a second one, and leaves it there (D20, D22)', async () => {
    const first = runtimeWith({ sid: 'again', closeMode: 'suspend' });
    await first.connect();
    await first.actions.run('echo mine > file.txt');
    const id = first.devbox?.id ?? '';
    await first.close();
    await waitUntilSuspended(on.api, await on.api.devboxes.retrieve(id), deadline(20_000));
    const second = runtimeWith({ sid: 'again' });
    await second.connect();
    assert.deepEqual([second.devbox?.id, second.createdHere], [id, false]);
    assert.equal((await second.actions.run('cat file.txt')).content, 'mine');
    await second.close();
    assert.equal((await on.api.devboxes.retrieve(id)).status, 'running');
    const third = runtimeWith({ sid: 'again', reuseExisting: false });
    await third.connect();
    assert.notEqual(third.devbox?.id, id);
    // Attaching by the sid takes the newest of the two (D18).
    const fourth = runtimeWith({ sid: 'again', attachToExisting: true });
    await fourth.connect();
    assert.equal(fourth.devbox?.id, third.devbox?.id);
    await fourth.close();
    await third.close();
    await on.api.devboxes.shutdown(id);
  });

  it('attaches to a suspended devbox, and never to an ended one (D19)', async () => {
    const starter = runtimeWith({ sid: 'asleep' });
    await starter.connect();
    const id = starter.devbox?.id ?? '';
    await starter.close({ mode: 'keep' });
    await waitUntilSuspended(on.api, await on.api.devboxes.suspend(id), deadline(20_000));
    const runtime = runtimeWith({ attachToExisting: true, devboxId: id });
    await runtime.connect();
    assert.equal((await runtime.actions.run('echo awake')).content, 'awake');
    await runtime.close({ mode: 'shutdown' });
    const late = runtimeWith({ attachToExisting: true, devboxId: id });
    await assert.rejects(late.connect(), (error) => RuntimeError.is(error, 'devbox_ended'));
    await late.close();
    const bySid = runtimeWith({ sid: 'asleep', attachToExisting: true });
    await assert.rejects(bySid.connect(), (error) => RuntimeError.is(error, 'devbox_not_found'));
  });

  it('starts a server that is not there any more, and reconnects to one that is (D19)', async () => {
    const sid = 'comeback';
    const config = resolveConfig({ apiKey: 'unused', sid, headlessMode: true, plugins: [] });
    // A devbox of the session whose entrypoint keeps it alive without a server, as after a resume that ran none.
    const body = { ...createBody(config, 'a session key'), entrypoint: 'sleep 1000' };
    await on.api.devboxes.create(body, { requestId: 'comeback' });
    const runtime = runtimeWith({ sid, attachToExisting: true });
    await runtime.connect();
    try {
      assert.equal((await runtime.actions.run('echo started')).content, 'started');
      await runtime.reconnect();
      assert.equal((await runtime.actions.run('echo back')).content, 'back');
    } finally {
      await runtime.close({ mode: 'shutdown' });
    }
  });

  it('tells a lost connection, once, and is told nothing new by later calls', async () => {
    const runtime = runtimeWith({ sid: 'lost' });
    const statuses: string[] = [];
    runtime.onEvent((event) => {
      if (event.type === 'status') statuses.push(event.status);
    });
    await runtime.connect();
    const { actions } = runtime;
    await on.api.devboxes.shutdown(runtime.devbox?.id ?? '');
    await assert.rejects(actions.run('echo x'));
    await assert.rejects(
      runtime.reconnect(),
      (error) => RuntimeError.is(error, 'devbox_ended') && /api_shutdown/.test(error.message),
    );
    assert.equal(runtime.state, 'disconnected');
    await runtime.close();
    assert.equal(statuses.at(-1), 'STATUS$STOPPED');
  });

  it('one connect at a time, which holds nothing up, and none after close (D14, D22)', async () => {
    const runtime = runtimeWith({ sid: 'once' });
    let turns = 0;
    const other = setInterval(() => (turns += 1), 1);
    const connecting = runtime.connect();
    await assert.rejects(runtime.connect(), (error) => RuntimeError.is(error, 'closed'));
    await connecting;
    clearInterval(other);
    assert.ok(turns > 0, 'everything else goes on meanwhile (D14)');
    await runtime.close();
    await runtime.close();
    assert.equal(runtime.state, 'closed');
    await assert.rejects(runtime.connect(), (error) => RuntimeError.is(error, 'closed'));
    await assert.rejects(runtime.suspend(), (error) => RuntimeError.is(error, 'closed'));
  });

  it('honours one deadline for the whole connect, and cleans up', async () => {
    const runtime = runtimeWith({ sid: 'slow', launchCommands: ['sleep 30'], connectTimeoutMs: 1_000 });
    await assert.rejects(
      runtime.connect(),
      (error) => RuntimeError.is(error, 'deadline') && error.devboxId !== undefined,
    );
    assert.equal((await on.api.devboxes.retrieve(runtime.devbox?.id ?? '')).status, 'shutdown');
  });

  it('notices a devbox that fails to boot at once, with its last 20 lines, and says so to all (D7, D31)', async () => {
    const runtime = runtimeWith({ sid: 'broken', launchCommands: ['seq 100; echo the reason; exit 3'] });
    const told: RuntimeEvent[] = [];
    runtime.onEvent((event) => {
      if (event.type === 'status') told.push(event);
    });
    await assert.rejects(
      runtime.connect(),
      (error) =>
        RuntimeError.is(error, 'devbox_ended') &&
        /execution_failed/.test(error.message) &&
        error.devboxId === runtime.devbox?.id,
    );
    // Whoever only listens learns the same (D31).
    assert.deepEqual(
      told.map((event) => (event.type === 'status' ? event.status : '')),
      ['STATUS$STARTING_RUNTIME', 'STATUS$ERROR'],
    );
    const last = told.at(-1);
    assert.ok(last?.type === 'status' && last.error !== undefined && /execution_failed/.test(last.error.message));
    assert.equal(last.error.logTail.length, 20);
    assert.ok(last.error.logTail.some((line) => line.includes('the reason')));
  });

  it('tells nothing of a private key that the log of a devbox that fails to boot ends with', async () => {
    const body = 'MIIEpAIBAAKCAQEA7bq2kXo1Zr9TnVcYh4uPfL0sWm3eJdQ8gHjKxBvC5tRyUzA6';
    const key = ['-----BEGIN RSA PRIVATE KEY-----', ...Array<string>(25).fill(body), '-----END RSA PRIVATE KEY-----'];
    const runtime = runtimeWith({
      sid: 'with-a-key',
      launchCommands: [`printf '%s\\n' ${key.map((line) => `'${line}'`).join(' ')}; exit 3`],
    });
    await assert.rejects(runtime.connect(), (error) => {
      assert.ok(RuntimeError.is(error, 'devbox_ended'));
      assert.equal(error.logTail.length, 20);
      assert.ok(error.logTail.some((line) => line.includes('[private key removed]')));
      assert.ok(!error.logTail.some((line) => line.includes(body)), error.logTail.join('\n'));
      return true;
    });
  });

  it('asks for a lifetime, or for an idle policy instead (D21)', async () => {
    const events: RuntimeEvent[] = [];
    const short = runtimeWith({ sid: 'short', keepAliveTimeSeconds: 120 });
    const warned = new Promise<number>((resolve) => {
      short.onEvent((event) => {
        events.push(event);
        if (event.type === 'expiring') resolve(event.seconds);
      });
    });
    await short.connect();
    assert.ok((await warned) <= 120);
    await short.keepAlive();
    await short.close();
    const idle = runtimeWith({ sid: 'idle', idle: { afterSeconds: 600, action: 'shutdown' } });
    await idle.connect();
    assert.deepEqual(idle.devbox?.idleRule, { seconds: 600, action: 'shutdown' });
    assert.equal(short.devbox?.keepAliveSeconds, 120);
    await idle.close();
  });

  it('waits out a 429 as the server asks, shows it, and never repeats a refusal (D8, D29)', async () => {
    let requests = 0;
    const limited = createServer((_request, response) => {
      requests += 1;
      if (requests === 1) {
        response
          .writeHead(429, { 'retry-after': '0.05', 'content-type': 'application/json' })
          .end('{"message":"slow down"}');
      } else {
        response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"bad key"}');
      }
    });
    await new Promise<void>((resolve) => limited.listen(0, '127.0.0.1', resolve));
    const runtime = new RunloopRuntime({
      apiKey: 'ak_test',
      baseUrl: `http://127.0.0.1:${(limited.address() as AddressInfo).port}`,
    });
    const waits: string[] = [];
    runtime.onEvent((event) => {
      if (event.type === 'waiting') waits.push(event.reason);
    });
    await assert.rejects(runtime.connect(), (error) => RuntimeError.is(error, 'authentication'));
    assert.deepEqual([requests, waits], [2, ['rate_limited']]);
    limited.close();
  });
});
