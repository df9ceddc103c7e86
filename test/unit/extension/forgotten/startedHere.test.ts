import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { StartedHere, type WindowProcess } from '../../../../src/extension/forgotten/startedHere';

/** What the editor keeps: JSON, nothing else. */
class Memory {
  readonly #kept = new Map<string, string>();
  get(key: string): unknown {
    const text = this.#kept.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }
  update(key: string, value: unknown): Promise<void> {
    this.#kept.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}

describe('Devboxes that were started from this editor', () => {
  const open = new Set<number>();
  const lives = ({ host, pid }: WindowProcess): boolean | undefined => (host === 'here' ? open.has(pid) : undefined);
  const window = (shared: Memory, own: Memory, pid: number, host = 'here'): StartedHere => {
    open.add(pid);
    return new StartedHere(shared, own, { host, pid }, lives);
  };

  it('are asked about once by another window, when the one that started them is closed', async () => {
    const shared = new Memory();
    const first = window(shared, new Memory(), 1);
    const second = window(shared, new Memory(), 2);
    await first.started('dbx_a', 'one account');
    assert.deepEqual(second.ofClosedWindows(), [], 'its window is open');
    open.delete(1);
    assert.deepEqual(second.ofClosedWindows(), ['dbx_a']);
    assert.deepEqual(second.ofClosedWindows('one account'), ['dbx_a']);
    assert.deepEqual(second.ofClosedWindows('another one'), []);
    await second.asked(['dbx_a']);
    assert.deepEqual(second.ofClosedWindows(), []);
    assert.deepEqual(window(shared, new Memory(), 3).ofClosedWindows(), []);
    assert.equal(second.all().get('dbx_a')?.opened, false, 'they are still started here and not opened');
  });

  it('are not asked about because their window was reloaded', async () => {
    const shared = new Memory();
    const own = new Memory();
    await window(shared, own, 1).started('dbx_a', 'one account');
    open.delete(1);
    const reloaded = window(shared, own, 4);
    assert.deepEqual(reloaded.ofClosedWindows(), []);
    await reloaded.resume();
    assert.deepEqual(window(shared, new Memory(), 5).ofClosedWindows(), []);
  });

  it('are left to windows of their own computer, which know what is open there', async () => {
    const shared = new Memory();
    await window(shared, new Memory(), 1, 'elsewhere').started('dbx_a', 'one account');
    open.delete(1);
    assert.deepEqual(window(shared, new Memory(), 6).ofClosedWindows(), []);
  });
});
