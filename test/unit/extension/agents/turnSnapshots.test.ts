import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';
import type { FilesDevbox } from '../../core/files/useFiles';
import { line, type Shown } from '../changes/useChangeRows';
import { useAgents } from './useAgents';

describe('Snapshots before the turns of an agent', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const { view, ready, start, click, described } = useAgents(used);

  type Rows = () => Promise<Shown>;
  async function act(agents: Rows, action: string): Promise<void> {
    const [session] = await view().rows((await agents()).row);
    const rows = await view().rows(session?.row);
    const own = rows.find((row) => line(row) === action);
    if (own === undefined) used.editor.answer(/^Example in /, action);
    await click(own ?? rows.find((row) => line(row) === 'More…') ?? assert.fail(action));
  }
  async function snapshotsOf({ id }: FilesDevbox): Promise<readonly string[]> {
    return (await used.api.snapshots.ofDevbox(id, 100)).map((one) => one.id);
  }
  const prompt = (word: string): string => JSON.stringify([{ say: word }]);

  it('are taken once somebody has said yes to them, and a new devbox can be started from the last', async () => {
    const { box, agents } = await ready('kept');
    const { editor } = used;
    const begun: unknown[] = [];
    editor.commands.set('runloop.startWithOptions', (from) => begun.push(from));
    await start(await agents(), [{ say: 'begun' }]);
    await described(agents, /^Example done · begun/);
    // A no is a no, as is Escape.
    editor.answer(/^Take a snapshot of kept before each prompt to Example\?/, undefined);
    await act(agents, 'Take Snapshots Before Turns…');
    editor.answer(/^Send Prompt/, prompt('without'));
    await act(agents, 'Send Prompt…');
    await described(agents, /^Example done · without/);
    assert.deepEqual(await snapshotsOf(box), []);
    editor.answer(/^Take a snapshot of kept before each prompt to Example\?/, 'Take Snapshots');
    await act(agents, 'Take Snapshots Before Turns…');
    assert.deepEqual(await snapshotsOf(box), []);
    editor.answer(/^Send Prompt/, prompt('with'));
    await act(agents, 'Send Prompt…');
    await described(agents, /^Example done · with$|^Example done · with ·/);
    const [taken, ...more] = await snapshotsOf(box);
    assert.ok(taken !== undefined && more.length === 0);
    await act(agents, 'New Devbox from Before This Turn…');
    assert.deepEqual(begun, [{ snapshotId: taken, like: box.id }]);
    await act(agents, 'Stop Snapshots Before Turns');
    editor.answer(/^Send Prompt/, prompt('after'));
    await act(agents, 'Send Prompt…');
    await described(agents, /^Example done · after/);
    assert.deepEqual(await snapshotsOf(box), [taken]);
    // It is none of this turn's.
    editor.answer(/^Example in kept/, undefined);
    await act(agents, 'More…');
    const offered = editor.offered.map((item) => (typeof item === 'string' ? item : item.label));
    assert.deepEqual(
      [offered.includes('Send Prompt…'), offered.filter((label) => label.includes('Before'))],
      [true, ['Take Snapshots Before Turns…']],
    );
    editor.messages.length = 0;
  });

  it('are not passed over where none could be taken: the prompt waits for a yes, and what was typed stays', async () => {
    const { box, agents } = await ready('refused');
    const { editor, platform } = used;
    await start(await agents(), [{ say: 'begun' }]);
    await described(agents, /^Example done · begun/);
    editor.answer(/^Take a snapshot of refused before each prompt/, 'Take Snapshots');
    await act(agents, 'Take Snapshots Before Turns…');
    const path = '/v1/devboxes/{id}/snapshot_disk_async';
    await orderFaults(platform, { fault: 'status', status: 400, method: 'POST', path });
    editor.answer(/^Send Prompt/, prompt('unsent'));
    editor.answer(/^No snapshot was taken\. Send the prompt without one\?/, undefined);
    // The box comes again with what was typed; Escape ends it.
    editor.answer(/^Send Prompt/, undefined);
    await act(agents, 'Send Prompt…');
    assert.equal(editor.inputs.at(-1)?.value, prompt('unsent'));
    assert.equal(await box.bash('grep -c unsent ~/.runloop-agents/sessions/*/in || true'), '0\n');
    editor.answer(/^Send Prompt/, prompt('sent'));
    editor.answer(/^No snapshot was taken\. Send the prompt without one\?/, 'Send Without Snapshot');
    await act(agents, 'Send Prompt…');
    await described(agents, /^Example done · sent/);
    assert.deepEqual(await snapshotsOf(box), []);
    await orderFaults(platform);
    editor.cancel(/^Taking a snapshot before the turn/);
    editor.answer(/^Send Prompt/, prompt('cancelled'));
    editor.answer(/^Send Prompt/, undefined);
    await act(agents, 'Send Prompt…');
    assert.equal(await box.bash('grep -c cancelled ~/.runloop-agents/sessions/*/in || true'), '0\n');
    editor.messages.length = 0;
  });
});
