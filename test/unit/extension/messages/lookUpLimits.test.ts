import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

/** Milliseconds that a limit takes here, after a wait was shown. */
const hurriedMs = 1_500;

describe('A look-up on a network that swallows everything', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const { setTimeout: usual } = globalThis;
  /** The limits that look-ups were begun with, in milliseconds. */
  const limits: number[] = [];

  beforeEach(() => {
    limits.length = 0;
    // Only the limits of look-ups pass more quickly: each is a timer that this one function sets.
    globalThis.setTimeout = Object.assign<(work: () => void, ms?: number) => NodeJS.Timeout, typeof usual>(
      (work, ms) => {
        const isLimit = /\bat (?:async )?whenSlow\b/.test(new Error().stack?.split('\n')[2] ?? '');
        if (isLimit) limits.push(ms ?? 0);
        return usual(() => work(), isLimit ? hurriedMs : ms);
      },
      usual,
    );
  });
  afterEach(async () => {
    globalThis.setTimeout = usual;
    await orderFaults(used.platform);
  });

  /** What tells of the devbox itself comes: it is what is looked up next that never does. */
  const swallow = (): Promise<void> =>
    orderFaults(
      used.platform,
      ...['logs', 'logs/**', 'read_file_contents'].map((path) => ({
        fault: 'delay',
        path: `/v1/devboxes/{id}/${path}`,
        delay_ms: 600_000,
      })),
    );

  /** Each command, the wait that it shows, and the seconds that it waits in all. */
  for (const [command, title, seconds] of [
    ['runloop.openVscode', 'Looking for the VS Code of swallowed…', 30],
    ['runloop.copyVscodeLink', 'Looking for the VS Code of swallowed…', 30],
    ['runloop.copyWhyItStopped', 'Finding out why it stopped…', 240],
  ] as const) {
    it(`of ${command} shows what it waits for, ends by itself and says after how long`, async () => {
      const { editor, api } = used;
      const { id } = await api.devboxes.create({ name: 'swallowed' }, { requestId: `limits-${command}` });
      const devbox = await api.devboxes.waitForStatus(id, ['running'], 20);
      assert.ok(devbox !== undefined);
      // Where a VS Code may have been started before.
      await api.tunnels.ensure(devbox, 'authenticated');
      if (seconds === 240) await api.devboxes.shutdown(id);
      await editor.run('runloop.copyDevboxId', id);
      editor.progress.length = 0;
      limits.length = 0;
      await swallow();
      await editor.run(command, id);
      assert.deepEqual(
        editor.progress.map((one) => [one.title, one.location, one.isCancellable, one.isOver]),
        [[title, 'Notification', true, true]],
      );
      // The first is that of the devbox itself.
      assert.deepEqual(limits, [30_000, seconds * 1_000]);
      assert.deepEqual(
        editor.messages.map(({ kind, text }) => [kind, text]),
        [['error', `No response within ${seconds} s. Check the network connection, then try again.`]],
      );
      assert.deepEqual([editor.opened, editor.clipboard === id], [[], true]);
    });
  }

  it('of runloop.whyDidItStop ends as late', async () => {
    const { editor, api } = used;
    const { id } = await api.devboxes.create({ name: 'swallowed' }, { requestId: 'limits-why' });
    await api.devboxes.shutdown(id);
    limits.length = 0;
    // The editor of these tests makes no text for a document; the wait for it is what counts.
    await editor.run('runloop.whyDidItStop', id);
    assert.deepEqual(limits, [30_000, 240_000]);
  });
});
