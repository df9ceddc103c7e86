import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { onceRule } from '../../../../src/core/http/retryRules';
import { isChanging, knownStatuses } from '../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { devboxesOfStart } from '../../../../src/core/start/lookForStart';
import { DevboxReader } from '../../../../src/extension/devboxes/devboxReader';
import { DevboxStore } from '../../../../src/extension/devboxes/devboxStore';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

/** What no list should have, beside what it should. */
const malformed: readonly unknown[] = [null, 7, 'dbx_1', [], {}, { id: 'no_status' }, { status: 'running' }, { id: 1 }];
const devbox = (id: string, status = 'running'): object => ({ id, status, metadata: {}, create_time_ms: 1 });

/** Ids of a list's page: the part of `ids` behind `starting_after`. */
function pageOf(
  url: string,
  ids: readonly string[],
  size: number,
): { readonly page: string[]; readonly more: boolean } {
  const after = new URL(url, 'http://x').searchParams.get('starting_after');
  const start = after === null ? 0 : ids.indexOf(after) + 1;
  return { page: ids.slice(start, start + size), more: start + size < ids.length };
}

describe('a list of the API', () => {
  let server: ScriptedServer;
  let api: RunloopApi;
  const { signal } = new AbortController();

  before(async () => {
    server = await ScriptedServer.start((_, answer) => sendJson(answer, {}));
    api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
  });
  after(() => server.stop());
  beforeEach(() => void server.seen.splice(0));

  const all = async (): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { id } of api.devboxes.list({}, { rule: onceRule })) ids.push(id);
    return ids;
  };

  it('shows what can be read of it, and says how much cannot', async () => {
    server.script = (_, answer) =>
      sendJson(answer, { devboxes: [devbox('a'), ...malformed, devbox('b')], has_more: false });
    const page = await api.devboxes.listPage({ limit: 100 });
    assert.deepEqual(
      page.devboxes.map(({ id }) => id),
      ['a', 'b'],
    );
    assert.equal(page.malformed, malformed.length);
    const store = new DevboxStore();
    store.update(page.devboxes[0] ?? assert.fail());
    store.update({ ...(page.devboxes[0] ?? assert.fail()), id: 'no_status' });
    await new DevboxReader(store).read(api, 1, signal);
    assert.equal(store.malformed, malformed.length);
    assert.ok(store.get('no_status'), 'what could not be read was taken for gone');
  });

  /** Pages that do not tell of all there is: of these, nothing follows for what they do not have. */
  const partial: Readonly<Record<string, object>> = {
    'an entry that is none': { devboxes: [devbox('a'), null], has_more: false },
    'no word whether there is more': { devboxes: [devbox('a')] },
    'another word for it': { devboxes: [devbox('a')], has_more: 'false' },
    'nothing at all': { devboxes: [] },
    'more, in no order': { devboxes: [devbox('a'), { ...devbox('b'), create_time_ms: 9 }], has_more: true },
  };
  for (const [what, page] of Object.entries(partial)) {
    it(`takes none for gone where a page has ${what}`, async () => {
      server.script = ({ url }, answer) => {
        if (/devboxes\/(?:known|other)/.test(url)) sendJson(answer, devbox(url.split('/').at(-1) ?? ''));
        else sendJson(answer, page);
      };
      const store = new DevboxStore();
      for (const [id, status] of [
        ['known', 'running'],
        ['other', 'suspended'],
      ] as const) {
        store.update({ ...(await api.devboxes.retrieve('known')), id, status, createTimeMs: 5 });
      }
      const reader = new DevboxReader(store);
      for (let round = 0; round < 3; round += 1) await reader.read(api, 12, signal);
      assert.deepEqual([store.get('known')?.id, store.get('other')?.id], ['known', 'other']);
    });
  }

  it('says how much of its later pages cannot be read', async () => {
    server.script = ({ url }, answer) => {
      const isRunning = url.includes('status=running');
      sendJson(answer, {
        devboxes: isRunning ? [devbox('a'), null, 7] : [devbox('b')],
        has_more: !url.includes('status='),
      });
    };
    const store = new DevboxStore();
    await new DevboxReader(store).read(api, 12, signal);
    assert.equal(store.malformed, 2);
  });

  it('does not tell that a start made nothing where it may have made what cannot be read', async () => {
    for (const page of [partial['an entry that is none'], partial['no word whether there is more']]) {
      server.script = (_, answer) => sendJson(answer, page);
      await assert.rejects(devboxesOfStart(api, 'r'), (error) => RuntimeError.is(error, 'unexpected_answer'));
    }
    const made = { ...devbox('made'), metadata: { [requestKey]: 'r' } };
    server.script = (_, answer) => sendJson(answer, { devboxes: [null, made], has_more: false });
    assert.deepEqual(
      (await devboxesOfStart(api, 'r')).map(({ id }) => id),
      ['made'],
    );
  });

  it('goes on behind an entry that cannot be read', async () => {
    server.script = ({ url }, answer) => {
      const { page, more } = pageOf(url, ['a', 'b', 'c', 'd'], 2);
      sendJson(answer, { devboxes: page.map((id) => (id === 'b' ? { id } : devbox(id))), has_more: more });
    };
    assert.deepEqual(await all(), ['a', 'c', 'd']);
  });

  /** Lists without an end: the ids that the n-th answer has. */
  const endless: Readonly<Record<string, (turn: number) => string[]>> = {
    'the same page again': () => ['a', 'b'],
    'a circle of two': (turn) => (turn % 2 === 0 ? ['a', 'b'] : ['c', 'd']),
    'a circle of three': (turn) => [`x${turn % 3}`],
    'a circle that begins later': (turn) => (turn === 0 ? ['first'] : [`x${turn % 2}`]),
    'nothing, and more': () => [],
    'ever new ones': (turn) => [`x${turn}`],
  };
  for (const [what, ids] of Object.entries(endless)) {
    it(`ends with a word where it has no end: ${what}`, async () => {
      let turn = 0;
      server.script = (_, answer) => {
        sendJson(answer, { devboxes: ids(turn).map((id) => devbox(id)), has_more: true });
        turn += 1;
      };
      await assert.rejects(all(), (error) => {
        assert.ok(RuntimeError.is(error, 'unexpected_answer'));
        assert.match(error.message, /could not be read completely/);
        return true;
      });
    });
  }

  for (const [what, ids] of Object.entries(endless).slice(0, 5)) {
    it(`ends "Load More" with a word: ${what}`, async () => {
      let turn = 0;
      server.script = ({ url }, answer) => {
        if (url.includes('status=running')) {
          sendJson(answer, { devboxes: ids(turn).map((id) => devbox(id)), has_more: true });
          turn += 1;
        } else {
          sendJson(answer, { devboxes: [devbox('newest', 'shutdown')], has_more: true });
        }
      };
      const store = new DevboxStore();
      const reader = new DevboxReader(store);
      await reader.read(api, 1, signal);
      for (let page = 0; page < 10 && reader.hasMore('running'); page += 1) await reader.more(api, 'running', signal);
      assert.equal(reader.hasMore('running'), false);
      assert.equal(store.isEndless, true);
    });
  }

  it('has more as long as there is more, however often it is read', async () => {
    const ids = Array.from({ length: 5 }, (_, index) => `d${index}`);
    server.script = ({ url }, answer) => {
      const { page, more } = pageOf(url, ids, 2);
      sendJson(answer, { devboxes: page.map((id) => devbox(id)), has_more: more });
    };
    const store = new DevboxStore();
    const reader = new DevboxReader(store);
    for (let round = 0; round < 4; round += 1) await reader.read(api, 12, signal);
    assert.equal(reader.hasMore('running'), true);
    for (let page = 0; page < 2; page += 1) await reader.more(api, 'running', signal);
    assert.equal(reader.hasMore('running'), false);
    assert.equal(store.isEndless, false);
    assert.equal(store.snapshot.size, 5);
  });

  it('offers blueprints and snapshots of all pages, and says when there are more', async () => {
    let count = 1_234;
    server.script = ({ url }, answer) => {
      const ids = Array.from({ length: count }, (_, index) => `id${index}`);
      const { page, more } = pageOf(url, ids, 500);
      const entries = page.map((id) => ({ id, name: id, status: 'build_complete', create_time_ms: 1 }));
      sendJson(answer, { blueprints: [...entries, null], snapshots: entries, secrets: entries, has_more: more });
    };
    const blueprints = await api.blueprints.choices();
    assert.equal(blueprints.choices.length, 1_234);
    assert.equal(blueprints.isCut, false);
    assert.equal(blueprints.malformed, 6);
    assert.equal((await api.snapshots.choices()).choices.length, 1_234);
    assert.deepEqual([(await api.secrets.choices()).choices.length, (await api.secrets.choices()).isCut], [500, true]);
    count = 9_999;
    assert.equal((await api.snapshots.choices()).isCut, true);
  });

  it('offers what it got of a list that repeats the same pages', async () => {
    server.script = (_, answer) => sendJson(answer, { snapshots: [{ id: 'a' }, { id: 'b' }], has_more: true });
    const { choices, isCut } = await api.snapshots.choices();
    assert.deepEqual([choices.length, isCut], [2, true]);
    assert.equal(server.seen.length, 2);
  });
});

describe('a status that is not known', () => {
  const changing = knownStatuses.filter((status) => isChanging(status));

  it('is none that anything waits for', () => {
    assert.deepEqual(changing, ['queued', 'scheduled', 'provisioning', 'initializing', 'suspending', 'resuming']);
    for (const status of ['', 'hibernated', 'quarantined', 'RUNNING', 'paused', '__proto__']) {
      assert.equal(isChanging(status), false, status);
      const store = new DevboxStore();
      store.update({ ...minimal, status });
      assert.equal(store.inTransition, false, status);
    }
  });

  const minimal = {
    id: 'x',
    status: '',
    name: undefined,
    createTimeMs: 1,
    endTimeMs: undefined,
    metadata: {},
    blueprintId: undefined,
    failureReason: undefined,
    shutdownReason: undefined,
    keepAliveSeconds: undefined,
    idleRule: undefined,
    size: undefined,
    customSize: undefined,
    snapshotId: undefined,
    initiatorType: undefined,
    initiatorId: undefined,
    transitions: [],
    tunnel: undefined,
  };
});
