import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { endDevbox } from '../../../../src/core/platform/endDevbox';
import { eventually } from '../../../eventually';
import { addedTo, type FakeSourceControl } from '../../../fakeVscode/contributed';
import { openDocument } from '../../../fakeVscode/openDocuments';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import type { FilesDevbox } from '../../core/files/useFiles';
import { repository, useChangeRows } from './useChangeRows';

const setUp = `${repository}; printf '%s\\n' one two three > n.txt; git add -A; git commit -qm two`;

describe('Changes in the editor', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, devbox, lines, opened, view } = useChangeRows(used);

  /** The address of a file, as its row has it. */
  async function fileUri(name: string, path: string): Promise<vscode.Uri> {
    const asked: (readonly unknown[])[] = [];
    used.editor.commands.set('vscode.diff', (...args: readonly unknown[]) => asked.push(args));
    const group = await below(await app(name), 'Uncommitted');
    await used.editor.run('runloop.openAllChanges', (await below(group.row, path)).row);
    const [, right] = asked[0] ?? [];
    assert.ok(right instanceof Uri && right.scheme === 'runloop');
    return right;
  }
  async function app(name: string, repositoryName = 'app'): Promise<unknown> {
    const row = await devbox(name);
    return (await below((await below(row?.row, 'Changes')).row, repositoryName)).row;
  }
  /** Shows a document in an editor. @returns what is marked in it: `added 0-1` */
  function shownIn(
    document: vscode.TextDocument,
  ): (() => string[]) & { readonly marks: ReadonlyMap<unknown, unknown> } {
    const marks = new Map<unknown, readonly vscode.Range[]>();
    const editor = {
      document,
      setDecorations: (type: unknown, ranges: readonly vscode.Range[]) => marks.set(type, ranges),
    } as unknown as vscode.TextEditor;
    used.editor.visibleTextEditors = [editor];
    used.editor.visibleEditorsChanged.fire([editor]);
    const kinds: Readonly<Record<string, string>> = { added: 'added', modified: 'changed', deleted: 'removed' };
    const told = (): string[] =>
      [...marks].flatMap(([type, ranges]) => {
        const options = addedTo(used.editor).decorationTypes.get(type as vscode.TextEditorDecorationType);
        const colour = (options?.overviewRulerColor as vscode.ThemeColor | undefined)?.id ?? '';
        const kind = kinds[/editorOverviewRuler\.(\w+)Foreground/.exec(colour)?.[1] ?? ''] ?? colour;
        return ranges.map(({ start, end }) => `${kind} ${start.line}-${end.line}`);
      });
    return Object.assign(told, { marks });
  }
  const drawn = ({ marks }: { readonly marks: ReadonlyMap<unknown, unknown> }): Promise<unknown> =>
    eventually(
      () => Promise.resolve(marks.size),
      (size) => size > 0,
    );
  const becomes = (marks: () => string[], wanted: readonly string[]): Promise<unknown> =>
    eventually(
      () => Promise.resolve(marks().join()),
      (now) => now === wanted.join(),
    );
  const controls = (): readonly FakeSourceControl[] => addedTo(used.editor).sourceControls;
  const paths = (control: FakeSourceControl | undefined): string[] =>
    (control?.groups[0]?.resourceStates ?? []).map(({ resourceUri }) => resourceUri.path.split('/').at(-1) ?? '');

  it('are marks at the lines of a file, from the first word typed to the commit that has it', async () => {
    const { box, changes } = await opened(
      'marked',
      `${setUp}; echo '*.log' > .git/info/exclude; printf '%s\\n' one TWO three > n.txt`,
    );
    const top = await changes();
    await lines(top.row);
    const uri = await fileUri('marked', 'n.txt');
    const open = openDocument(used.editor, uri, 'one\nTWO\nthree\n');
    const marks = shownIn(open.document);
    await becomes(marks, ['changed 1-1']);
    open.change('zero\none\nTWO\nthree\n');
    await becomes(marks, ['added 0-0', 'changed 2-2']);
    // Of a folder in which nothing differs, by what the editor shows.
    const same = openDocument(used.editor, uri.with({ path: uri.path.replace('n.txt', 'a.txt') }), 'a\n');
    const others = shownIn(same.document);
    await drawn(others);
    same.change('a\nb\n');
    await becomes(others, ['added 1-1']);
    // What git ignores is in no commit: nothing differs in it once it is saved, and the devbox looked at.
    const ignored = openDocument(used.editor, uri.with({ path: uri.path.replace('n.txt', 'x.log') }), 'a\n');
    const few = shownIn(ignored.document);
    await drawn(few);
    ignored.change('a\nb\n');
    await becomes(few, ['added 1-1']);
    ignored.save();
    await used.editor.run('runloop.refreshDevboxes');
    await becomes(few, []);
    // What is on screen follows the devbox, though no row of ours is seen.
    view().setVisible(false);
    const again = shownIn(open.document);
    open.change('one\nTWO\nthree\n');
    await becomes(again, ['changed 1-1']);
    await box.bash('cd ~/app; git commit -qam three');
    await becomes(again, []);
  });

  it('mark nothing in files of other folders, of nobody, and of what git does not track', async () => {
    const { changes } = await opened('unmarked', `${setUp}; echo new > new.txt; mkdir ~/plain; echo p > ~/plain/p`);
    await lines((await changes()).row);
    const uri = await fileUri('unmarked', 'new.txt');
    const outside = uri.with({ path: uri.path.replace('app/new.txt', 'plain/p') });
    for (const one of [uri, outside, outside.with({ authority: 'somebody' }), Uri.parse('file:///app/n.txt')]) {
      const open = openDocument(used.editor, one, 'text\n');
      const marks = shownIn(open.document);
      open.change('other\n');
      // What is drawn after it, so that this one was drawn.
      const known = openDocument(used.editor, uri.with({ path: uri.path.replace('new', 'n') }), 'one\n');
      const shown = shownIn(known.document);
      await drawn(shown);
      known.change('one\nmore\n');
      await becomes(shown, ['added 1-1']);
      assert.deepEqual(marks(), [], one.toString());
      known.close();
      open.close();
    }
  });

  it('are a repository in Source Control where somebody asks for it, without a number, and compare its files', async () => {
    const { box, changes } = await opened('controlled', `${setUp}; echo more >> n.txt; git mv c.txt d.txt`);
    await lines((await changes()).row);
    assert.equal(controls().length, 0);
    let views = 0;
    used.editor.commands.set('workbench.view.scm', () => (views += 1));
    await used.editor.run('runloop.openInSourceControl', await app('controlled'));
    const [control] = controls();
    assert.ok(control !== undefined);
    assert.deepEqual(
      [control.label, control.count, control.inputBox.visible, views],
      ['app (controlled)', 0, false, 1],
    );
    assert.deepEqual(paths(control), ['d.txt', 'n.txt']);
    const root = control.rootUri ?? assert.fail('no folder');
    const original = async (path: string): Promise<string | undefined> => {
      const file = root.with({ path: `${root.path}/${path}` });
      const uri = await control.quickDiffProvider?.provideOriginalResource?.(file, undefined as never);
      if (!(uri instanceof Uri)) return undefined;
      const provider = used.editor.contentProviders.get(uri.scheme) ?? assert.fail(uri.scheme);
      return String(await provider.provideTextDocumentContent(uri, undefined as never));
    };
    assert.equal(await original('n.txt'), 'one\ntwo\nthree\n');
    assert.equal(await original('d.txt'), 'c\n');
    assert.equal(await original('a.txt'), 'a\n');
    // Its rows open what ours do.
    const asked: (readonly unknown[])[] = [];
    used.editor.commands.set('vscode.diff', (...args: readonly unknown[]) => asked.push(args));
    const click = control.groups[0]?.resourceStates[1]?.command ?? assert.fail('no command');
    await used.editor.run(click.command, ...((click.arguments ?? []) as readonly unknown[]));
    assert.equal(asked[0]?.[2], 'n.txt (uncommitted)');
    // It follows the devbox, though no row of ours is seen.
    view().setVisible(false);
    await box.bash('cd ~/app; echo new > new.txt');
    await eventually(
      () => Promise.resolve(paths(control).join()),
      (now) => now === 'd.txt,n.txt,new.txt',
      20_000,
    );
    assert.equal(await original('new.txt'), undefined);
    assert.equal(control.count, 0);
    used.editor.settings.set('runloop.countInSourceControl', true);
    await box.bash('cd ~/app; git add -A; git commit -qm three; echo x >> a.txt');
    await eventually(
      () => Promise.resolve(paths(control).join()),
      (now) => now === 'a.txt',
      20_000,
    );
    assert.equal(control.count, 1);
    // Asked for again, it can be closed.
    used.editor.answer(/is open in Source Control/, 'Close');
    await used.editor.run('runloop.openInSourceControl', await app('controlled'));
    assert.equal(controls().length, 0);
    await box.bash('cd ~/app; git checkout -q .');
  });

  it('are three repositories in Source Control at the most, and none of a devbox that has ended', async () => {
    const names = ['r1', 'r2', 'r3', 'r4'];
    const made = names.map((name) => `git init -q ~/${name}; echo x > ~/${name}/x`).join('; ');
    const { box, changes } = await opened('several', made);
    await lines((await changes()).row);
    used.editor.commands.set('workbench.view.scm', () => undefined);
    for (const name of names.slice(0, 3)) {
      await used.editor.run('runloop.openInSourceControl', await app('several', name));
    }
    used.editor.answer(/^Up to 3 repositories can be open/, undefined);
    await used.editor.run('runloop.openInSourceControl', await app('several', 'r4'));
    const labels = (): string[] => controls().map(({ label }) => label.split(' ')[0] ?? '');
    assert.deepEqual(labels(), ['r1', 'r2', 'r3']);
    used.editor.answer(/^Up to 3 repositories can be open/, 'r2 (several)');
    await used.editor.run('runloop.openInSourceControl', await app('several', 'r4'));
    assert.deepEqual(labels(), ['r1', 'r3', 'r4']);
    await end(box);
    await used.editor.run('runloop.refreshDevboxes');
    await eventually(
      () => Promise.resolve(controls().length),
      (count) => count === 0,
    );
  });

  async function end({ id }: FilesDevbox): Promise<void> {
    await endDevbox(used.api, id);
  }
});
