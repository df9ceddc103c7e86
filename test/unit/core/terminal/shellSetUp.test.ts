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

  it('sees at once that nothing could go on in the place of the shell, and leaves it as it is', async () => {
    const shown = new ShownOutput('name', () => undefined);
    let first = '';
    const of: ShellSetUp = await new Promise((resolve) => {
      const setUp = new ShellSetUp({
        shown,
        name: 'name',
        folder: undefined,
        send: (text) => {
          // The second line comes while the shell still has time to take the first one.
          if (first !== '') resolve(setUp);
          first = text;
          const [, begin = '', end = ''] = /; "echo" (\w+)""(\w+)\r$/.exec(text) ?? [];
          shown.take(Buffer.from(`no, sh\r\n${begin}${end}\r\n$ `));
        },
        redraw: () => shown.take(Buffer.from('$ ')),
        onUnready: undefined,
        onFailure: (error) => assert.fail(String(error)),
      });
      setUp.run();
    });
    of.dispose();
  }).timeout(4_000);

  it('tells nothing once its connection is gone', async () => {
    const failures: unknown[] = [];
    setUp(failures).dispose();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(failures, []);
  });
});
