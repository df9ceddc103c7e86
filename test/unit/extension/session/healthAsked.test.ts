import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, describe, it } from 'mocha';
import { defaultPrices } from '../../../../src/core/cost/prices';
import { attachedQuietly } from '../../../../src/extension/session/attach';
import { SessionHealth } from '../../../../src/extension/session/sessionHealth';
import { tunnel, usePaperWindow } from './paperWindow';

const realTimeout = setTimeout;
const one = 'GET /v1/devboxes/dbx_1';

describe('What a window asks for while it looks after its sessions', function () {
  this.timeout(30_000);
  const used = usePaperWindow();
  let health: SessionHealth | undefined;
  afterEach(() => {
    health?.dispose();
    mock.timers.reset();
  });

  /** Attached to these, of which the list says what it does; what was asked so far is behind. */
  const attachedTo = async (...ids: readonly string[]): Promise<void> => {
    const { window } = used;
    for (const id of ids) await attachedQuietly(window.services, window.signedIn, id);
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
    health = new SessionHealth(window.services);
    await passes(2);
  };
  /** Seconds go by, quickly. */
  const passes = async (seconds: number): Promise<void> => {
    for (let tick = 0; tick < seconds * 4; tick += 1) {
      await pause();
      mock.timers.tick(250);
    }
    // The clock stands still until nothing is under way any more.
    const { account, told } = used.window;
    const count = (): number => account.asked.length + told.length;
    for (let quiet = 0, before = count(); quiet < 25; quiet += 1) {
      await pause();
      if (count() !== before) [quiet, before] = [0, count()];
    }
  };
  const pause = (): Promise<void> => new Promise((resolve) => void realTimeout(resolve, 1));
  /** What is asked while seconds go by. */
  const askedIn = async (seconds: number): Promise<readonly string[]> => {
    const { account } = used.window;
    const { length } = account.asked;
    await passes(seconds);
    return account.asked.slice(length);
  };
  const healthOf = (id = 'dbx_1'): unknown => used.window.sessions.healthOf(id);

  it('is nothing without sessions, whoever looks at the window', async () => {
    await attachedTo();
    used.editor.focus(true);
    assert.deepEqual(await askedIn(200), []);
  });

  it('is whether the server answers, seldom where nobody looks, and no use of a devbox', async () => {
    const { window, editor } = used;
    await attachedTo('dbx_1');
    assert.equal(healthOf(), 'answers');
    assert.deepEqual(await askedIn(32), ['tunnel /alive']);
    editor.focus(false);
    assert.deepEqual(await askedIn(118), []);
    assert.deepEqual(await askedIn(5), ['tunnel /alive']);
    assert.deepEqual(window.account.changes, []);
  });

  it('is asked of one that comes later too, and at once of one whose connection is lost', async () => {
    const { window } = used;
    await attachedTo();
    const runtime = await attachedQuietly(window.services, window.signedIn, 'dbx_1');
    await passes(2);
    assert.equal(healthOf(), 'answers');
    window.account.answers.set('execute_action', { isCut: true });
    await assert.rejects(runtime.actions.run('true'));
    await passes(0);
    assert.deepEqual([runtime.state, window.account.asked.at(-1)], ['ready', 'tunnel /alive']);
    assert.ok(!window.account.asked.slice(-3).includes('tunnel /execute_action'));
  });

  it('does not go through a tunnel that counts as use', async () => {
    const { window } = used;
    window.devbox('dbx_1', 'running', { tunnel: { ...tunnel, http_keep_alive: true } });
    await attachedTo('dbx_1');
    const asked = await askedIn(35);
    assert.ok(asked.includes(one) && asked.every((line) => line.startsWith('GET')), asked.join());
    assert.deepEqual([window.reached, window.account.changes], [[], []]);
  });

  it('ends where the window lets go of its sessions meanwhile, as where its account changes', async () => {
    const { window } = used;
    window.devbox('dbx_1', 'running', { tunnel: { ...tunnel, http_keep_alive: true } });
    await attachedTo('dbx_1');
    window.account.whileAsked = (line) => {
      if (line === one) window.sessions.detachAll();
    };
    assert.deepEqual(await askedIn(35), [one]);
  });

  for (const [status, text] of [
    ['suspended', /^The devbox dbx_1 was suspended/],
    ['shutdown', /^The devbox dbx_1 has ended/],
    ['failure', /^The devbox dbx_1 has ended/],
  ] as const) {
    it(`lets go of one that is ${status}, says so once, and changes nothing`, async () => {
      const { window, editor } = used;
      await attachedTo('dbx_1');
      window.devbox('dbx_1', status);
      window.listed.clear();
      editor.focus(true);
      await passes(1);
      assert.ok(window.sessions.isAttached('dbx_1'));
      await passes(3);
      assert.deepEqual([window.sessions.all(), window.account.changes], [[], []]);
      assert.deepEqual(window.remembered, status === 'suspended' ? ['dbx_1'] : []);
      await editor.message(text);
      assert.equal(editor.messages.length, 1);
    });
  }

  it('says nothing of what this window has let go of itself meanwhile', async () => {
    const { window, editor } = used;
    await attachedTo('dbx_1');
    window.devbox('dbx_1', 'shutdown');
    window.listed.clear();
    editor.focus(true);
    await passes(1);
    window.sessions.rest('dbx_1');
    await passes(5);
    assert.deepEqual([editor.messages, window.remembered], [[], ['dbx_1']]);
  });

  it('finds back to one that was lost, and wakes none that has gone to sleep meanwhile', async () => {
    const { window, editor } = used;
    await attachedTo('dbx_1');
    const runtime = window.sessions.get('dbx_1') ?? assert.fail();
    /** Its connection is lost: a server that is not there when it was asked to be found again. */
    const isLost = async (): Promise<void> => {
      window.account.answers.set(one, { status: 403, body: { message: 'no' } });
      await assert.rejects(runtime.reconnect());
      window.account.answers.delete(one);
      assert.equal(runtime.state, 'disconnected');
    };
    await isLost();
    editor.focus(true);
    await passes(1);
    assert.deepEqual([runtime.state, healthOf(), window.account.changes], ['ready', 'answers', []]);
    await isLost();
    window.devbox('dbx_1', 'running', { tunnel: { ...tunnel, tunnel_key: 'j', http_keep_alive: true } });
    const reached = window.reached.length;
    editor.focus(true);
    await passes(1);
    assert.deepEqual([runtime.state, window.reached.length], ['ready', reached], 'nobody asked for it');
    await isLost();
    let looks = 0;
    window.account.before = (line) => {
      if (line === one && (looks += 1) > 1) window.devbox('dbx_1', 'suspended');
    };
    editor.focus(true);
    await passes(1);
    assert.deepEqual([looks, window.account.changes, healthOf()], [2, [], 'unreachable']);
  });

  it('forgets one that is gone, and keeps one that it may not see, as one that does not answer', async () => {
    const { window, editor } = used;
    await attachedTo('dbx_1', 'dbx_2');
    window.listed.clear();
    window.account.devboxes.delete('dbx_2');
    window.account.answers.set(one, { status: 403, body: { message: 'no' } });
    editor.focus(true);
    await passes(2);
    assert.deepEqual([healthOf(), window.remembered], ['unreachable', ['dbx_1']]);
    assert.deepEqual(
      window.sessions.all().map(([id]) => id),
      ['dbx_1'],
    );
    assert.ok(window.told.includes('failed: Looking after dbx_1'));
  });

  it('waits 20 s for an answer, and looks again later', async () => {
    const { window, editor } = used;
    await attachedTo('dbx_1');
    window.listed.clear();
    window.account.answers.set(one, { isSilent: true });
    editor.focus(true);
    await passes(19);
    assert.equal(healthOf(), 'answers');
    await passes(2);
    assert.equal(healthOf(), 'unreachable');
    window.account.answers.clear();
    assert.ok((await askedIn(31)).includes(one));
    assert.equal(healthOf(), 'answers');
  });

  it('waits 20 s for one that was lost to be found again', async () => {
    const { window, editor } = used;
    await attachedTo('dbx_1');
    const runtime = window.sessions.get('dbx_1') ?? assert.fail();
    window.account.answers.set(one, { status: 403, body: { message: 'no' } });
    await assert.rejects(runtime.reconnect());
    window.account.answers.clear();
    let looks = 0;
    window.account.before = (line) => {
      if (line === one && (looks += 1) > 1) window.account.answers.set(one, { isSilent: true });
    };
    editor.focus(true);
    await passes(19);
    assert.deepEqual([looks, runtime.state], [2, 'reconnecting']);
    await passes(2);
    assert.deepEqual([runtime.state, healthOf()], ['disconnected', 'unreachable']);
  });

  it('ends with the window, and what is under way says nothing more', async () => {
    const { window, editor } = used;
    await attachedTo('dbx_1');
    window.listed.clear();
    window.account.answers.set(one, { isSilent: true });
    editor.focus(true);
    await passes(1);
    health?.dispose();
    editor.focus(true);
    window.storeChanged.fire();
    window.sessions.askForLook();
    assert.deepEqual(await askedIn(200), []);
    assert.ok(!window.told.includes('failed: Looking after dbx_1'), window.told.join());
    assert.equal(healthOf(), 'answers');
  });

  it('is what the newest has cost, once a minute, where there are prices', async () => {
    const { window, editor } = used;
    const usage = 'GET /v1/devboxes/dbx_2/usage';
    await attachedTo('dbx_1', 'dbx_2');
    /** Somebody looks at the window for a moment. */
    const looks = async (): Promise<readonly string[]> => {
      const { length } = window.account.asked;
      editor.focus(true);
      await passes(0);
      editor.focus(false);
      return window.account.asked.slice(length).filter((line) => line.includes('usage'));
    };
    assert.deepEqual(await looks(), []);
    window.prices = defaultPrices;
    window.account.answers.set('usage', {
      body: { id: 'dbx_2', vcpu_seconds: 3600, memory_gb_seconds: 0, disk_gb_seconds: 0, total_active_seconds: 1 },
    });
    assert.deepEqual([await looks(), await looks()], [[usage], []]);
    const spent = health?.spentOf('dbx_2') ?? 0;
    assert.ok(spent > 0);
    await passes(55);
    assert.deepEqual(await looks(), []);
    await passes(5);
    assert.deepEqual(await looks(), [usage]);
    window.account.answers.set('usage', { status: 403, body: { message: 'no' } });
    await passes(60);
    assert.deepEqual([await looks(), health?.spentOf('dbx_2')], [[usage], spent]);
    window.sessions.detach('dbx_2');
    await looks();
    assert.equal(health?.spentOf('dbx_2'), undefined);
  });
});
