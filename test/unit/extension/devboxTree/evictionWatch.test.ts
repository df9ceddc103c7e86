import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { parseDevbox } from '../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { DevboxStore } from '../../../../src/extension/devboxes/devboxStore';
import { EvictionWatch } from '../../../../src/extension/devboxTree/evictionWatch';
import { eventually } from '../../../eventually';
import { ScriptedServer, type Script } from '../../../network/scriptedServer';

const stream: Script = (_, answer) => {
  answer.writeHead(200, { 'content-type': 'text/event-stream' });
  answer.write(`data: ${JSON.stringify({ devbox_id: 'dbx_1', eviction_deadline_ms: Date.now() + 60_000 })}\n\n`);
};

describe('The stream of evictions', function () {
  this.timeout(30_000);
  let server: ScriptedServer;
  let api: RunloopApi;
  let watch: EvictionWatch;
  const ended = new AbortController();

  before(async () => {
    server = await ScriptedServer.start(stream);
    api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
  });
  beforeEach(() => {
    server.seen.splice(0);
    watch = new EvictionWatch(storeOfOne(), (error) => assert.fail(String(error)));
  });
  after(async () => {
    ended.abort();
    await server.stop();
  });

  const storeOfOne = (): DevboxStore => {
    const store = new DevboxStore();
    store.update(parseDevbox({ id: 'dbx_1', status: 'running', create_time_ms: Date.now() }));
    return store;
  };
  const watchOf = (other: RunloopApi): EvictionWatch => {
    const made = new EvictionWatch(storeOfOne(), (error) => assert.fail(String(error)));
    made.plan({ api: other, ended: ended.signal });
    return made;
  };

  it('is remembered of what it has suspended, and not of what somebody suspended before, or resumed since', async () => {
    server.script = stream;
    const store = storeOfOne();
    const told = new EvictionWatch(store, (error) => assert.fail(String(error)));
    told.plan({ api, ended: ended.signal });
    const found = await eventually(
      () => Promise.resolve(told.of('dbx_1', Date.now())),
      (one) => one !== undefined,
    );
    const deadlineMs = found?.deadlineMs ?? assert.fail();
    const at = (status: string, suspendedMs: number, nowMs = deadlineMs + 3_600_000): boolean => {
      const state_transitions = [{ status: 'suspended', transition_time_ms: suspendedMs }];
      store.update(parseDevbox({ id: 'dbx_1', status, create_time_ms: Date.now(), state_transitions }));
      return told.of('dbx_1', nowMs) !== undefined;
    };
    assert.equal(at('suspended', deadlineMs + 200), true);
    assert.equal(at('suspended', deadlineMs - 20_000), false);
    assert.equal(at('running', deadlineMs + 200, deadlineMs + 10_000), false);
    told.dispose();
  });

  for (const status of [401, 403, 404]) {
    for (const [type, body] of [
      ['text/plain', 'no'],
      ['text/html', '<html><body>no</body></html>'],
      ['application/json', '"no"'],
    ] as const) {
      it(`is asked for again where somebody on the way says ${status}, as ${type}`, async () => {
        server.script = (seen, answer) => {
          if (server.seen.length > 1) stream(seen, answer);
          else answer.writeHead(status, { 'content-type': type }).end(body);
        };
        watch.plan({ api, ended: ended.signal });
        await eventually(
          () => Promise.resolve(watch.of('dbx_1', Date.now())),
          (found) => found !== undefined,
        );
        watch.dispose();
      });
    }

    it(`is given up where the API itself says ${status}`, async () => {
      const onTheWay = new RunloopApi({ apiKey: 'ak_on_the_way', baseUrl: server.origin });
      const askedWith = ({ authorization }: RunloopApi): number =>
        server.seen.filter(({ headers }) => headers.authorization === authorization).length;
      server.script = ({ headers }, answer) =>
        answer
          .writeHead(status, { 'content-type': 'application/json' })
          .end(headers.authorization === api.authorization ? '{"message":"no"}' : '');
      const other = watchOf(onTheWay);
      watch.plan({ api, ended: ended.signal });
      // Long enough for the one to be asked again, as the other is.
      await eventually(
        () => Promise.resolve(askedWith(onTheWay)),
        (count) => count === 3,
      );
      assert.equal(askedWith(api), 1);
      other.dispose();
      watch.dispose();
    });
  }
});
