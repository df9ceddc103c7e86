import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { CutProxy } from './cutProxy';

const alive = /\/alive$/;
const action = /\/execute_action$/;

describe('A session that has lost an action (N6)', function () {
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
    // Nobody looks at the window: after the first look, the next one is two minutes away.
    editor.focus(false);
    editor.answer(/wants to start the devbox/, 'Start Devbox');
    ({ id } = await used.extension.start({ name: 'lost action' }));
    await askedAgain(proxy.asked(alive));
  });
  afterEach(async () => {
    proxy.refused = undefined;
    proxy.release();
    await used.api.devboxes.shutdown(id);
    proxy.stop();
  });

  const askedAgain = (before: number): Promise<number> =>
    eventually(
      () => Promise.resolve(proxy.asked(alive)),
      (count) => count > before,
    );
  /** Runs a command as another extension may that the person lets do so. */
  async function run(command: string): Promise<string> {
    used.editor.answer(/wants to run a command/, 'Run Once');
    return (await used.extension.run(id, command)).content;
  }
  /** A command whose connection is cut while it runs. */
  async function lose(meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const before = proxy.asked(action);
    const lost = run('sleep 2; echo lost');
    lost.catch(() => undefined);
    await eventually(
      () => Promise.resolve(proxy.asked(action)),
      (count) => count > before,
    );
    await meanwhile();
    proxy.cut(action);
    await assert.rejects(lost, { code: 'network' });
  }
  const item = (): string => used.editor.statusItems.find((one) => one.id === 'runloop.session')?.text ?? '';
  const shows = (icon: string): Promise<string> =>
    eventually(
      () => Promise.resolve(item()),
      (text) => text.includes(icon),
    );

  /** Somebody looks at the window until this is so, and nobody afterwards. */
  async function lookingUntil(isSo: () => boolean): Promise<void> {
    await eventually(() => {
      used.editor.focus(true);
      return Promise.resolve(isSo());
    }, Boolean);
    used.editor.focus(false);
  }

  it('is found again at once and by itself', async () => {
    assert.match(await run('echo one'), /one/);
    await lose();
    await askedAgain(proxy.asked(alive));
    await shows('vm-active');
    assert.match(await run('echo two'), /two/);
  });

  it('is found again also where it was being looked at just then', async () => {
    await lose(async () => {
      proxy.hold(alive);
      const before = proxy.asked(alive);
      await lookingUntil(() => proxy.asked(alive) > before);
    });
    const before = proxy.asked(alive);
    proxy.release();
    await askedAgain(before);
    assert.match(await run('echo two'), /two/);
  });

  it('performs the next one that comes before it was found', async () => {
    await lose();
    assert.match(await run('echo two'), /two/);
  });

  it('that nobody could find is found with a click', async () => {
    await lose(() => {
      proxy.refused = /./;
      return Promise.resolve();
    });
    await shows('warning');
    proxy.refused = undefined;
    await used.editor.run('runloop.attachDevbox', id);
    assert.ok(item().includes('vm-active'), item());
    assert.match(await run('echo two'), /two/);
  });

  it('is asked anew with a click where only its server was silent', async () => {
    proxy.refused = alive;
    await lookingUntil(() => item().includes('warning'));
    proxy.refused = undefined;
    await used.editor.run('runloop.attachDevbox', id);
    assert.ok(item().includes('vm-active'), item());
  });
});
