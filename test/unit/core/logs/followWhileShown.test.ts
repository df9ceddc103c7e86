import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { Emitter, type Disposable } from '../../../../src/core/events';
import { followWhileShown, type Audience } from '../../../../src/core/logs/followWhileShown';
import type { FollowPace } from '../../../../src/core/logs/followDevbox';
import { eventually } from '../../../eventually';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

/** Somebody who looks or does not. */
class Looker implements Audience {
  readonly #changed = new Emitter<undefined>();
  isShown = true;

  onChange(listener: () => void): Disposable {
    return this.#changed.on(listener);
  }

  look(isShown: boolean): void {
    this.isShown = isShown;
    this.#changed.fire(undefined);
  }
}

/** Counts requests without changing any. */
const counter = { id: 'all', fault: 'delay', delay_ms: 0, path: '/v1/**' };
const noTail = { fault: 'status', status: 501, path: '/v1/devboxes/{id}/logs/tail' };

describe('following while somebody looks', function () {
  this.timeout(120_000);
  const on = usePlatform('--fault-control');
  const stops: AbortController[] = [];
  afterEach(() => stops.splice(0).forEach((stop) => stop.abort()));

  async function requests(): Promise<number> {
    return (await countFaults(on.platform)).find(({ id }) => id === 'all')?.matches ?? 0;
  }
  const until = async (isRight: () => boolean): Promise<boolean> =>
    eventually(
      () => Promise.resolve(isRight()),
      (right) => right,
    );

  async function devboxThat(entrypoint: string): Promise<string> {
    const { id } = await on.api.devboxes.create({ name: 'watched', entrypoint }, { requestId: crypto.randomUUID() });
    await on.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }

  /** Follows in the background. */
  function following(
    id: string,
    looker: Looker,
    pauseAfter: number,
    pace: FollowPace,
  ): { readonly texts: string[]; readonly stop: () => Promise<void> } {
    const texts: string[] = [];
    const stop = new AbortController();
    stops.push(stop);
    const done = (async () => {
      for await (const event of followWhileShown(on.api, id, {
        signal: stop.signal,
        audience: looker,
        pauseAfterMs: () => pauseAfter,
        pace,
      })) {
        if (event.type === 'lines') {
          texts.push(...event.lines.filter(({ source }) => source === 'entrypoint').map(({ text }) => text));
        }
      }
    })();
    return {
      texts,
      stop: async () => {
        stop.abort();
        await done;
      },
    };
  }

  it('asks nothing while nobody looks, and catches up when somebody does', async () => {
    await orderFaults(on.platform, counter);
    const id = await devboxThat('i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done');
    const looker = new Looker();
    const { texts, stop } = following(id, looker, 300, { reconnectMs: [5, 50], pollMs: [20, 100] });
    await until(() => texts.length > 20);
    looker.look(false);
    await sleep(100);
    // A short look elsewhere is no pause.
    looker.look(true);
    const shortly = texts.length;
    await until(() => texts.length > shortly + 10);
    looker.look(false);
    await sleep(1500);
    const [seen, asked] = [texts.length, await requests()];
    await sleep(1000);
    assert.deepEqual([texts.length, await requests()], [seen, asked]);
    looker.look(true);
    await until(() => texts.length > seen + 60);
    await stop();
    assert.deepEqual(
      texts,
      texts.map((_, index) => String(index + 1)),
    );
    await on.api.devboxes.shutdown(id);
  });

  it('costs one request however long a stream is silent', async () => {
    await orderFaults(on.platform, counter);
    const id = await devboxThat('echo once; sleep 100');
    const before = await requests();
    const { texts, stop } = following(id, new Looker(), Infinity, { reconnectMs: [5, 150], pollMs: [10, 600] });
    await until(() => texts.length === 1);
    await sleep(3000);
    const asked = (await requests()) - before;
    // The first asks whether the devbox has ended.
    assert.ok(asked <= 2, `${asked} requests in five minutes`);
    await stop();
    await on.api.devboxes.shutdown(id);
  });

  it('brings the news at once when somebody looks at a log that is polled seldom', async () => {
    await orderFaults(on.platform, noTail);
    const id = await devboxThat('echo first; until test -e /tmp/go; do sleep 0.1; done; echo second; sleep 100');
    while (!(await on.api.logs.newest(id)).some(({ text }) => text === 'first')) await sleep(50);
    const looker = new Looker();
    const { texts, stop } = following(id, looker, Infinity, { reconnectMs: [5, 50], pollMs: [300_000, 600_000] });
    await until(() => texts.length === 1);
    looker.look(false);
    await on.api.executions.start(id, 'touch /tmp/go');
    while (!(await on.api.logs.newest(id)).some(({ text }) => text === 'second')) await sleep(50);
    assert.deepEqual(texts, ['first']);
    looker.look(true);
    await until(() => texts.length === 2);
    await stop();
    assert.deepEqual(texts, ['first', 'second']);
    await on.api.devboxes.shutdown(id);
  });

  it('follows over suspend and resume, and gives a reader who comes later the history first', async () => {
    await orderFaults(on.platform);
    const id = await devboxThat(
      'n=$(cat /workspace/n 2>/dev/null || echo 0); echo $((n+1)) > /workspace/n; for i in 1 2 3; do echo run $n line $i; done; sleep 100',
    );
    const pace = { reconnectMs: [5, 50], pollMs: [20, 100] } as const;
    const early = following(id, new Looker(), Infinity, pace);
    await until(() => early.texts.length === 3);
    await on.api.devboxes.suspend(id);
    await on.api.devboxes.waitForStatus(id, ['suspended'], 20);
    await on.api.devboxes.resume(id);
    await until(() => early.texts.some((text) => text === 'run 1 line 3'));
    const late = following(id, new Looker(), Infinity, pace);
    await until(() => late.texts.some((text) => text === 'run 1 line 3'));
    await on.api.devboxes.shutdown(id);
    const ended = following(id, new Looker(), Infinity, pace);
    await until(() => ended.texts.some((text) => text === 'run 1 line 3'));
    await Promise.all([early, late, ended].map(({ stop }) => stop()));
    const printed = ({ texts }: { readonly texts: readonly string[] }): string[] =>
      texts.filter((text) => text.startsWith('run '));
    const expected = ['run 0 line 1', 'run 0 line 2', 'run 0 line 3', 'run 1 line 1', 'run 1 line 2', 'run 1 line 3'];
    assert.deepEqual([printed(early), printed(late), printed(ended)], [expected, expected, expected]);
  });
});
