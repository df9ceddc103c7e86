import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { followEvents, type FollowOptions } from '../../../../src/core/logs/followDevbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { startBufferingProxy, type BufferingProxy } from './bufferingProxy';
import { startCuttingProxy } from './cuttingProxy';

const pace = { reconnectMs: [5, 50], pollMs: [20, 100], silentMs: [200, 2_000], heldMs: [500, 1_000] } as const;
const counting = `node -e 'let n = 0; setInterval(() => console.log("line " + n++), 50)'`;

describe('following a log whose stream is kept back', function () {
  this.timeout(120_000);
  const on = usePlatform();
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function throughProxy(
    part: string,
    base = on.platform.baseUrl,
    after = 0,
  ): Promise<BufferingProxy & { api: RunloopApi }> {
    const proxy = await startBufferingProxy(base, part, after);
    closing.push(() => proxy.close());
    return { ...proxy, api: new RunloopApi({ apiKey: on.platform.apiKey, baseUrl: proxy.url }) };
  }

  async function devboxThat(entrypoint?: string): Promise<string> {
    const { id } = await on.api.devboxes.create(
      { name: 'held', ...(entrypoint === undefined ? {} : { entrypoint }) },
      { requestId: crypto.randomUUID() },
    );
    closing.push(async () => {
      await on.api.devboxes.shutdown(id);
    });
    await on.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }

  /** Follows in the background: lines, and notices in brackets. */
  function following(api: RunloopApi, id: string, options: Partial<FollowOptions> = {}): string[] {
    const stop = new AbortController();
    const seen: string[] = [];
    const done = (async () => {
      for await (const event of followEvents(api, id, { signal: stop.signal, pace, ...options })) {
        if (event.type === 'notice') seen.push(`[${event.notice.kind}]`);
        else seen.push(...event.lines.map(({ text }) => text).filter((text) => /^(?:line|done) /.test(text)));
      }
    })();
    closing.push(async () => {
      stop.abort();
      await done;
    });
    return seen;
  }

  const linesOf = (seen: readonly string[]): string[] => seen.filter((text) => !text.startsWith('['));

  it('says so, shows every line once from the list, and goes back when the stream works', async () => {
    const id = await devboxThat(counting);
    const proxy = await throughProxy('/logs/tail');
    const seen = following(proxy.api, id);
    await eventually(
      () => Promise.resolve(linesOf(seen).length),
      (count) => count > 20,
    );
    assert.equal(seen[0], '[held]');
    // Tried again, and still kept back.
    await eventually(
      () => Promise.resolve(proxy.requests('/logs/tail')),
      (count) => count >= 2,
    );
    proxy.holds(false);
    const streamed = await eventually(
      () => Promise.resolve(seen.indexOf('[streamed]')),
      (at) => at > 0,
    );
    await eventually(
      () => Promise.resolve(seen.length - streamed),
      (count) => count > 20,
    );
    const lists = proxy.requests('/logs') - proxy.requests('/logs/tail');
    await eventually(
      () => Promise.resolve(seen.length - streamed),
      (count) => count > 60,
    );
    assert.equal(proxy.requests('/logs') - proxy.requests('/logs/tail'), lists, 'a stream that works is not doubted');
    const lines = linesOf(seen);
    assert.deepEqual(
      lines,
      Array.from(lines, (_, at) => `line ${at}`),
    );
    assert.ok(!seen.includes('[gap]') && !seen.includes('[restarted]'), seen.join(' '));
  });

  it('is left in peace while nothing is written', async () => {
    const id = await devboxThat('echo line 0; sleep 1000');
    const proxy = await throughProxy('/nothing');
    const seen = following(proxy.api, id);
    await eventually(
      () => Promise.resolve(proxy.requests('/logs') - proxy.requests('/logs/tail')),
      (looks) => looks >= 3,
    );
    assert.deepEqual(seen, ['line 0']);
    assert.equal(proxy.requests('/logs/tail'), 1);
  });

  for (const [what, after] of [
    ['brings nothing', 0],
    ['brings all but its end', 1_000_000],
  ] as const) {
    it(`comes to its end with its devbox, although the stream ${what}`, async () => {
      const id = await devboxThat('for i in 0 1 2; do echo line $i; sleep 0.1; done');
      const proxy = await throughProxy('/logs/tail', undefined, after);
      const seen: string[] = [];
      for await (const event of followEvents(proxy.api, id, { signal: new AbortController().signal, pace })) {
        if (event.type === 'lines') seen.push(...event.lines.map(({ text }) => text));
      }
      assert.deepEqual(
        seen.filter((text) => text.startsWith('line ')),
        ['line 0', 'line 1', 'line 2'],
      );
    });
  }

  it('is told from the list for an execution, too', async () => {
    const id = await devboxThat();
    const noTail = await startCuttingProxy(on.platform.baseUrl, { hide: '/logs/tail' });
    closing.push(() => noTail.close());
    const proxy = await throughProxy('_updates', noTail.url);
    const seen = following(proxy.api, id);
    await on.api.executions.start(id, 'for i in $(seq 0 30); do echo line $i; sleep 0.05; done; echo done 1');
    await eventually(
      () => Promise.resolve(linesOf(seen).at(-1)),
      (last) => last === 'done 1',
    );
    assert.ok(proxy.requests('_updates') > 0);
    assert.deepEqual(linesOf(seen), [...Array.from({ length: 31 }, (_, at) => `line ${at}`), 'done 1']);
  });

  /** Through something that passes on the first bytes of an execution's outputs and keeps back the rest. */
  async function heldHalfWay(after: number): Promise<BufferingProxy & { api: RunloopApi }> {
    const noTail = await startCuttingProxy(on.platform.baseUrl, { hide: '/logs/tail' });
    closing.push(() => noTail.close());
    return throughProxy('_updates', noTail.url, after);
  }

  for (const after of [100, 1_000]) {
    it(`is told from the list when an execution's outputs stop after ${after} bytes, each line once`, async () => {
      const id = await devboxThat();
      const proxy = await heldHalfWay(after);
      const seen = following(proxy.api, id);
      await on.api.executions.start(
        id,
        'for i in $(seq 0 60); do echo line $i; echo line $i >&2; sleep 0.05; done; echo done 1',
      );
      await eventually(
        () => Promise.resolve(seen.includes('done 1')),
        (isDone) => isDone,
      );
      assert.ok(seen.indexOf('[held]') > seen.indexOf('line 0'), seen.join(' '));
      const expected = Array.from({ length: 61 }, (_, at) => [`line ${at}`, `line ${at}`]).flat();
      assert.deepEqual(linesOf(seen).sort(), [...expected, 'done 1'].sort());
    });
  }

  it('comes to the end of an execution although its streams never do, and says nothing of what is not missing', async () => {
    const id = await devboxThat();
    const proxy = await heldHalfWay(1_000_000);
    const exits: unknown[] = [];
    const stop = new AbortController();
    closing.push(async () => {
      stop.abort();
      await Promise.resolve();
    });
    await on.api.executions.start(id, 'for i in $(seq 0 5); do echo line $i; sleep 0.2; done');
    for await (const event of followEvents(proxy.api, id, { signal: stop.signal, pace })) {
      if (event.type === 'notice') assert.notEqual(event.notice.kind, 'held');
      else exits.push(...event.lines.filter(({ exitCode }) => exitCode !== undefined));
      if (exits.length > 0) break;
    }
    assert.equal(exits.length, 1);
  });

  for (const [what, after, command] of [
    ['are kept back', 60, 'for i in $(seq 0 1000); do echo line $i; sleep 0.1; done'],
    ['bring all but their end', 1_000_000, 'echo line 0; echo line 1; sleep 1000'],
  ] as const) {
    it(`comes to the end of a devbox although the streams of its executions ${what}`, async () => {
      const id = await devboxThat();
      const proxy = await heldHalfWay(after);
      const seen: string[] = [];
      await on.api.executions.start(id, command);
      for await (const event of followEvents(proxy.api, id, { signal: new AbortController().signal, pace })) {
        if (event.type !== 'lines') continue;
        seen.push(...event.lines.map(({ text }) => text));
        if (seen.includes('line 0')) await on.api.devboxes.shutdown(id);
      }
      const lines = seen.filter((text) => text.startsWith('line '));
      assert.ok(lines.length > 0);
      assert.deepEqual(
        lines,
        Array.from(lines, (_, at) => `line ${at}`),
      );
    });
  }
});
