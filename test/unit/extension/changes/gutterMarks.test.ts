import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import type { ChangeSide } from '../../../../src/core/changes/compare';
import type { SideContent } from '../../../../src/core/changes/sides/sideContent';
import { GutterMarks, type GutterContext } from '../../../../src/extension/changes/gutterMarks';
import { eventually } from '../../../eventually';
import { addedTo } from '../../../fakeVscode/contributed';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { openDocument } from '../../../fakeVscode/openDocuments';
import { Uri } from '../../../fakeVscode/values';

describe('Marks at the lines of a devbox', () => {
  const used = useFakeEditor();

  /** Marks of files in a folder of which a test says what is known, and what is read of the last commit. */
  function marksOf(known: {
    head: string;
    readonly changed: Set<string>;
    readonly original: (path: string) => Promise<string | Uint8Array>;
  }): { readonly marks: GutterMarks; readonly failed: unknown[]; readonly asked: string[] } {
    const [failed, asked]: [unknown[], string[]] = [[], []];
    const side: ChangeSide = { mode: '100644', id: 'a', isWork: false, size: 1, isLarge: false };
    const context: GutterContext = {
      fileOf: ({ path }) => ({ devboxId: 'd', top: '/app', path: path.slice('/app/'.length), isWork: true }),
      committed: ({ path }) => {
        const about = { kind: 'modified', path, from: undefined, isHidden: false, isFiltered: false } as const;
        const change = known.changed.has(path) ? { ...about, before: side, after: side } : undefined;
        return { head: known.head, change };
      },
      original: async ({ path }): Promise<SideContent> => {
        asked.push(path);
        const content = await known.original(path);
        return { kind: 'bytes', bytes: Buffer.from(content) };
      },
      isMarked: () => false,
      fail: (error) => failed.push(error),
    };
    return { marks: new GutterMarks(context), failed, asked };
  }

  /** Shows documents side by side. @returns the lines that are marked in each */
  function show(...documents: readonly vscode.TextDocument[]): (() => string)[] {
    const all = documents.map((document) => {
      const marked = new Map<unknown, readonly vscode.Range[]>();
      const setDecorations = (type: unknown, ranges: readonly vscode.Range[]): void => void marked.set(type, ranges);
      const lines = (): string => {
        const sorted = [...marked.values()].flat().map(({ start, end }) => [start.line, end.line] as const);
        return marked.size === 0 ? 'not drawn' : sorted.map(([from, to]) => `${from}-${to}`).join();
      };
      return { editor: { document, setDecorations } as unknown as vscode.TextEditor, lines };
    });
    used.editor.visibleTextEditors = all.map(({ editor }) => editor);
    used.editor.visibleEditorsChanged.fire(used.editor.visibleTextEditors);
    return all.map(({ lines }) => lines);
  }
  const fileUri = (path: string): vscode.Uri =>
    Uri.from({ scheme: 'runloop', authority: 'd.00000000', path: `/app/${path}` });
  const becomes = (lines: (() => string) | undefined, wanted: string): Promise<unknown> =>
    eventually(
      () => Promise.resolve(lines?.()),
      (now) => now === wanted,
    );

  it('are drawn in one editor while the original of another cannot be read, and that is asked for once', async () => {
    const known = {
      head: 'one',
      changed: new Set(['bad', 'slow', 'good']),
      original: (path: string): Promise<string> =>
        path === 'bad'
          ? Promise.reject(new Error('suspended'))
          : path === 'slow'
            ? new Promise<string>(() => undefined)
            : Promise.resolve('a\n'),
    };
    const { marks, failed, asked } = marksOf(known);
    const documents = ['bad', 'slow', 'good'].map((name) => openDocument(used.editor, fileUri(name), 'b\n'));
    const lines = show(...documents.map(({ document }) => document));
    await becomes(lines[2], '0-0');
    documents[2]?.change('a\nb\n');
    await becomes(lines[2], '1-1');
    assert.deepEqual([lines[0]?.(), lines[1]?.(), failed.length], ['not drawn', 'not drawn', 1]);
    assert.deepEqual(asked, ['bad', 'slow', 'good']);
    // The devbox runs again.
    known.original = () => Promise.resolve('a\n');
    marks.looked();
    await becomes(lines[0], '0-0');
    marks.dispose();
  });

  it('do not take what was there before another branch was checked out for what that has', async () => {
    const known = { head: 'one', changed: new Set<string>(), original: () => Promise.resolve('theirs\n') };
    const { marks } = marksOf(known);
    const open = openDocument(used.editor, fileUri('n.txt'), 'ours\n');
    const [lines] = show(open.document);
    await becomes(lines, '');
    // The look is faster than the editor's reading.
    known.head = 'two';
    marks.again();
    await Promise.resolve();
    open.reload('theirs\n');
    const other = openDocument(used.editor, fileUri('other'), 'o\n');
    const [again, drawn] = show(open.document, other.document);
    await becomes(drawn, '');
    other.change('o\np\n');
    await becomes(drawn, '1-1');
    assert.equal(again?.(), '');
    marks.dispose();
  });

  it('of a file that git ignores are gone once it is saved and looked at', async () => {
    const { marks } = marksOf({ head: 'one', changed: new Set(), original: () => Promise.resolve('a\n') });
    const open = openDocument(used.editor, fileUri('ignored.log'), 'a\n');
    const [lines] = show(open.document);
    await becomes(lines, '');
    open.change('a\nb\n');
    await becomes(lines, '1-1');
    marks.looked();
    await Promise.resolve();
    assert.equal(lines?.(), '1-1');
    open.save();
    marks.looked();
    await becomes(lines, '');
    marks.dispose();
  });

  it('are there in a file that was typed in before they could be drawn, and none for a mark of the encoding', async () => {
    const known = { head: 'one', changed: new Set(['bom']), original: () => Promise.resolve('\ufeffa\nb\n') };
    const { marks } = marksOf(known);
    const typed = openDocument(used.editor, fileUri('typed'), 'a\nb\n');
    typed.change('a\nb\nc\n');
    const bom = openDocument(used.editor, fileUri('bom'), 'a\nB\n');
    const [lines, others] = show(typed.document, bom.document);
    await becomes(lines, '2-2');
    await becomes(others, '1-1');
    marks.dispose();
  });

  it('compare what the editor reads in another encoding with what it would read of the original', async () => {
    const bytes = (path: string): Uint8Array =>
      path === 'wide' ? Buffer.from('\ufeffé\nb\n', 'utf16le') : Buffer.from('é\nb\n', 'latin1');
    const known = {
      head: 'one',
      changed: new Set(['latin', 'wide', 'taken']),
      original: (path: string) => Promise.resolve(bytes(path)),
    };
    const { marks } = marksOf(known);
    const latin = openDocument(used.editor, fileUri('latin'), 'é\nB\n', 'iso88591');
    const wide = openDocument(used.editor, fileUri('wide'), 'é\nb\nc\n', 'utf16le');
    const taken = openDocument(used.editor, fileUri('taken'), '\ufffd\nB\n');
    const [one, other, third] = show(latin.document, wide.document, taken.document);
    await becomes(one, '1-1');
    await becomes(other, '2-2');
    await becomes(third, '1-1');
    // Somebody tells the editor what it is.
    taken.reopen('iso88591', 'é\nB\n');
    await becomes(third, '1-1');
    taken.change('é\nb\n');
    await becomes(third, '');
    marks.dispose();
  });

  it('read and watch nothing while the window is not in front', async () => {
    const known = { head: 'one', changed: new Set(['n']), original: () => Promise.resolve('a\n') };
    const { marks, asked } = marksOf(known);
    used.editor.isFocused = false;
    const open = openDocument(used.editor, fileUri('n'), 'b\n');
    const same = openDocument(used.editor, fileUri('same'), 'b\n');
    const [lines, drawn] = show(open.document, same.document);
    await becomes(drawn, '');
    assert.deepEqual([asked, marks.lookedAt], [[], []]);
    used.editor.isFocused = true;
    marks.again();
    await becomes(lines, '0-0');
    assert.deepEqual(marks.lookedAt, ['d', 'd']);
    marks.dispose();
    assert.equal(addedTo(used.editor).decorationTypes.size, 0);
  });

  it('draw nothing of what arrives after the account was left', async () => {
    const arriving: ((text: string) => void)[] = [];
    const original = (): Promise<string> => new Promise((resolve) => arriving.push(resolve));
    const { marks, failed } = marksOf({ head: 'one', changed: new Set(['n']), original });
    const [lines] = show(openDocument(used.editor, fileUri('n'), 'b\n').document);
    await eventually(
      () => Promise.resolve(arriving.length),
      (count) => count === 1,
    );
    marks.clear();
    await eventually(
      () => Promise.resolve(arriving.length),
      (count) => count === 2,
    );
    arriving[0]?.('a\n');
    await new Promise((resolve) => void setImmediate(resolve));
    assert.deepEqual([lines?.(), failed], ['not drawn', []]);
    marks.dispose();
  });
});
