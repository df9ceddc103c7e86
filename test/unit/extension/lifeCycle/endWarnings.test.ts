import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';

/** Real time, also while the window's clock is the test's. */
const realTimeout = setTimeout;
const pause = (ms: number): Promise<void> => new Promise((resolve) => void realTimeout(resolve, ms));

describe('Before the lifetime of a devbox is over (M9)', function () {
  this.timeout(120_000);
  const used = useWindow();
  afterEach(() => mock.timers.reset());

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

  /** Lets time pass for the window only; the platform's stays. */
  async function pass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute += 1) {
      mock.timers.tick(60_000);
      await pause(40);
    }
  }

  function takeOverClock(): void {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() });
    // What was planned by the real clock is planned anew.
    used.reload();
  }

  it('warns at 10 and at 2 minutes, once each, with what helps', async () => {
    const id = await start('warned', 30);
    takeOverClock();
    await pass(15);
    assert.deepEqual(warnings(), []);
    await pass(50);
    const said = used.editor.messages.filter(({ text }) => /when its lifetime ends/.test(text));
    assert.deepEqual(
      said.map(({ text }) => text.replace(/in \d+ min/, 'in N min')),
      Array<string>(2).fill(
        'Devbox warned shuts down in N min, when its lifetime ends. Everything on its disk will be deleted.',
      ),
    );
    assert.deepEqual(said[0]?.buttons, ['Take Snapshot', 'Suspend', 'Open']);
    await used.api.shutdown(id);
  });

  it('says nothing of a devbox that was shut down meanwhile', async () => {
    const id = await start('gone', 30);
    takeOverClock();
    await used.api.shutdown(id);
    await pass(60);
    assert.deepEqual(warnings(), []);
    used.editor.messages.length = 0;
  });

  it('says nothing of a devbox that somebody else has started, or that was meant to be short', async () => {
    const body = { name: 'foreign', launch_parameters: { keep_alive_time_seconds: 1_800 } };
    const { id } = await used.api.createDevbox(body, { requestId: crypto.randomUUID() });
    await used.api.waitForStatus(id, ['running'], 20);
    const short = await start('short', 2);
    await used.editor.run('runloop.refreshDevboxes');
    takeOverClock();
    await pass(60);
    assert.deepEqual(warnings(), []);
    await used.api.shutdown(id);
    await used.api.shutdown(short);
    used.editor.messages.length = 0;
  });
});
