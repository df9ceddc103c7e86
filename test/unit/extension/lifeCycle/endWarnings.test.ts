import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { lifetimeEnd } from '../../../../src/core/platform/devbox';
import { eventually } from '../../../eventually';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';
import { IdleProxy } from '../session/idleProxy';

const minute = 60_000;
/** Real time, also while the window's clock is the test's. */
const realTimeout = setTimeout;
const pause = (ms: number): Promise<void> => new Promise((resolve) => void realTimeout(resolve, ms));

describe('Before the lifetime of a devbox is over (M9)', function () {
  this.timeout(120_000);
  const used = useWindow();
  let proxy: IdleProxy;
  beforeEach(async () => {
    const { editor, platform } = used;
    proxy = await IdleProxy.to(platform.port);
    await editor.run('runloop.signOut');
    editor.settings.set('runloop.baseUrl', `http://127.0.0.1:${proxy.port}`);
    await signIn(editor, platform.apiKey);
  });
  afterEach(() => {
    mock.timers.reset();
    proxy.stop();
  });

  const warnings = (): string[] =>
    used.editor.messages.filter(({ text }) => /when its lifetime ends/.test(text)).map(({ text }) => text);

  async function start(name: string, minutes: number): Promise<string> {
    const { editor, extension } = used;
    editor.settings.set('runloop.lifetimeMinutes', minutes);
    editor.answer(/^Start Devbox/, name);
    await editor.run('runloop.startDevbox');
    const found = (await extension.list()).find((one) => one.name === name) ?? assert.fail();
    return found.id;
  }

  /** Lets time pass for the window, and in the answers that it gets; nothing takes longer than a request may. */
  async function pass(minutes: number): Promise<void> {
    for (const end = Date.now() + minutes * minute; Date.now() < end;) {
      mock.timers.tick(Math.min(minute, end - Date.now()));
      await proxy.quiet();
      await pause(20);
    }
  }

  /** Waits for the next warning: hardly any time passes for the window meanwhile. */
  async function isWarned(times: number): Promise<void> {
    for (let look = 0; look < 800 && warnings().length < times; look += 1) await pass(1 / 60);
    assert.equal(warnings().length, times);
  }

  function takeOverClock(): void {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() });
    // What was planned by the real clock is planned anew.
    used.reload();
  }

  it('warns at 10 and at 2 minutes, once each, with what helps', async () => {
    const id = await start('warned', 30);
    const ends = lifetimeEnd(await used.api.devboxes.retrieve(id)) ?? assert.fail();
    takeOverClock();
    for (const [index, before] of [10, 2].entries()) {
      await pass((ends - Date.now()) / minute - before - 0.5);
      assert.equal(warnings().length, index);
      await isWarned(index + 1);
      assert.ok(Date.now() >= ends - before * minute, 'too early');
    }
    await pass(35);
    const said = used.editor.messages.filter(({ text }) => /when its lifetime ends/.test(text));
    assert.deepEqual(
      said.map(({ text }) => text.replace(/in \d+ min/, 'in N min')),
      Array<string>(2).fill(
        'Devbox warned shuts down in N min, when its lifetime ends. Everything on its disk will be deleted.',
      ),
    );
    assert.deepEqual(said[0]?.buttons, ['Take Snapshot', 'Suspend', 'Open']);
    await used.api.devboxes.shutdown(id);
  });

  it('says nothing of a devbox that was shut down meanwhile', async () => {
    const id = await start('gone', 30);
    takeOverClock();
    await used.api.devboxes.shutdown(id);
    await pass(60);
    assert.deepEqual(warnings(), []);
    used.editor.messages.length = 0;
  });

  it('says nothing of a devbox that somebody else has started, or that was meant to be short', async () => {
    const body = { name: 'foreign', launch_parameters: { keep_alive_time_seconds: 1_800 } };
    const { id } = await used.api.devboxes.create(body, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    const short = await start('short', 2);
    await used.editor.run('runloop.refreshDevboxes');
    takeOverClock();
    await pass(60);
    assert.deepEqual(warnings(), []);
    await used.api.devboxes.shutdown(id);
    await used.api.devboxes.shutdown(short);
    used.editor.messages.length = 0;
  });
});

describe('Before Runloop suspends a devbox', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const said = (): string[] =>
    used.editor.messages.map(({ text }) => text).filter((text) => /to free up capacity/.test(text));

  it('tells who is attached to it, once, also where nobody sees the list; of others it says nothing', async () => {
    const { editor, platform, extension, api } = used;
    const evict = { fault: 'evict_devbox', after_ms: 1_500, notice_ms: 150_000 };
    await orderFaults(platform, { ...evict, devbox: 'ours' }, { ...evict, devbox: 'foreign' });
    editor.answer(/^Start Devbox/, 'ours');
    await editor.run('runloop.startDevbox');
    const ours = (await extension.list()).find(({ name }) => name === 'ours') ?? assert.fail();
    const foreign = await api.devboxes.create({ name: 'foreign' }, { requestId: 'evicted-foreign' });
    const message = await editor.message(
      /^Runloop will suspend devbox ours in 2 min to free up capacity\. Its disk is kept/,
    );
    assert.deepEqual([message.kind, message.buttons], ['warning', ['Take Snapshot', 'Open']]);
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    await eventually(
      () => Promise.resolve(view.badge?.value),
      (badge) => badge === 2,
    );
    // Another window of the editor, or this one after a reload, hears of what is pending anew.
    used.reload();
    const again = editor.views.get('runloop.devboxes') ?? assert.fail();
    again.setVisible(true);
    await editor.run('runloop.refreshDevboxes');
    await eventually(
      () => Promise.resolve(again.badge?.value),
      (badge) => badge === 2,
    );
    assert.equal(said().length, 1);
    await orderFaults(platform);
    await Promise.all([api.devboxes.shutdown(ours.id), api.devboxes.shutdown(foreign.id)]);
  });
});
