import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import { hasEnded, type Devbox } from '../../../../src/core/platform/devbox';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { startPlainDevbox } from '../../../../src/core/start/plainDevbox';
import { unsettledStarts } from '../../../../src/core/start/unsettledStarts';
import { orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

const create = { method: 'POST', path: '/v1/devboxes' };
const shutdowns = { method: 'POST', path: '/v1/devboxes/{id}/shutdown' };
const looks = { method: 'GET', path: '/v1/devboxes/{id}' };
const plain = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;

/** Real time, also while the clock is the test's. */
const realTimeout = setTimeout;
const pause = (ms: number): Promise<void> => new Promise((resolve) => void realTimeout(resolve, ms));

/** So that it is not ready before it is cancelled. */
const slowly = { fault: 'slow_boot', devbox: 'cancelled', delay_ms: 600_000 };

describe('What is left of a start that was cancelled', function () {
  this.timeout(180_000);
  const used = usePlatform('--fault-control');
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
    await orderFaults(used.platform, slowly);
  });
  afterEach(async () => {
    mock.timers.reset();
    await orderFaults(used.platform);
    for (const id of await living()) await used.api.devboxes.shutdown(id);
    rmSync(folder, { recursive: true, force: true });
  });

  const notesOf = (): StartNotes => new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
  const living = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { id, status } of used.api.devboxes.list({ pageSize: 1_000 })) {
      if (!hasEnded(status)) found.push(id);
    }
    return found;
  };
  const named = async (): Promise<readonly string[]> =>
    (await unsettledStarts(used.api, notesOf())).flatMap(({ devboxes }) => devboxes.map(({ id }) => id));
  /** Starts, and cancels as soon as there is a devbox, after `then`. */
  const startAndCancel = async (
    code: RuntimeErrorCode,
    then: (devbox: Devbox) => Promise<void>,
  ): Promise<RuntimeError> => {
    const stop = new AbortController();
    let ready: Promise<void> | undefined;
    const onStatus = (devbox: Devbox): void =>
      void (ready ??= then(devbox).finally(() => {
        stop.abort();
      }));
    const starting = startPlainDevbox(used.api, 'cancelled', plain, {
      signal: stop.signal,
      startNotes: notesOf(),
      onStatus,
    });
    const error: unknown = await starting.then(
      () => assert.fail('It did not fail.'),
      (failure: unknown) => failure,
    );
    await ready;
    assert.ok(RuntimeError.is(error, code), String(error));
    return error;
  };

  const kinds: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
    401: [{ fault: 'status', status: 401, ...shutdowns }],
    409: [{ fault: 'status', status: 409, ...shutdowns }],
    '429 without end': [{ fault: 'status', status: 429, retry_after_seconds: 600, ...shutdowns }],
    500: [{ fault: 'status', status: 500, ...shutdowns }],
    'no network': [
      { fault: 'cut', ...shutdowns },
      { fault: 'cut', ...looks },
    ],
  };
  for (const [what, rules] of Object.entries(kinds)) {
    it(`may still run where it cannot be shut down: ${what} (M1)`, async () => {
      const error = await startAndCancel('may_still_run', () => orderFaults(used.platform, ...rules));
      assert.deepEqual([error.devboxId], await living());
      await orderFaults(used.platform);
      assert.deepEqual(await named(), await living());
      assert.equal(readdirSync(folder).length, 1);
    });
  }

  const never = { fault: 'delay', delay_ms: 600_000 };
  const lateKinds: readonly (readonly [string, RuntimeErrorCode, ...(readonly Readonly<Record<string, unknown>>[])])[] =
    [
      ['may still run where its shutdown is never answered', 'may_still_run', { ...never, ...shutdowns }],
      [
        'may still run where neither its shutdown nor a look at it is answered',
        'may_still_run',
        { ...never, ...shutdowns },
        { ...never, ...looks },
      ],
      [
        'may still run where its shutdown was carried out, and neither that nor a look is answered',
        'may_still_run',
        { ...never, took_effect: true, ...shutdowns },
        { ...never, ...looks },
      ],
      [
        'is nothing where its shutdown was carried out and a look tells',
        'cancelled',
        { ...never, took_effect: true, ...shutdowns },
      ],
    ];
  for (const [what, code, ...rules] of lateKinds) {
    it(`${what}, in time (M1)`, async () => {
      const over = { is: false };
      const failing = startAndCancel(code, async () => {
        await orderFaults(used.platform, ...rules);
        mock.timers.enable({ apis: ['setTimeout'] });
      }).finally(() => (over.is = true));
      while (!over.is) {
        await pause(2);
        // The clock is the test's once the fault is there.
        if (setTimeout !== realTimeout) mock.timers.tick(100);
      }
      const error = await failing;
      mock.timers.reset();
      await orderFaults(used.platform);
      if (code === 'cancelled') assert.deepEqual([await living(), readdirSync(folder)], [[], []]);
      else assert.ok(error.devboxId !== undefined && readdirSync(folder).length === 1);
      assert.deepEqual(await named(), await living());
    });
  }

  /** The first create has no answer and is carried out later, beside the one that was sent again. */
  const carryOutFirst = async ({ metadata }: Devbox): Promise<string> => {
    const body = {
      name: 'the second',
      metadata: { [requestKey]: metadata[requestKey] ?? '' },
      entrypoint: 'sleep 100',
    };
    return (await used.api.devboxes.create(body, { requestId: 'the second' })).id;
  };
  const sentTwice = [slowly, { fault: 'forget_repeats', ...create }, { fault: 'cut', count: 1, ...create }] as const;

  it('is not known where a create was sent again, as a second devbox may come (M2)', async () => {
    await orderFaults(used.platform, ...sentTwice);
    const error = await startAndCancel('start_unknown', () => Promise.resolve());
    assert.match(error.message, /not known whether devbox cancelled was created/);
    assert.deepEqual([await living(), readdirSync(folder).length], [[], 1]);
  });

  it('is the second devbox, where that cannot be shut down, and it is named (M1)', async () => {
    await orderFaults(used.platform, ...sentTwice);
    let second = '';
    const error = await startAndCancel('may_still_run', async (devbox) => {
      second = await carryOutFirst(devbox);
      // The first shutdown is that of the devbox that is known.
      await orderFaults(used.platform, { fault: 'status', status: 403, skip: 1, ...shutdowns });
    });
    assert.deepEqual([error.devboxId, await living()], [second, [second]]);
    await orderFaults(used.platform);
    assert.deepEqual(await named(), [second]);
  });

  it('is not known where the second devbox cannot be looked for (M2)', async () => {
    await orderFaults(used.platform, ...sentTwice);
    const error = await startAndCancel('start_unknown', async (devbox) => {
      await carryOutFirst(devbox);
      await orderFaults(used.platform, { fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes' });
    });
    assert.match(error.message, /Looking for it failed/);
    await orderFaults(used.platform);
    assert.deepEqual(await named(), await living());
  });
});
