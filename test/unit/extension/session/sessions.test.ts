import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { RememberedSessions } from '../../../../src/extension/session/rememberedSessions';
import { Sessions } from '../../../../src/extension/session/sessions';
import { FakeMemory } from '../../../fakeVscode/memory';

describe('The devboxes that a window is attached to', () => {
  const baseUrl = 'https://api.runloop.example';
  const here = new AbortController().signal;
  /** How each runtime was left. */
  let left: string[];
  let failures: string[];
  let memory: FakeMemory;
  let sessions: Sessions;
  const log = { failure: (what: string) => void failures.push(what) } as never;
  const runtime = (name: string, closes = Promise.resolve()): RunloopRuntime =>
    ({
      config: { baseUrl },
      close: ({ mode }: { mode: string }) => {
        left.push(`${name}: ${mode}`);
        return closes;
      },
    }) as unknown as RunloopRuntime;
  beforeEach(() => {
    left = [];
    failures = [];
    memory = new FakeMemory();
    sessions = new Sessions(log, new RememberedSessions(memory));
  });

  it('are kept, whichever way the window lets go of them', () => {
    for (const [id, letGo] of [
      ['dbx_1', () => sessions.detach('dbx_1')],
      ['dbx_2', () => sessions.rest('dbx_2')],
      ['dbx_3', () => sessions.detachAll()],
      ['dbx_4', () => sessions.dispose()],
    ] as const) {
      assert.equal(sessions.add(id, runtime(id), here), true);
      letGo();
      assert.equal(sessions.isAttached(id), false);
    }
    assert.deepEqual(
      left,
      ['dbx_1', 'dbx_2', 'dbx_3', 'dbx_4'].map((id) => `${id}: keep`),
    );
  });

  it('are attached to again by a later window, but for one that was let go of', () => {
    for (const id of ['dbx_1', 'dbx_2', 'dbx_3']) sessions.add(id, runtime(id), here);
    sessions.detach('dbx_1');
    sessions.rest('dbx_2');
    sessions.detachAll();
    const later = new RememberedSessions(memory);
    assert.deepEqual(later.of(baseUrl).toSorted(), ['dbx_2', 'dbx_3']);
    assert.deepEqual(later.of('https://api.another.example'), []);
  });

  it('are none of an account that the window has left meanwhile: that one runs on', () => {
    let changes = 0;
    sessions.onDidChange(() => (changes += 1));
    assert.equal(sessions.add('dbx_1', runtime('late'), AbortSignal.abort()), false);
    assert.deepEqual([sessions.isAttached('dbx_1'), left, changes], [false, ['late: keep'], 0]);
    assert.deepEqual(sessions.remembered.of(baseUrl), []);
  });

  it('have one runtime each: the earlier one is let go of, and the same one is not', () => {
    const [first, second] = [runtime('first'), runtime('second')];
    sessions.add('dbx_1', first, here);
    sessions.add('dbx_1', first, here);
    assert.deepEqual(left, []);
    sessions.add('dbx_1', second, here);
    assert.deepEqual([left, sessions.get('dbx_1')], [['first: keep'], second]);
  });

  it('have the newest last, which is the one that somebody turned to', () => {
    const order = (): readonly string[] => sessions.all().map(([id]) => id);
    const [first, second] = [runtime('dbx_1'), runtime('dbx_2')];
    sessions.add('dbx_1', first, here);
    sessions.add('dbx_2', second, here);
    let changes = 0;
    sessions.onDidChange(() => (changes += 1));
    sessions.turnTo('dbx_1');
    sessions.turnTo('dbx_of_nobody');
    assert.deepEqual([order(), changes], [['dbx_2', 'dbx_1'], 1]);
    assert.deepEqual(new RememberedSessions(memory).of(baseUrl), ['dbx_2', 'dbx_1']);
    sessions.add('dbx_2', second, here);
    assert.deepEqual([order(), left], [['dbx_1', 'dbx_2'], []]);
  });

  it('are told of when their health changes, and only those that are attached to', () => {
    let changes = 0;
    sessions.add('dbx_1', runtime('dbx_1'), here);
    sessions.onDidChange(() => (changes += 1));
    for (const health of ['answers', 'answers', 'unreachable'] as const) sessions.noteHealth('dbx_1', health);
    sessions.noteHealth('dbx_2', 'answers');
    assert.deepEqual([changes, sessions.healthOf('dbx_1'), sessions.healthOf('dbx_2')], [2, 'unreachable', undefined]);
    sessions.rest('dbx_1');
    assert.deepEqual([changes, sessions.healthOf('dbx_1')], [3, undefined]);
  });

  it('are joined by a second click while the first attaches, and tell of one that cannot be let go of', async () => {
    const made = runtime('dbx_1', Promise.reject(new Error('no')));
    const attaching = sessions.attach('dbx_1', () => Promise.resolve(made));
    assert.equal(sessions.attaching('dbx_1'), attaching);
    assert.equal(await attaching, made);
    assert.equal(sessions.attaching('dbx_1'), undefined);
    sessions.add('dbx_1', made, here);
    sessions.detach('dbx_1');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(failures, ['Detaching from a devbox']);
  });
});
