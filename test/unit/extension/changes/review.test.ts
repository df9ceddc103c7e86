import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import type { ReviewThread } from '../../../../src/core/changes/review/reviewThread';
import { asObject, parseJson } from '../../../../src/core/parse';
import { ReviewMemory } from '../../../../src/extension/changes/review/reviewMemory';
import { eventually } from '../../../eventually';
import { openDocument, openIn, type FakeComments } from '../../../fakeVscode/openDocuments';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Range, Uri } from '../../../fakeVscode/values';
import { repository, useChangeRows } from './useChangeRows';

const code = 'import x\n\ndef price(n):\n    return n * 12\n';
const setUp = `${repository}; printf '${code.replaceAll('\n', '\\n')}' > price.py`;

describe('Comments on changes', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, devbox, lines, opened } = useChangeRows(used);

  const comments = (): FakeComments => openIn(used.editor).comments ?? assert.fail('no comments');
  async function app(name: string): Promise<unknown> {
    const row = await devbox(name);
    return (await below((await below(row?.row, 'Changes')).row, 'app')).row;
  }
  /** Both sides of a change, as its diff has them. */
  async function sidesOf(
    name: string,
    file: string,
  ): Promise<{ readonly left: vscode.Uri; readonly right: vscode.Uri }> {
    const asked: (readonly unknown[])[] = [];
    used.editor.commands.set('vscode.diff', (...args: readonly unknown[]) => asked.push(args));
    const group = await below(await app(name), 'Uncommitted');
    await used.editor.run('runloop.openAllChanges', (await below(group.row, file)).row);
    const [left, right] = asked[0] ?? [];
    assert.ok(left instanceof Uri && right instanceof Uri);
    return { left, right };
  }
  /** Types something below a line, as a person does. */
  async function comment(uri: vscode.Uri, line: number, text: string): Promise<void> {
    const thread = comments().controller.createCommentThread(uri, new Range(line, 0, line, 0) as never, []);
    await used.editor.run('runloop.addComment', { thread, text });
  }

  it('stand at their lines on every side that shows them, follow the code, and are told as stale where it is gone', async () => {
    const { changes } = await opened('reviewed', setUp);
    await lines((await changes()).row);
    const { left, right } = await sidesOf('reviewed', 'price.py');
    const { document, change } = openDocument(used.editor, right, code);
    const ranges = await comments().controller.commentingRangeProvider?.provideCommentingRanges(
      document,
      undefined as never,
    );
    assert.equal(Array.isArray(ranges) ? ranges.length : 0, 1);
    await comment(right, 3, '[Why](command:x) 12?\n');
    // A space stays one, for who has the list of comments read out.
    assert.deepEqual(comments().shown(right), ['4 \\[Why\\]\\(command:x\\) 12?']);
    // The same as a side of a change, open beside it: once, and in the one that is left; in both where both are on screen.
    const seen = (...documents: readonly unknown[]): void => {
      used.editor.visibleTextEditors = documents.map((one) => ({ document: one }) as vscode.TextEditor);
      used.editor.visibleEditorsChanged.fire(used.editor.visibleTextEditors);
    };
    const work = { mode: '100644', id: '', isWork: true };
    const other = left.with({ query: JSON.stringify({ ...asObject(parseJson(left.query)), ...work }) });
    const side = openDocument(used.editor, other, `# new\n${code}`);
    const both = (): number[] => [comments().shown(right).length, comments().shown(other).length];
    assert.deepEqual(both(), [1, 0]);
    seen(side.document);
    assert.deepEqual(both(), [0, 1]);
    seen();
    assert.deepEqual(both(), [0, 1]);
    side.close();
    assert.deepEqual(both(), [1, 0]);
    openDocument(used.editor, other, `# new\n${code}`);
    seen(document, openIn(used.editor).documents.at(-1));
    assert.deepEqual(both(), [1, 1]);
    assert.match(comments().shown(other).join(), /^5 /);
    change(`# one\n# two\n${code}`);
    await eventually(
      () => Promise.resolve(comments().shown(right).join()),
      (shown) => shown.startsWith('6 '),
    );
    change(code.replace('* 12', '* 13 ```'));
    await eventually(
      () => Promise.resolve(comments().shown(right).join()),
      // The words first: the editor's list of comments shows no more than the beginning.
      (shown) => /^4 \(code changed\) \\\[Why.*12\?\n\n```\n {4}return n \* 12\n```\n$/.test(shown),
    );
    // A document of somebody else's.
    const strange = openDocument(used.editor, Uri.file('/x/price.py'), code).document;
    const none = await comments().controller.commentingRangeProvider?.provideCommentingRanges(
      strange,
      undefined as never,
    );
    assert.deepEqual(none, []);
  });

  it('are sent from one of them, or it is said what is missing where its changes were not looked at', async () => {
    const { changes } = await opened('unlooked', setUp);
    await lines((await changes()).row);
    const { right } = await sidesOf('unlooked', 'price.py');
    openDocument(used.editor, right, code);
    await comment(right, 3, 'Why?');
    used.reload();
    used.editor.messages.length = 0;
    await used.editor.run('runloop.sendReview', { uri: right, comments: [] });
    await used.editor.message(/are not known in this window\. Open "Changes"/);
  });

  it('are there after a reload, and go when they are deleted', async () => {
    const { changes } = await opened('kept', setUp);
    await lines((await changes()).row);
    const { right } = await sidesOf('kept', 'price.py');
    openDocument(used.editor, right, code);
    await comment(right, 2, 'One.');
    const [first] = comments().threads;
    const two = '3 1.&nbsp;R\\&amp;D of two';
    await used.editor.run('runloop.addComment', { thread: first, text: '1. R&amp;D of two' });
    await used.editor.run('runloop.addComment', { thread: first, text: '  ' });
    assert.deepEqual(comments().shown(right), ['3 One.', two]);
    used.reload();
    await lines((await below((await devbox('kept'))?.row, 'Changes')).row);
    assert.deepEqual(comments().shown(right), ['3 One.', two]);
    await used.editor.run('runloop.deleteComment', comments().threads[0]?.comments[0]);
    assert.deepEqual(comments().shown(right), [two]);
    await used.editor.run('runloop.deleteComment', comments().threads[0]?.comments[0]);
    assert.deepEqual(comments().threads, []);
  });

  it('are sent as one message, by the lines as they are in the devbox then, and each once', async () => {
    const { box, changes } = await opened('sent', `${setUp}; echo z >> a.txt`);
    await lines((await changes()).row);
    await used.editor.run('runloop.sendReview', await app('sent'));
    await used.editor.message(/no unsent comments on app/);
    const { right } = await sidesOf('sent', 'price.py');
    const { left } = await sidesOf('sent', 'a.txt');
    openDocument(used.editor, right, code);
    openDocument(used.editor, left, 'a\n');
    await comment(right, 3, 'Why 12?');
    await comment(left, 0, 'Keep it.');
    await box.bash('cd ~/app; sed -i "1i # new" price.py');
    used.editor.answer(/Send 2 review comments on app to/, 'Clipboard');
    await used.editor.run('runloop.sendReview', await app('sent'));
    await used.editor.message(/The review was copied/);
    const home = (await box.bash('printf %s ~')).trim();
    const expected =
      `Review of ${home}/app (main), comments: 2\n\n1. a.txt, line 1 before the change:\n> a\n\nKeep it.\n\n` +
      '2. price.py, line 5:\n>     return n * 12\n\nWhy 12?\n';
    assert.equal(used.editor.clipboard, expected);
    assert.match(comments().shown(right).join(), /^4 \(sent\)/);
    used.editor.messages.length = 0;
    await used.editor.run('runloop.sendReview', comments().threads[0]);
    await used.editor.message(/no unsent comments on app/);
    await comment(right, 2, 'More.');
    used.editor.answer(/Send 1 review comment on app to/, 'File in the Devbox');
    await used.editor.run('runloop.sendReview', comments().threads[0]);
    await used.editor.message(/The review is in .*\/\.runloop\/reviews\/review-.*\.md of the devbox/);
    assert.match(
      await box.bash(`cat ${used.editor.clipboard}`),
      /1\. price\.py, line 4:\n> def price\(n\):\n\nMore\.\n$/,
    );
    // Nothing of it is lost where it cannot be sent.
    await comment(right, 0, 'Later.');
    await used.api.devboxes.suspend(box.id, {});
    await eventually(
      () => used.api.devboxes.retrieve(box.id),
      ({ status }) => status === 'suspended',
    );
    used.editor.answer(/Send 1 review comment on/, 'Clipboard');
    await used.editor.run('runloop.sendReview', comments().threads[0]);
    assert.match(used.editor.clipboard, /1\. price\.py, line 1:\n> import x\n\nLater\.\n$/);
    assert.equal((await used.api.devboxes.retrieve(box.id)).status, 'suspended');
  });

  it('are counted at the rows of their file and repository until they are sent, whether or not a diff is open', async () => {
    const { changes } = await opened('counted', `${setUp}; echo z >> a.txt`);
    await lines((await changes()).row);
    const { right } = await sidesOf('counted', 'price.py');
    const open = openDocument(used.editor, right, code);
    await comment(right, 3, 'Why 12?');
    const rows = async (): Promise<string[]> => [
      ...(await lines((await below((await devbox('counted'))?.row, 'Changes')).row)),
      ...(await lines((await below(await app('counted'), 'Uncommitted')).row)),
    ];
    const one = ['app main · 1 unsent comment', 'a.txt', 'price.py 1 unsent comment'];
    await eventually(rows, (shown) => shown.join() === one.join());
    open.close();
    used.reload();
    assert.deepEqual(await rows(), one);
    const { left } = await sidesOf('counted', 'price.py');
    assert.match(left.query, /untracked/);
    const { left: before } = await sidesOf('counted', 'a.txt');
    openDocument(used.editor, before, 'a\n');
    await comment(before, 0, 'Keep it.');
    await comment(before, 0, 'All of it.');
    const three = ['app main · 3 unsent comments', 'a.txt 2 unsent comments', 'price.py 1 unsent comment'];
    await eventually(rows, (shown) => shown.join() === three.join());
    used.editor.answer(/Send 3 review comments on app to/, 'Clipboard');
    await used.editor.run('runloop.sendReview', await app('counted'));
    await used.editor.message(/The review was copied/);
    await eventually(rows, (shown) => shown.join() === 'app main,a.txt,price.py');
  });

  it('have rows of their own where their file does not differ any more, and where their repository is not there', async () => {
    const { box, changes } = await opened('elsewhere', `${setUp}; echo z >> a.txt`);
    await lines((await changes()).row);
    const { right } = await sidesOf('elsewhere', 'price.py');
    const diff = openDocument(used.editor, right, code);
    await comment(right, 3, '[Why](command:x) **12**?\u202e');
    await box.bash('cd ~/app; git add price.py; git commit -qm two');
    await used.editor.run('runloop.refreshDevboxes');
    await eventually(
      async () => lines(await app('elsewhere')),
      (shown) => shown.at(-1) === 'Comments on Other Files 1 unsent comment',
    );
    const other = await below(await app('elsewhere'), 'Comments on Other Files');
    assert.equal(other.item.contextValue, 'changes.comments');
    const file = await below(other.row, 'price.py');
    assert.equal(file.item.description, '1 unsent comment');
    assert.equal(file.item.tooltip, 'price.py\n\n>     return n * 12\n[Why](command:x) **12**?');
    const uri: unknown = file.item.command?.arguments?.[0];
    assert.ok(uri instanceof Uri);
    assert.match(uri.path, /\/app\/price\.py$/);
    diff.close();
    openDocument(used.editor, uri, code);
    assert.equal(comments().shown(uri).length, 1);
    await box.bash('mv ~/app ~/elsewhere; rm -rf ~/elsewhere/.git');
    await used.editor.run('runloop.refreshDevboxes');
    const lost = await eventually(
      async () => (await lines((await below((await devbox('elsewhere'))?.row, 'Changes')).row)).join(),
      (shown) => shown.includes('Comments on app 1 unsent comment'),
    );
    assert.doesNotMatch(lost, /app main/);
    const row = (await below((await below((await devbox('elsewhere'))?.row, 'Changes')).row, 'Comments on app')).row;
    used.editor.answer(/Send 1 review comment on app to/, 'Clipboard');
    await used.editor.run('runloop.sendReview', row);
    await used.editor.message(/The review was copied/);
    assert.match(used.editor.clipboard, /1\. price\.py, line 4:\n> {5}return n \* 12\n/);
    await eventually(
      async () => (await lines((await below((await devbox('elsewhere'))?.row, 'Changes')).row)).join(),
      (shown) => !shown.includes('Comments'),
    );
  });

  it('are kept while they are unsent, however many there are, and one too many is not taken', async () => {
    const memory = new ReviewMemory(used.editor.globalState);
    const thread = (id: string, isSent: boolean): ReviewThread => ({
      id,
      devboxId: 'dbx_1',
      top: '/app',
      path: `${id}.txt`,
      isWork: true,
      anchor: { line: 0, snippet: [id], above: [], below: [] },
      comments: [{ words: id, atMs: 1, isSent }],
    });
    const ids = (isSent: boolean, count: number): string[] => Array.from({ length: count }, (_, n) => `${isSent}${n}`);
    await memory.put(
      ...ids(false, 400).map((id) => thread(id, false)),
      ...ids(true, 200).map((id) => thread(id, true)),
    );
    const kept = memory.all();
    assert.equal(kept.length, 500);
    assert.equal(kept.filter(({ comments: [one] }) => one?.isSent === false).length, 400);
    await memory.put(...ids(false, 500).map((id) => thread(id, false)));
    assert.equal(memory.isFull, true);
    const { changes } = await opened('many', setUp);
    await lines((await changes()).row);
    const { right } = await sidesOf('many', 'price.py');
    openDocument(used.editor, right, code);
    await comment(right, 3, 'One too many.');
    await used.editor.message(/500 comments wait to be sent/);
    assert.equal(used.editor.clipboard, 'One too many.');
    assert.deepEqual(comments().shown(right), []);
    assert.deepEqual(new Set(memory.all().map(({ id }) => id)), new Set(ids(false, 500)));
    await memory.remove('false7');
    await comment(right, 3, 'One.');
    assert.deepEqual(comments().shown(right), ['4 One.']);
  });
});
