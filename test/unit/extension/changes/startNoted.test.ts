import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import type { SignedIn } from '../../../../src/extension/account/account';
import { Changes } from '../../../../src/extension/changes/changes';
import { Log } from '../../../../src/extension/messages/log';
import { eventually } from '../../../eventually';
import { FakeMemory } from '../../../fakeVscode/memory';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
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
    // Nobody looks at it: Refresh does not, either.
    const looks = 'cd /var/tmp/.runloop-devboxes-*; ls -d look.*';
    await eventually(
      () => bash(`${looks} 2>/dev/null; true`),
      (going) => going === '',
    );
    const row = await devbox('noted');
    await below(row?.row, 'Changes');
    const touched = await bash('stat -c %y /var/tmp/.runloop-devboxes-*');
    await editor.run('runloop.refreshDevboxes');
    assert.equal(await bash('stat -c %y /var/tmp/.runloop-devboxes-*'), touched);
    await bash('echo new > /workspace/new.txt');
    const top = (await below(row?.row, 'Changes')).row;
    await lines(top);
    await editor.run('runloop.refreshDevboxes');
    await eventually(
      async () => lines((await below(top, 'workspace')).row),
      (now) => now.join() === 'Since the Start 1',
    );
  });

  it('is no use of it: one with an idle rule is suspended soon after', async () => {
    const { api, editor } = used;
    const lifecycle = { after_idle: { idle_time_seconds: 6, on_idle: 'suspend' } } as const;
    const { id } = await api.devboxes.create(
      { name: 'noted-idle', launch_parameters: { lifecycle } },
      { requestId: 'noted-idle' },
    );
    const status = async (): Promise<string> => (await api.devboxes.retrieve(id)).status;
    await eventually(status, (now) => now === 'running');
    let watched = 0;
    const root = Uri.from({ scheme: 'runloop', authority: 'd.00000000', path: '/tmp' });
    const changes = new Changes({
      account: { current: () => Promise.resolve(undefined) },
      store: { get: () => undefined, onDidChange: () => ({ dispose: () => undefined }) },
      fileSystem: {
        rootOf: () => Promise.resolve(root),
        refresh: () => undefined,
        watching: () => Promise.reject(new Error(`watched ${(watched += 1)} times`)),
      },
      receivers: () => Promise.resolve([]),
      globalState: new FakeMemory(),
      log: new Log(),
    });
    await changes.noteStart(id, { api, ended: new AbortController().signal } as unknown as SignedIn);
    assert.equal(changes.countOf(id), 0);
    editor.focus(true);
    await changes.refresh();
    await eventually(status, (now) => now === 'suspended');
    assert.equal(watched, 0);
    changes.dispose();
    await api.devboxes.shutdown(id);
  });
});
