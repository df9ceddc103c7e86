import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { parseDevbox } from '../../../../src/core/platform/devbox';
import { platformProblem } from '../../../../src/core/problems/platform';
import { KeepAlive } from '../../../../src/extension/lifeCycle/keepAlive';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';

const minute = 60_000;

describe('Signs of life that a window sends', () => {
  const used = useFakeEditor();
  const here = new AbortController().signal;
  const one = parseDevbox({ id: 'dbx_1', name: 'one', status: 'running' });
  const two = parseDevbox({ id: 'dbx_2', name: 'two', status: 'running' });
  let sent: string[];
  let failures: string[];
  let keepAlive: KeepAlive;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval'] });
    sent = [];
    failures = [];
    keepAlive = new KeepAlive({ failure: (what: string) => void failures.push(what) } as never);
  });
  afterEach(() => {
    keepAlive.dispose();
    mock.timers.reset();
  });

  const send = (name: string) => (): Promise<void> => Promise.resolve(void sent.push(name));
  /** What is sent in so many minutes. */
  const sentIn = (minutes: number): string[] => {
    sent = [];
    mock.timers.tick(minutes * minute);
    return sent;
  };
  const shown = (): string | undefined =>
    used.editor.statusItems.find(({ id, isShown }) => id === 'runloop.keepAlive' && isShown)?.text;

  it('are one at once and one a minute, until it is switched off', async () => {
    await keepAlive.on(one, here, send('one'));
    assert.deepEqual([sent, keepAlive.isOn('dbx_1')], [['one'], true]);
    assert.deepEqual(sentIn(3), ['one', 'one', 'one']);
    keepAlive.off('dbx_1');
    assert.deepEqual([sentIn(10), keepAlive.isOn('dbx_1'), shown()], [[], false, undefined]);
  });

  it('are not doubled where it is switched on again', async () => {
    await keepAlive.on(one, here, send('first'));
    await keepAlive.on(one, here, send('again'));
    assert.deepEqual(sentIn(2), ['again', 'again']);
  });

  it('end for one devbox without the others, and for all with the window or its account', async () => {
    for (const end of [() => keepAlive.allOff(), () => keepAlive.dispose()]) {
      await keepAlive.on(one, here, send('one'));
      await keepAlive.on(two, here, send('two'));
      assert.equal(shown(), '$(heart-filled) 2');
      keepAlive.off('dbx_1');
      assert.deepEqual([sentIn(1), shown()], [['two'], '$(heart-filled) two']);
      await keepAlive.on(one, here, send('one'));
      end();
      assert.deepEqual(sentIn(10), []);
    }
  });

  it('are not begun where the first is refused, or the account was left meanwhile', async () => {
    const leaving = new AbortController();
    const leaves = (): Promise<void> => {
      leaving.abort();
      return Promise.resolve();
    };
    await keepAlive.on(one, leaving.signal, leaves);
    await assert.rejects(keepAlive.on(two, here, () => Promise.reject(new Error('no'))));
    assert.deepEqual(
      [sentIn(10), keepAlive.isOn('dbx_1'), keepAlive.isOn('dbx_2'), shown()],
      [[], false, false, undefined],
    );
  });

  it('end where there is nothing to keep any more, and go on after what passes', async () => {
    const refused = (status: number): RuntimeError =>
      new RuntimeError({ problem: platformProblem('snapshot_too_long'), devboxId: 'dbx_1', status });
    for (const [status, goesOn] of [
      [503, true],
      [400, false],
    ] as const) {
      let tries = 0;
      await keepAlive.on(one, here, () => {
        tries += 1;
        return tries === 2 ? Promise.reject(refused(status)) : Promise.resolve();
      });
      mock.timers.tick(minute);
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(2 * minute);
      assert.deepEqual([tries, keepAlive.isOn('dbx_1')], goesOn ? [4, true] : [2, false]);
    }
    assert.deepEqual(failures, ['Keeping dbx_1 alive', 'Keeping dbx_1 alive']);
  });
});
