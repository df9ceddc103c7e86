import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useChangeRows } from './useChangeRows';

describe('The start of a devbox that this window has started', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, devbox, lines } = useChangeRows(used);

  it('is noted at the start, not when somebody first looks', async () => {
    const { editor, api, extension } = used;
    editor.answer(/^Start Devbox/, 'noted');
    await editor.run('runloop.startDevbox');
    await editor.message(/^Devbox noted is ready/);
    const { id } = (await extension.list()).find(({ name }) => name === 'noted') ?? assert.fail('not listed');
    const commands = new ExecutionCommands(api, id);
    const bash = async (command: string): Promise<string> => {
      const { signal } = new AbortController();
      return Buffer.from((await commands.run(command, { signal, deadlineMs: 30_000 })).stdout).toString();
    };
    await eventually(
      () => bash('find /var/tmp -maxdepth 6 -path "*/.runloop-devboxes-*/*" -name at 2>/dev/null; true'),
      (found) => found !== '',
    );
    await bash('echo new > /workspace/new.txt');
    const row = await devbox('noted');
    const top = (await below(row?.row, 'Changes')).row;
    await lines(top);
    await editor.run('runloop.refreshDevboxes');
    await eventually(
      async () => lines((await below(top, 'workspace')).row),
      (now) => now.join() === 'Since the Start 1',
    );
  });
});
