import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ShellSetUp } from '../../../../src/core/terminal/shellSetUp';
import { ShownOutput } from '../../../../src/core/terminal/shownOutput';
import { eventually } from '../../../eventually';

/** A new shell that waits for a command, and whose connection does not take keys. */
function setUp(failures: unknown[]): ShellSetUp {
  const shown = new ShownOutput('name', () => undefined);
  const setUp = new ShellSetUp({
    shown,
    name: 'name',
    folder: undefined,
    send: () => {
      throw new Error('no keys');
    },
    redraw: () => shown.take(Buffer.from('$ ')),
    onUnready: undefined,
    onFailure: (error) => failures.push(error),
  });
  setUp.run();
  return setUp;
}

describe('Setting up a new shell', () => {
  it('tells why it fails, as nobody waits for it', async () => {
    const failures: unknown[] = [];
    const of = setUp(failures);
    const told = (): Promise<string> => Promise.resolve(failures.map(String).join());
    await eventually(told, (words) => words === 'Error: no keys');
    of.dispose();
  });

  it('tells nothing once its connection is gone', async () => {
    const failures: unknown[] = [];
    setUp(failures).dispose();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(failures, []);
  });
});
