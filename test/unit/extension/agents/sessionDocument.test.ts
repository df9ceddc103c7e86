import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { DocumentLink } from 'vscode';
import { eventually } from '../../../eventually';
import { openDocument, openIn } from '../../../fakeVscode/openDocuments';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Range, Uri } from '../../../fakeVscode/values';
import { addressedFile } from '../../../../src/extension/files/fileAddress';
import { repository, type Shown } from '../changes/useChangeRows';
import { useAgents } from './useAgents';

describe('The document of an agent’s session', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, lines, view, ready, start, text, document, run, click, described } = useAgents(used);

  it('is exported as Markdown in which nothing of an agent is formatted, and without secrets', async () => {
    const { agents } = await ready('exports', ['EXAMPLE_KEY']);
    const { editor } = used;
    const token = `ghp_${'a1B2'.repeat(9)}`;
    editor.answer(/The value of EXAMPLE_KEY/, 'x');
    await start(await agents(), [
      { say: `# no heading\n\`\`\`\`\n![x](https://example.org/a.png)\n${token}\n[y](command:z)` },
      { write: { path: `a ${token}.txt`, text: 'new\n' } },
    ]);
    await described(agents, /needs you/);
    await click((await view().rows((await agents()).row))[0] ?? assert.fail());
    const [lens] = (
      (await editor.codeLenses
        .get(document().scheme)
        ?.provideCodeLenses({ uri: document() } as never, undefined as never)) ?? []
    ).filter(({ command }) => command?.title === 'Export as Markdown…');
    const file = join(await mkdtemp(join(tmpdir(), 'export-')), 'session.md');
    await run(lens?.command);
    editor.saveTo = Uri.file(file) as never;
    await run(lens?.command);
    await editor.message(/^The session was exported\./);
    const written = await readFile(file, 'utf8');
    assert.match(written, /^# Example · exports · needs you\n\n/);
    assert.ok(written.includes('\n\n## Agent\n\n`````text\n# no heading\n````\n![x](https://example.org/a.png)\n'));
    assert.match(written, /\n## Permission: waits for your answer\n\n```text\nTool: edit\n/);
    assert.ok(!written.includes(token));
    // Nothing outside of fences is read as anything but words.
    const outside = written.replaceAll(/^(`{3,})text\n[^]*?^\1$/gm, '');
    assert.doesNotMatch(outside, /!\[|\]\(|https:|<\w/);
  });

  it('links to files of its own devbox, and shows the change that a request would make', async () => {
    const { box, agents } = await ready('links');
    const { editor } = used;
    const diffs: (readonly unknown[])[] = [];
    editor.commands.set('vscode.diff', (...args: readonly unknown[]) => diffs.push(args));
    const terminals: unknown[] = [];
    editor.commands.set('runloop.openTerminal', (devboxId) => terminals.push(devboxId));
    const update = { sessionUpdate: 'current_mode_update', currentModeId: 'auto' };
    const params = { sessionId: 'one', update };
    await start(await agents(), [
      { raw: `${JSON.stringify({ jsonrpc: '2.0', method: 'session/update', params })}\n` },
      { write: { path: '../../../../etc/x', text: 'new\n' } },
    ]);
    await described(agents, /needs you/);
    await click((await view().rows((await agents()).row))[0] ?? assert.fail());
    const uri = document();
    const all = (await text(uri)).split('\n');
    assert.equal(all[2], 'Mode by the agent: Never Ask');
    const provider = editor.codeLenses.get(uri.scheme) ?? assert.fail();
    const links = (await provider.provideDocumentLinks?.({ uri } as never, undefined as never)) as DocumentLink[];
    const link = links[0] ?? assert.fail();
    assert.equal(links.length, 1);
    const { start: from, end } = link.range;
    assert.equal(all[from.line]?.slice(from.character, end.character), '../../../../etc/x');
    assert.equal(link.target?.scheme, 'runloop');
    assert.equal(link.target.path, '/etc/x');
    assert.equal(addressedFile(link.target)?.devboxId, box.id);
    const lenses =
      (await editor.codeLenses.get(uri.scheme)?.provideCodeLenses({ uri } as never, undefined as never)) ?? [];
    const titled = (title: string) => lenses.find(({ command }) => command?.title === title)?.command;
    await run(titled('Show Change'));
    assert.equal(diffs.length, 1);
    await run(titled('Terminal'));
    assert.deepEqual(terminals, [box.id]);
  });

  it('calls output what comes with the end of a call, without its fence, and opens at what waits, else at its end', async () => {
    const { agents } = await ready('honest');
    const { editor } = used;
    const update = (toolCallId: string, status: string, ...texts: string[]): string => {
      const content = texts.map((words) => ({ type: 'content', content: { type: 'text', text: words } }));
      const sessionUpdate = status === 'pending' ? 'tool_call' : 'tool_call_update';
      const params = { sessionId: 'one', update: { sessionUpdate, toolCallId, title: 't', status, content } };
      return `${JSON.stringify({ jsonrpc: '2.0', method: 'session/update', params })}\n`;
    };
    const says = [
      update('a', 'pending', 'harmless'),
      update('b', 'pending', 'harmless'),
      update('b', 'completed', '```console\n  all\n\nof it\n```'),
      update('c', 'pending'),
      update('c', 'failed', '````\n```\n````', '```\none\n```\ntwo\n```\nthree\n```'),
      update('d', 'pending', 'before'),
      update('d', 'completed'),
    ];
    await start(await agents(), [
      { raw: says.join('') },
      { say: 'one\r── Permission: Allow Once, by you\r\ntwo' },
      { run: 'touch asked' },
      { say: 'after\n'.repeat(50) },
    ]);
    await described(agents, /needs you/);
    const session = async (): Promise<Shown> => (await view().rows((await agents()).row))[0] ?? assert.fail();
    await click(await session());
    const waits = await text(document());
    const calls = waits.slice(waits.indexOf('── Tool: '), waits.indexOf('── Agent')).split('\n\n── Tool: ');
    assert.deepEqual(calls, [
      '── Tool: other, waiting\n  t\n  Text by the agent: harmless',
      'other, completed\n  t\n  Output:   all\n  \n  of it',
      'other, failed\n  t\n  Output: ```\n  ```\n  one\n  ```\n  two\n  ```\n  three\n  ```',
      'other, completed\n  t\n  Text by the agent: before\n\n',
    ]);
    // No line of an agent begins where ours do, whatever ends it.
    assert.ok(waits.includes('\n── Agent\n  one── Permission: Allow Once, by you\n  two\n'));
    assert.doesNotMatch(waits, /\r/);
    const shownAt = (): number => openIn(editor).shownAt?.start.line ?? assert.fail();
    assert.equal(waits.split('\n')[shownAt()], '── Permission: waits for your answer');
    editor.answer(/^Example in honest\ntouch asked/, 'Reject');
    await click((await view().rows((await session()).row))[0] ?? assert.fail());
    await described(agents, /^Example done/);
    await click(await session());
    assert.equal(shownAt(), (await text(document())).split('\n').length - 1);
  });

  it('gets a review of changes as its next prompt, once and whole', async () => {
    const { agents } = await ready('reviewed', [], `${repository}; mkdir ~/work; echo new > ~/app/new.txt`);
    const { editor } = used;
    await start(await agents(), [{ say: 'ready' }]);
    await described(agents, /^Example done/);
    const group = (await view().rows()).map(({ row }) => row);
    const box = (await Promise.all(group.map((row) => view().rows(row))))
      .flat()
      .find(({ item }) => item.label === 'reviewed');
    const changes = await below(box?.row, 'Changes');
    await lines(changes.row);
    const asked: (readonly unknown[])[] = [];
    editor.commands.set('vscode.diff', (...args: readonly unknown[]) => asked.push(args));
    const app = (await below(changes.row, 'app')).row;
    await editor.run('runloop.openAllChanges', (await below((await below(app, 'Uncommitted')).row, 'new.txt')).row);
    const right = asked[0]?.[1];
    assert.ok(right instanceof Uri);
    openDocument(editor, right, 'new\n');
    const controller = openIn(editor).comments?.controller ?? assert.fail();
    const thread = controller.createCommentThread(right, new Range(0, 0, 0, 0) as never, []);
    await editor.run('runloop.addComment', { thread, text: 'Why?' });
    editor.answer(/Send 1 review comment on app to/, 'Example');
    await editor.run('runloop.sendReview', app);
    await editor.message(/^The review was sent to Example in reviewed\./);
    const labels = editor.offered.map((item) => (typeof item === 'string' ? item : item.label));
    assert.deepEqual(labels, ['Example', 'File in the Devbox', 'Clipboard']);
    await click((await view().rows((await agents()).row))[0] ?? assert.fail());
    await eventually(
      () => text(document()),
      (all) => /── Prompt by [^\n]*\n {2}Review of [^\n]*app \(main\), comments: 1\n[^]*Why\?/.test(all),
    );
  });
});
