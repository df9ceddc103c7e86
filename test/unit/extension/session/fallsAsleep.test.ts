import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { CutProxy } from './cutProxy';

const reading = /^GET \/v1\/devboxes\/dbx_[^/]+$/;

describe('A devbox that falls asleep between two questions (M5)', function () {
  this.timeout(120_000);
  const used = useWindow();
  let proxy: CutProxy;
  let id: string;
  beforeEach(async () => {
    const { editor } = used;
    proxy = await CutProxy.to(used.platform.port);
    await editor.run('runloop.signOut');
    editor.settings.set('runloop.baseUrl', `http://127.0.0.1:${proxy.port}`);
    await signIn(editor, used.platform.apiKey);
    // The next look at the session is two minutes away, unless there is a reason.
    editor.focus(false);
    editor.answer(/wants to start the devbox/, 'Start Devbox');
    ({ id } = await used.extension.start({ name: 'drowsy' }));
  });
  afterEach(async () => {
    proxy.before = () => undefined;
    proxy.refused = undefined;
    proxy.release();
    await used.api.devboxes.shutdown(id);
    proxy.stop();
    used.editor.messages.length = 0;
  });

  const suspend = async (): Promise<void> => {
    await used.api.devboxes.suspend(id, {});
    await used.api.devboxes.waitForStatus(id, ['suspended'], 20);
  };
  /** Suspends it once it was read as running, before it is read again. */
  function suspendBeforeReading(which: number): void {
    let readings = 0;
    proxy.before = (request) => {
      if (!reading.test(request)) return undefined;
      readings += 1;
      return readings === which ? suspend() : undefined;
    };
  }
  async function sleepsOn(): Promise<void> {
    const { status, transitions } = await used.api.devboxes.retrieve(id);
    assert.equal(status, 'suspended');
    assert.ok(!transitions.some((one) => one.status === 'resuming'), 'it was woken up');
  }
  const icon = (): string => used.editor.statusItems.find((one) => one.id === 'runloop.session')?.text ?? '';
  /** Its session is lost, and nobody can find it. */
  async function lose(): Promise<void> {
    used.editor.answer(/wants to run a command/, 'Run Once');
    const lost = used.extension.run(id, 'sleep 5');
    lost.catch(() => undefined);
    await eventually(() => Promise.resolve(proxy.asked(/\/execute_action$/) > 0), Boolean);
    proxy.refused = /./;
    proxy.cut();
    await assert.rejects(lost);
    await eventually(() => Promise.resolve(icon().includes('warning')), Boolean);
    proxy.refused = undefined;
  }

  it('is not woken by an extension that attaches to it', async () => {
    await used.editor.run('runloop.detachDevbox', id);
    suspendBeforeReading(2);
    await assert.rejects(used.extension.attach(id), { code: 'devbox_suspended' });
    await sleepsOn();
  });

  it('is not woken by one that attaches where the window has lost it', async () => {
    await lose();
    suspendBeforeReading(2);
    await assert.rejects(used.extension.attach(id), { code: 'devbox_suspended' });
    await sleepsOn();
  });

  it('is not woken by one that runs a command in it', async () => {
    await lose();
    await suspend();
    used.editor.answer(/wants to run a command/, 'Run Once');
    await assert.rejects(used.extension.run(id, 'true'), { code: 'devbox_suspended' });
    await sleepsOn();
  });

  it('is not woken by the window that looks after its session', async () => {
    await lose();
    suspendBeforeReading(2);
    await eventually(() => {
      used.editor.focus(true);
      return Promise.resolve(/was suspended/.test(JSON.stringify(used.editor.messages)));
    }, Boolean);
    await sleepsOn();
  });

  it('is woken by a click that joins a window’s own coming back', async () => {
    const { editor } = used;
    await suspend();
    let release: () => void = () => undefined;
    let held: Promise<void> | undefined;
    proxy.before = (request) => {
      if (held !== undefined || !reading.test(request)) return undefined;
      held = new Promise((resolve) => (release = resolve));
      return held;
    };
    used.reload();
    await editor.eventually(() => held !== undefined);
    const attaching = editor.run('runloop.attachDevbox', id);
    await editor.eventually(() => editor.progress.some(({ title }) => /^Attaching to drowsy/.test(title)));
    release();
    await attaching;
    assert.equal((await used.api.devboxes.retrieve(id)).status, 'running');
  });
});
