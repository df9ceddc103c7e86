import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { binary, IdleProxy, ping } from './idleProxy';

/** Seconds of the rule; a tenth of it is what lies between two tellings at the least. */
const idleSeconds = 600;

describe('An hour of idleness with a terminal or a command (M6)', function () {
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
    mock.reset();
    proxy.stop();
  });

  /** A devbox that has an idle rule. */
  async function running(name: string): Promise<string> {
    const { api } = used;
    const lifecycle = { after_idle: { idle_time_seconds: idleSeconds, on_idle: 'suspend' } } as const;
    const { id } = await api.devboxes.create(
      { name, launch_parameters: { lifecycle } },
      { requestId: crypto.randomUUID() },
    );
    await api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }
  const told = (): number => proxy.seen.get('POST /v1/devboxes/ID/keep_alive') ?? 0;
  let nowMs = 1e9;
  /** From here on time passes when the test says so. */
  function stopClock(): void {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    mock.method(performance, 'now', () => nowMs);
  }
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 5) {
      nowMs += 5_000;
      mock.timers.tick(5_000);
      await proxy.quiet();
    }
  }
  /**
   * Waits until what a terminal missed is read or given up: the test's clock is quicker than the devbox, so that a reading is late
   * and repeated, after pauses of real time up to 3 s.
   */
  async function untilRead(): Promise<void> {
    let [count, sinceMs] = [-1, 0];
    for (;;) {
      await pass(30);
      const now = proxy.seen.get('POST /v1/devboxes/ID/execute_async') ?? 0;
      if (now !== count) [count, sinceMs] = [now, Date.now()];
      if (Date.now() - sinceMs > 4_000) return;
    }
  }
  /** Fails if anything was sent but the list, as for a window that looks at its devboxes. */
  function onlyTheList(): void {
    const seen = Object.fromEntries(proxy.seen);
    for (const [what, count] of Object.entries(seen)) {
      assert.ok(what === 'GET /v1/devboxes' && count <= 370, `${what} ${count} times, of ${JSON.stringify(seen)}`);
    }
  }

  it('sends nothing but pings while nobody types, and a key is told at most once in a tenth of the idle time', async () => {
    const { editor } = used;
    await editor.run('runloop.openTerminal', await running('idle-terminal'));
    const terminal = editor.terminals.at(-1) ?? assert.fail();
    await editor.eventually(() => terminal.text.endsWith('$ '));
    await proxy.quiet();
    stopClock();
    // Its timers are those of the test's clock from the next connection on.
    proxy.cut();
    for (let look = 0; look < 100 && (proxy.seen.get('tunnel GET /pty/NAME') ?? 0) < 2; look += 1) await pass(5);
    await untilRead();
    editor.focus(true);
    await pass(30);
    proxy.forget();
    await pass(3_600);
    onlyTheList();
    const pings = proxy.sent.get(ping) ?? 0;
    assert.deepEqual([...proxy.sent.keys()], [ping], 'frames that are no pings');
    assert.ok(pings > 200 && pings <= 241, String(pings));

    const settled = async (): Promise<void> => {
      for (let look = 0; look < 20; look += 1) await proxy.quiet();
    };
    const type = async (): Promise<void> => {
      terminal.sendText('x', false);
      await settled();
      await pass(5);
    };
    /** What is told may take a moment until it is on its way; what is too much comes no later. */
    const isTold = async (times: number, why: string): Promise<void> => {
      for (let look = 0; look < 2_000 && told() < times; look += 1) await proxy.quiet();
      assert.equal(told(), times, why);
    };
    await type();
    await isTold(1, 'the first key');
    for (let second = 5; second < idleSeconds / 10; second += 5) await type();
    await isTold(1, 'told again too soon');
    await type();
    await isTold(2, 'a key after a tenth of the idle time');
    await pass(idleSeconds);
    // What the terminal answers by itself is no key.
    for (const answer of ['\u001b[I', '\u001b[10;1R']) terminal.pty.handleInput?.(answer);
    await settled();
    await isTold(2, 'told of what nobody has typed');
    editor.settings.set('runloop.keepAliveWhileUsed', false);
    await type();
    await isTold(2, 'told though the setting is off');
    editor.settings.set('runloop.keepAliveWhileUsed', true);
    await type();
    await isTold(3, 'a key after the setting is on again');
    assert.ok((proxy.sent.get(binary) ?? 0) > 10);
  });

  it('tells of a command as long as it runs, at most once in a tenth of the idle time, and of nothing afterwards', async () => {
    const { editor } = used;
    const id = await running('idle-command');
    const asked = editor.run('runloop.runCommand', id);
    const box = await editor.box(/^Run Command in/);
    stopClock();
    box.type('until [ -e /tmp/end ]; do sleep 0.1; done');
    box.accept();
    await asked;
    await pass(10);
    proxy.forget();
    await pass(idleSeconds);
    assert.ok(told() >= 9 && told() <= 10, String(told()));
    const others = [...proxy.seen].filter(
      ([what]) => !/keep_alive$|^GET \/v1\/devboxes(?:$|\/ID\/executions\/)/.test(what),
    );
    assert.deepEqual(others, []);
    await used.api.executions.start(id, 'touch /tmp/end', {});
    const commands = (): unknown => editor.contexts.get('runloop.runningCommands');
    for (let look = 0; look < 2_000 && JSON.stringify(commands()) !== '[]'; look += 1) await pass(5);
    assert.deepEqual(commands(), []);
    proxy.forget();
    await pass(3_600);
    onlyTheList();
  });
});
