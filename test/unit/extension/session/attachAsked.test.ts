import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { asObject } from '../../../../src/core/parse';
import type { Devbox } from '../../../../src/core/platform/devbox';
import type { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { attached, attachedQuietly, type AttachOptions } from '../../../../src/extension/session/attach';
import { runtimeFor, showAsItIs } from '../../../../src/extension/session/runtimeFor';
import { tunnel, usePaperWindow } from './paperWindow';

const resumed = (id: string): string => `POST /v1/devboxes/${id}/resume`;

describe('What a window asks for when it attaches', function () {
  this.timeout(30_000);
  const used = usePaperWindow();

  const click = async (options?: AttachOptions): Promise<RunloopRuntime> =>
    attached(used.window.services, used.window.signedIn, { id: 'dbx_1', name: 'dbx_1' } as Devbox, options);
  const quietly = (): Promise<RunloopRuntime> => attachedQuietly(used.window.services, used.window.signedIn, 'dbx_1');
  const fails = async (work: Promise<unknown>, code: string): Promise<void> => {
    await assert.rejects(work, (error) => {
      assert.ok(RuntimeError.is(error), String(error));
      assert.equal(error.code, code);
      return true;
    });
  };

  it('is nothing that changes a devbox, which counts as used by the click', async () => {
    const { window } = used;
    const runtime = await click();
    assert.deepEqual([window.sessions.get('dbx_1'), runtime.state, runtime.createdHere], [runtime, 'ready', false]);
    assert.deepEqual([window.account.changes, window.remembered], [[], ['dbx_1']]);
    assert.equal(window.told[0], 'used dbx_1');
    const order = ['secrets of dbx_1', 'running dbx_1', 'output of dbx_1'].map((line) => window.told.indexOf(line));
    assert.ok(
      order.every((at, index) => at > (order[index - 1] ?? 0)),
      window.told.join('\n'),
    );
    assert.deepEqual(
      [window.told.filter((line) => line.includes('follow')), readdirSync(window.folder)],
      [['follows dbx_1', 'no longer follows dbx_1'], []],
    );
    const { length } = window.account.asked;
    assert.equal(await click(), runtime);
    assert.equal(window.account.asked.length, length);
    assert.deepEqual(window.account.keysShown, ['Bearer ak_of_a_test']);
    assert.ok(window.told.includes('key of dbx_1') && !window.told.includes('in use dbx_1'));
    window.account.answers.set('execute_action', {
      body: { observation: 'run', content: '', extras: { exit_code: 0 } },
    });
    await runtime.actions.run('true');
    assert.ok(window.told.includes('in use dbx_1'));
  });

  it('is a resume where somebody clicked, and none without a click or where it is not asked for', async () => {
    const { window } = used;
    window.devbox('dbx_1', 'suspended');
    await fails(quietly(), 'devbox_suspended');
    await fails(click({ resumeSuspended: false }), 'devbox_suspended');
    assert.deepEqual([window.account.changes, window.sessions.isAttached('dbx_1')], [[], false]);
    assert.ok(!window.told.some((line) => line.startsWith('error of')), window.told.join());
    await click();
    assert.deepEqual(window.account.changes, [resumed('dbx_1')]);
  });

  it('goes through no tunnel that counts as use, without a click', async () => {
    const { window } = used;
    window.devbox('dbx_1', 'running', { tunnel: { ...tunnel, http_keep_alive: true } });
    await quietly();
    assert.deepEqual([window.reached, window.account.changes], [[], []]);
    assert.ok(!window.told.includes('used dbx_1'));
  });

  it('is nothing in an account that the window has left', async () => {
    const { window } = used;
    window.leaving.abort();
    await fails(click(), 'account_changed');
    assert.deepEqual([window.account.asked, window.told], [[], []]);
  });

  for (const when of ['is asked for', 'is reached', 'is there'] as const) {
    it(`ends where the window leaves the account while the devbox ${when}`, async () => {
      const { window } = used;
      if (when === 'is there') {
        const add = window.sessions.add.bind(window.sessions);
        window.sessions.add = (...args) => {
          window.leaving.abort();
          return add(...args);
        };
      }
      window.account.before = (line) => {
        if (when === (line.startsWith('tunnel') ? 'is reached' : 'is asked for')) window.leaving.abort();
      };
      await fails(click(), 'account_changed');
      assert.deepEqual([window.sessions.all(), window.remembered, window.account.changes], [[], [], []]);
    });
  }

  it('is given up with a cancel, and nothing is attached to', async () => {
    const { window, editor } = used;
    window.account.answers.set('GET /v1/devboxes/dbx_1', { isSilent: true });
    window.account.before = () => editor.progress.at(-1)?.cancel();
    await fails(click(), 'cancelled');
    assert.deepEqual(window.sessions.all(), []);
    assert.ok(!window.told.some((line) => line.startsWith('error of')));
  });

  it('is done again where its server was silent or its connection lost, as far as was asked for', async () => {
    const { window, editor } = used;
    const runtime = await click();
    window.sessions.noteHealth('dbx_1', 'unreachable');
    window.devbox('dbx_1', 'suspended');
    await fails(click({ resumeSuspended: false }), 'devbox_suspended');
    assert.deepEqual([window.account.changes, runtime.state], [[], 'disconnected']);
    assert.ok(!window.told.some((line) => line.startsWith('error of')), 'its health tells');
    window.account.before = (line) => {
      if (line.startsWith('GET')) editor.progress.at(-1)?.cancel();
    };
    await fails(click(), 'cancelled');
    window.account.before = () => undefined;
    assert.deepEqual(window.account.changes, []);
    window.sessions.noteHealth('dbx_1', 'answers');
    assert.equal(await click(), runtime);
    assert.deepEqual([window.account.changes, window.sessions.healthOf('dbx_1')], [[resumed('dbx_1')], 'answers']);
    window.sessions.noteHealth('dbx_1', 'unreachable');
    await click();
    assert.equal(window.sessions.healthOf('dbx_1'), 'answers');
  });

  it('is asked for once by several, of whom one may give up', async () => {
    const { window, editor } = used;
    const first = click();
    const second = click();
    editor.progress.at(-1)?.cancel();
    const others = [click(), quietly()];
    const [one, two, ...more] = await Promise.allSettled([first, second, ...others]);
    assert.deepEqual([one.status, two.status], ['fulfilled', 'rejected']);
    for (const each of more) assert.deepEqual(each, one);
    assert.equal(await quietly(), window.sessions.get('dbx_1'));
    assert.equal(window.account.asked.filter((line) => line === 'GET /v1/devboxes/dbx_1').length, 1);
  });

  it('goes through a tunnel that counts as use with a click, which is one', async () => {
    const { window } = used;
    window.devbox('dbx_1', 'running', { tunnel: { ...tunnel, http_keep_alive: true } });
    await click();
    const { length } = window.reached;
    assert.ok(length > 0);
    window.sessions.noteHealth('dbx_1', 'unreachable');
    await click();
    assert.ok(window.reached.length > length);
  });

  it('is a resume where a click joins what nobody clicked for, and none where the click does not ask for it', async () => {
    const { window } = used;
    window.devbox('dbx_1', 'suspended');
    for (const resumeSuspended of [false, true]) {
      const quiet = quietly();
      const clicked = click({ resumeSuspended });
      await fails(quiet, 'devbox_suspended');
      if (resumeSuspended) await clicked;
      else await fails(clicked, 'devbox_suspended');
      assert.deepEqual(window.account.changes, resumeSuspended ? [resumed('dbx_1')] : []);
    }
  });

  describe('and starts one', () => {
    const start = async (): Promise<RunloopRuntime> =>
      runtimeFor(used.window.services, used.window.signedIn, { sid: 'mine', reuseExisting: false });

    it('is noted before, in the account of the window', async () => {
      const { window } = used;
      let notes = 0;
      window.account.whileCreating = () => (notes = readdirSync(window.folder).length);
      await (await start()).connect();
      assert.deepEqual([notes, readdirSync(window.folder), window.account.creates.length], [1, [], 1]);
      assert.ok(window.told.includes('key of dbx_3'));
    });

    it('is what the settings say: how large, how long, from what and for whom', async () => {
      const { editor, window } = used;
      const settings = { blueprint: 'mine', size: 'SMALL', lifetimeMinutes: 7, tunnelAuthentication: 'open' };
      for (const isSet of [false, true]) {
        for (const [name, value] of Object.entries(settings)) {
          if (isSet) editor.settings.set(`runloop.${name}`, value);
        }
        await (await start()).connect();
      }
      const asked = window.account.creates.map(
        ({ blueprint_name: blueprint, tunnel: asks, launch_parameters: with_ }) => ({
          blueprint,
          mode: asObject(asks)?.['auth_mode'],
          seconds: asObject(with_)?.['keep_alive_time_seconds'],
          size: asObject(with_)?.['resource_size_request'],
        }),
      );
      assert.deepEqual(asked, [
        { blueprint: 'openhands', mode: 'authenticated', seconds: 3_600, size: 'LARGE' },
        { blueprint: 'mine', mode: 'open', seconds: 420, size: 'SMALL' },
      ]);
    });

    it('lets no value of it be shown that was set', async () => {
      const { window } = used;
      const choices = {
        source: { kind: 'plain' },
        size: 'SMALL',
        endRule: { kind: 'lifetime', seconds: 600 },
        environment: { MINE: 'a secret word' },
      } as const;
      await (
        await runtimeFor(window.services, window.signedIn, { sid: 'mine', reuseExisting: false, choices })
      ).connect();
      const at = window.told.indexOf('secrets of dbx_3: a secret word');
      assert.ok(at >= 0 && at < window.told.indexOf('output of dbx_3'), window.told.join('\n'));
    });

    it('shows as it is what is left of one that failed', async () => {
      const { window } = used;
      window.account.answers.set('alive', { status: 401, body: { detail: 'no' } });
      await assert.rejects((await start()).connect());
      await used.editor.eventually(() => window.told.includes('shutdown dbx_3'));
      assert.ok(window.told.includes('error of dbx_3') && window.told.includes('no longer follows dbx_3'));
    });

    it('leaves what may still run as it was shown', async () => {
      const { window } = used;
      window.account.answers.set('alive', { status: 401, body: { detail: 'no' } });
      window.account.answers.set('shutdown', { status: 403, body: { message: 'no' } });
      await assert.rejects((await start()).connect(), (error) => RuntimeError.is(error, 'may_still_run'));
      const { length } = window.account.asked;
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([window.account.asked.length, window.told.includes('removed dbx_3')], [length, false]);
      assert.ok(window.told.includes('error of dbx_3'));
    });

    it('shows nothing more of it in a window that has left the account', async () => {
      const { window } = used;
      let toldBefore = 0;
      window.account.before = (line) => {
        if (!line.endsWith('/alive')) return;
        window.leaving.abort();
        toldBefore = window.told.length;
      };
      await (await start()).connect();
      const after = window.told.slice(toldBefore).filter((line) => line !== 'key of dbx_3');
      assert.deepEqual(
        [window.told.includes('follows dbx_3'), new Set(after)],
        [true, new Set(['no longer follows dbx_3'])],
      );
    });

    it('gives a cancel no error', async () => {
      const { window } = used;
      const stop = new AbortController();
      window.account.before = (line) => {
        if (line.endsWith('/alive')) stop.abort();
      };
      await fails((await start()).connect({ signal: stop.signal }), 'cancelled');
      await used.editor.eventually(() => window.told.includes('shutdown dbx_3'));
      assert.ok(!window.told.some((line) => line.startsWith('error of')), window.told.join('\n'));
    });
  });

  it('is removed from what is shown where it is gone or cannot be asked for, and left alone in another account', async () => {
    const { window } = used;
    await showAsItIs(window.services, window.signedIn, 'dbx_of_nobody');
    assert.deepEqual(window.told.splice(0), ['removed dbx_of_nobody']);
    window.account.answers.set('GET /v1/devboxes/dbx_1', { status: 403, body: { message: 'no' } });
    await showAsItIs(window.services, window.signedIn, 'dbx_1');
    assert.deepEqual(window.told.splice(0), ['removed dbx_1', 'failed: Looking at what is left of a start']);
    window.account.answers.clear();
    window.account.before = () => window.leaving.abort();
    for (const answer of [undefined, { status: 403, body: { message: 'no' } }]) {
      if (answer !== undefined) window.account.answers.set('GET /v1/devboxes/dbx_1', answer);
      await showAsItIs(window.services, window.signedIn, 'dbx_1');
    }
    assert.deepEqual(window.told, []);
  });
});
