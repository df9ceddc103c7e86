import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { StreamEvent } from '../../../../src/core/actionServer/eventStream';
import { RuntimeError } from '../../../../src/core/errors';
import { findDevbox, findOwn } from '../../../../src/core/runtime/connect/findDevbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { containerName } from '../../../../src/core/options/runtimeConfig';
import type { RunloopRuntimeOptions } from '../../../../src/core/options/runtimeOptions';
import { containerNameKey } from '../../../../src/core/platform/devbox';
import type { RuntimeEvent } from '../../../../src/core/runtime/runtimeStatus';
import { orderFaults } from '../../../platform/orderedFaults';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

describe('a runtime among faults', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let api: RunloopApi;

  before(async () => {
    platform = await startPlatform(['--fault-control']);
    api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
  });

  beforeEach(() => orderFaults(platform));

  after(async () => {
    await platform.stop();
  });

  const runtimeWith = (options: Partial<RunloopRuntimeOptions>): RunloopRuntime =>
    new RunloopRuntime({
      apiKey: platform.apiKey,
      baseUrl: platform.baseUrl,
      headlessMode: true,
      plugins: [],
      ...options,
    });
  const executions = { on: 'tunnel', port: 4444, path: '/execute_action' };

  describe('with a devbox', () => {
    let runtime: RunloopRuntime;
    beforeEach(async function () {
      runtime = runtimeWith({ sid: this.currentTest?.title.slice(0, 40) ?? 'faults' });
      await runtime.connect();
      // The identity of git is the first action of a connect, and none of these.
      await runtime.actions.run('true');
    });
    afterEach(() => runtime.close());

    it('does an action once whose connection breaks while it runs, and says that it is lost (D16)', async () => {
      await orderFaults(platform, { ...executions, fault: 'drop_tunnel', after_ms: 700, count: 1 });
      const statuses: string[] = [];
      runtime.onEvent((event) => {
        if (event.type === 'status') statuses.push(event.status);
      });
      await assert.rejects(
        runtime.actions.run('echo effect >> effects.txt && sleep 1.5'),
        (error) => RuntimeError.is(error, 'network') && error.devboxId === runtime.devbox?.id,
      );
      assert.equal(runtime.state, 'disconnected');
      assert.deepEqual(statuses, ['STATUS$ERROR_RUNTIME_DISCONNECTED']);
      assert.throws(
        () => runtime.actions,
        (error) => RuntimeError.is(error, 'disconnected') && error.nextStep !== '',
      );
      await runtime.reconnect();
      assert.equal((await runtime.actions.run('cat effects.txt')).content, 'effect');
    });

    it('does an action once that was refused, and one that was put off as soon as it may (D16, D29)', async () => {
      await orderFaults(platform, { ...executions, fault: 'status', status: 503, count: 1 });
      await assert.rejects(
        runtime.actions.run('echo effect >> effects.txt'),
        (error) => RuntimeError.is(error, 'action_server') && error.status === 503,
      );
      const waits: string[] = [];
      runtime.onEvent((event) => {
        if (event.type === 'waiting') waits.push(event.reason);
      });
      await orderFaults(platform, { ...executions, fault: 'status', status: 429, retry_after_seconds: 0.05, count: 2 });
      await runtime.actions.run('echo effect >> effects.txt');
      assert.equal((await runtime.actions.run('cat effects.txt')).content, 'effect');
      assert.deepEqual(waits, ['rate_limited', 'rate_limited']);
    });

    it('takes the shell for busy after an action that timed out here, until it has answered after all (D17)', async () => {
      // Longer than its own timeout and the five seconds that an answer gets beyond it.
      await orderFaults(platform, { ...executions, fault: 'delay', delay_ms: 7_000, count: 1 });
      const { actions } = runtime;
      await assert.rejects(
        actions.runAction({ action: 'run', args: { command: 'echo late >> effects.txt' }, timeout: 0.5 }),
        (error) =>
          RuntimeError.is(error, 'action_timeout') &&
          /keeps its shell busy/.test(error.message) &&
          error.devboxId === runtime.devbox?.id,
      );
      const isBusy = (): boolean => actions.busy;
      assert.equal(isBusy(), true);
      await assert.rejects(
        actions.run('echo no'),
        (error) =>
          RuntimeError.is(error, 'shell_busy') && error.nextStep !== '' && error.devboxId === runtime.devbox?.id,
      );
      while (isBusy()) await sleep(20);
      assert.equal((await actions.run('cat effects.txt')).content, 'late');
      const events: StreamEvent[] = [];
      runtime.stream.on((event) => events.push(event), 0);
      const action = events.find(
        (event) => event.kind === 'action' && JSON.stringify(event.action).includes('echo late'),
      );
      const observation = events.find((event) => event.kind === 'observation' && event.late === true);
      assert.ok(observation?.kind === 'observation' && observation.cause === action?.id);
    });
  });

  it('knows the devbox of a create whose answers were all lost, and makes no second one (D6)', async () => {
    await orderFaults(platform, { fault: 'cut', method: 'POST', path: '/v1/devboxes', took_effect: true, count: 4 });
    const runtime = runtimeWith({ sid: 'lost answer', reuseExisting: false });
    await runtime.connect();
    assert.equal(runtime.createdHere, true);
    assert.equal((await runtime.actions.run('echo here')).content, 'here');
    await runtime.close();
    const all = [];
    for await (const devbox of api.devboxes.list({})) if (devbox.name === 'lost answer') all.push(devbox.status);
    assert.deepEqual(all, ['shutdown']);
  });

  it('reads again what was cut half-way, and waits out limits in sight of whoever watches (D29)', async () => {
    const { id } = await api.devboxes.create({ name: 'cut', entrypoint: 'sleep 100' }, { requestId: 'cut' });
    await orderFaults(platform, { fault: 'half_stream', method: 'GET', path: '/v1/devboxes/{id}', count: 1 });
    assert.equal((await api.devboxes.retrieve(id)).id, id);
    await orderFaults(platform, {
      fault: 'status',
      status: 429,
      retry_after_seconds: 1,
      method: 'POST',
      path: '/v1/devboxes',
      count: 1,
    });
    const runtime = runtimeWith({ sid: 'limited' });
    const waits: RuntimeEvent[] = [];
    runtime.onEvent((event) => {
      if (event.type === 'waiting') waits.push(event);
    });
    await runtime.connect();
    assert.deepEqual(waits, [{ type: 'waiting', reason: 'rate_limited', seconds: 1 }]);
    await runtime.close();
    await api.devboxes.shutdown(id);
  });

  it('tells of a boot that fails for want of disk by its reason, at once (D7)', async () => {
    await orderFaults(platform, { fault: 'fail_boot', reason: 'out_of_disk', devbox: 'no disk', count: 1 });
    const runtime = runtimeWith({ sid: 'no disk' });
    await assert.rejects(
      runtime.connect(),
      (error) => RuntimeError.is(error, 'devbox_ended') && error.message.includes('out_of_disk'),
    );
  });

  it('leaves a resume that is cancelled as it was, and goes on later', async () => {
    const runtime = runtimeWith({ sid: 'slow nap' });
    await runtime.connect();
    await runtime.suspend();
    await orderFaults(platform, {
      fault: 'slow_boot',
      stage: 'initializing',
      delay_ms: 2_000,
      devbox: 'slow nap',
      count: 1,
    });
    const stop = new AbortController();
    runtime.onEvent((event) => {
      if (event.type === 'phase' && event.phase === 'provisioning') stop.abort();
    });
    await assert.rejects(runtime.resume({ signal: stop.signal }), (error) => RuntimeError.is(error, 'cancelled'));
    assert.equal(runtime.state, 'suspended');
    await runtime.resume();
    assert.equal((await runtime.actions.run('echo up')).content, 'up');
    await runtime.close();
  });

  it('looks for its devbox on every page, by metadata before names, and takes the newest (D18)', async () => {
    const create = async (name: string, sid?: string): Promise<string> => {
      const metadata = sid === undefined ? {} : { [containerNameKey]: containerName(sid) };
      return (
        await api.devboxes.create(
          { name, metadata, entrypoint: 'sleep 100' },
          { requestId: `${name} ${Math.random()}` },
        )
      ).id;
    };
    const lone = await create('renamed since', 'lone');
    const older = await create('paged', 'paged');
    const newer = await create('paged', 'paged');
    const named = await create('only named');
    const sameName = await create('paged');
    const all = [lone, older, newer, named, sameName];
    for (let more = 0; more < 4; more += 1) all.push(await create(`other ${more}`));
    const pages = await startSmallPages(platform.baseUrl, 2);
    try {
      const small = new RunloopApi({ apiKey: platform.apiKey, baseUrl: pages.url });
      const found = async (sid: string): Promise<string> =>
        (await findDevbox(small, { sid, devboxId: undefined }, {})).id;
      assert.equal(await found('lone'), lone);
      assert.equal(await found('paged'), newer);
      assert.equal(await found('only named'), named);
      assert.equal((await findOwn(small, 'paged', {}))?.id, newer);
      assert.equal(await findOwn(small, 'only named', {}), undefined);
      await api.devboxes.shutdown(newer);
      assert.equal(await found('paged'), older, 'what has ended does not count');
      await assert.rejects(found('nobody'), (error) => RuntimeError.is(error, 'devbox_not_found'));
      assert.ok(pages.lists() >= 5 * 5, `${pages.lists()} pages`);
    } finally {
      pages.close();
      await Promise.all(all.map((id) => api.devboxes.shutdown(id)));
    }
  });
});

/** The same platform, with no more than `most` devboxes on a page, whatever is asked for. */
async function startSmallPages(
  baseUrl: string,
  most: number,
): Promise<{ readonly url: string; lists(): number; close(): void }> {
  let lists = 0;
  const target = new URL(baseUrl);
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '/', baseUrl);
    if (url.pathname === '/v1/devboxes') {
      lists += 1;
      url.searchParams.set('limit', String(most));
    }
    const headers = { ...incoming.headers, host: target.host };
    const asking = request(url, { method: incoming.method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(asking);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lists: () => lists,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
