import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { Emitter } from '../../../../src/core/events';
import { followEvents, type FollowNotice, type FollowOptions } from '../../../../src/core/logs/followDevbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { seeded, startCuttingProxy, type CuttingProxy } from './cuttingProxy';

/** Two hundred times as fast as usual: a minute is 300 ms. */
const fast = { reconnectMs: [5, 75], pollMs: [5, 300] } as const;
/** So slow that nothing comes but what was asked for. */
const veryLong = { reconnectMs: [5, 50], pollMs: [600_000, 3_600_000] } as const;

describe('following a log that has no stream', function () {
  this.timeout(120_000);
  const on = usePlatform();
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function proxied(
    options: { readonly hide?: string; readonly quietMs?: number } = { hide: '/logs/tail' },
  ): Promise<CuttingProxy & { readonly api: RunloopApi }> {
    const proxy = await startCuttingProxy(on.platform.baseUrl, options);
    closing.push(() => proxy.close());
    return { ...proxy, api: new RunloopApi({ apiKey: on.platform.apiKey, baseUrl: proxy.url }) };
  }

  async function devboxThat(entrypoint: string): Promise<string> {
    const { id } = await on.api.devboxes.create({ name: 'quiet', entrypoint }, { requestId: crypto.randomUUID() });
    closing.push(async () => {
      await on.api.devboxes.shutdown(id);
    });
    await on.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }

  /** Follows in the background, as long as the test lasts. */
  function following(
    api: RunloopApi,
    id: string,
    options: Partial<FollowOptions>,
  ): { readonly texts: string[]; readonly notices: FollowNotice[]; readonly isOver: () => boolean } {
    const stop = new AbortController();
    const [texts, notices]: [string[], FollowNotice[]] = [[], []];
    let isOver = false;
    const done = (async () => {
      for await (const event of followEvents(api, id, { signal: stop.signal, ...options })) {
        if (event.type === 'notice') notices.push(event.notice);
        else texts.push(...event.lines.map(({ text }) => text));
      }
      isOver = true;
    })();
    closing.push(async () => {
      stop.abort();
      await done;
    });
    return { texts, notices, isOver: () => isOver };
  }
  const until = async (isRight: () => boolean): Promise<boolean> =>
    eventually(
      () => Promise.resolve(isRight()),
      (right) => right,
    );

  it('costs one request in each longest pause once a devbox is idle, status included, and few in the first', async () => {
    const proxy = await proxied();
    const id = await devboxThat('echo once; sleep 100');
    const { texts } = following(proxy.api, id, { pace: fast });
    await until(() => texts.includes('once'));
    const first = proxy.requests();
    await sleep(300);
    assert.ok(proxy.requests() - first <= 6, `${proxy.requests() - first} requests in the first minute`);
    await sleep(300);
    const before = proxy.requests();
    await sleep(2_100);
    assert.ok(proxy.requests() - before <= 8, `${proxy.requests() - before} requests in seven minutes`);
    assert.ok(proxy.requests() - before >= 3, 'it has stopped looking');
  });

  it('looks at once when somebody has a reason to expect news', async () => {
    const proxy = await proxied();
    const id = await devboxThat(
      'echo first; until test -e /tmp/go; do sleep 0.05; done; echo second; until test -e /tmp/on; do sleep 0.05; done; echo third; sleep 100',
    );
    // Its first line is there before anybody looks: nothing would bring it later.
    await eventually(
      () => on.api.logs.newest(id),
      (logs) => logs.some(({ text }) => text === 'first'),
    );
    const looks = new Emitter<undefined>();
    const { texts } = following(proxy.api, id, { pace: veryLong, lookNow: (listener) => looks.on(listener) });
    await until(() => texts.includes('first'));
    // Silent for long enough that the next read by itself is far away.
    await sleep(500);
    const asleep = proxy.requests();
    await sleep(300);
    assert.equal(proxy.requests(), asleep);
    for (const [file, text] of [
      ['go', 'second'],
      ['on', 'third'],
    ] as const) {
      await on.api.executions.start(id, `touch /tmp/${file}`);
      await eventually(
        () => on.api.logs.newest(id),
        (logs) => logs.some((entry) => entry.text === text),
      );
      looks.fire(undefined);
      await until(() => texts.includes(text));
    }
    const before = proxy.requests();
    for (let n = 0; n < 200; n += 1) looks.fire(undefined);
    await sleep(100);
    assert.ok(proxy.requests() - before < 40, `${proxy.requests() - before} requests for a storm of reasons`);
  });

  it('learns at once that a devbox has ended whose entrypoint has, and soon that one was shut down', async () => {
    const proxy = await proxied();
    const [one, other] = await Promise.all([
      devboxThat('echo mine; exit 3'),
      devboxThat('while echo tick; do sleep 0.05; done'),
    ]);
    const follows = [one, other].map((id) =>
      following(proxy.api, id, { pace: { reconnectMs: [5, 50], pollMs: [20, 2_000] } }),
    );
    await until(() => follows[1]?.texts.includes('tick') === true);
    await on.api.devboxes.shutdown(other);
    await until(() => follows.every(({ isOver }) => isOver()));
    assert.ok(follows[0]?.texts.includes('mine'));
  });

  it('says once that it polls, and not where the log is whole already', async () => {
    const proxy = await proxied();
    const ended = await devboxThat('echo over');
    await eventually(
      () => on.api.devboxes.retrieve(ended),
      ({ status }) => status === 'shutdown',
    );
    const whole = following(proxy.api, ended, { pace: fast });
    await until(whole.isOver);
    assert.deepEqual([whole.texts.includes('over'), whole.notices], [true, []]);
    const live = following(proxy.api, await devboxThat('while echo tick; do sleep 0.02; done'), { pace: fast });
    await until(() => live.texts.length > 100);
    assert.deepEqual(live.notices, [{ kind: 'polling' }]);
  });

  it('delivers each line once through lists that are cut and refused', async () => {
    const total = 20_000;
    const write = `let n = 0; const go = () => { let part = ""; for (let i = 0; i < 500; i++, n++) part += n + " ä€😀 " + "x".repeat(n % 90) + "\\n"; process.stdout.write(part, n < ${total} ? () => setTimeout(go, 20) : undefined); }; go();`;
    const id = await devboxThat(`node -e '${write}'`);
    const random = seeded(41);
    let planned = 40;
    const proxy = await startCuttingProxy(on.platform.baseUrl, {
      hide: '/logs/tail',
      cutAfter: () => (planned-- > 0 ? Math.floor(random() * 60_000) + 1 : undefined),
      refuse: () => random() < 0.1,
    });
    closing.push(() => proxy.close());
    const { texts, notices, isOver } = following(
      new RunloopApi({ apiKey: on.platform.apiKey, baseUrl: proxy.url }),
      id,
      { pace: { reconnectMs: [5, 50], pollMs: [20, 300] } },
    );
    await until(isOver);
    const lines = texts.filter((text) => / ä€😀 /.test(text));
    assert.equal(lines.length, total);
    assert.ok(lines.every((text, n) => text === `${n} ä€😀 ${'x'.repeat(n % 90)}`));
    assert.ok(
      notices.every(({ kind }) => ['polling', 'interrupted', 'reconnected'].includes(kind)),
      JSON.stringify(notices),
    );
    assert.ok(proxy.cuts() > 5 && proxy.refusals() > 0, `${proxy.cuts()} cuts, ${proxy.refusals()} refusals`);
  });

  it('asks for no log while a devbox is suspended, and has its lines when it is resumed', async () => {
    const proxy = await proxied();
    const id = await devboxThat('echo started; sleep 100');
    const { texts, notices } = following(proxy.api, id, { pace: fast });
    await until(() => texts.includes('started'));
    await on.api.devboxes.suspend(id);
    await until(() => notices.some(({ kind }) => kind === 'suspended'));
    await sleep(300);
    const before = proxy.requests('/logs');
    await sleep(1_200);
    assert.equal(proxy.requests('/logs'), before);
    await on.api.devboxes.resume(id);
    await until(() => texts.filter((text) => text === 'started').length === 2);
    assert.equal(notices.filter(({ kind }) => kind === 'suspended').length, 1);
  });

  it('does not open streams again and again that a server ends when they are silent, and misses nothing', async () => {
    for (const hide of [undefined, '/logs/tail']) {
      const proxy = await proxied({ quietMs: 50, ...(hide === undefined ? {} : { hide }) });
      const id = await devboxThat('echo first; until test -e /tmp/go; do sleep 0.05; done; echo second; sleep 100');
      await on.api.executions.start(
        id,
        'echo printed; until test -e /tmp/go; do sleep 0.05; done; echo more; sleep 100',
      );
      const { texts, notices } = following(proxy.api, id, { pace: fast });
      await until(() => texts.includes('first') && texts.includes('printed'));
      await sleep(600);
      const before = proxy.requests();
      await sleep(1_500);
      const asked = proxy.requests() - before;
      assert.ok(asked <= (hide === undefined ? 8 : 14), `${asked} requests in five minutes, ${hide ?? 'with tail'}`);
      await on.api.executions.start(id, 'touch /tmp/go');
      await until(() => texts.includes('second') && texts.includes('more'));
      assert.deepEqual(new Set(texts).size, texts.length, texts.join());
      assert.ok(
        notices.every(({ kind }) => kind === 'polling'),
        JSON.stringify(notices),
      );
    }
  });
});
