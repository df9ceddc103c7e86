import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import { openDocument, openIn } from '../../../fakeVscode/openDocuments';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Range, Uri } from '../../../fakeVscode/values';

describe('The documents of commands that a window has open', function () {
  this.timeout(120_000);
  const used = useWindow();

  /** Runs a command as a person does. @returns the address of its document */
  const run = async (devboxId: string, command: string): Promise<vscode.Uri> => {
    const { editor } = used;
    const running = editor.run('runloop.runCommand', devboxId);
    const box = await editor.box(/^Run Command in /);
    box.type(command);
    box.accept();
    await running;
    return editor.documents.at(-1)?.uri ?? assert.fail();
  };
  const textOf = (uri: vscode.Uri): string => {
    const by = used.editor.contentProviders.get('runloop-run');
    const text = by?.provideTextDocumentContent(uri, undefined as never);
    return typeof text === 'string' ? text : '';
  };
  const devbox = async (name: string): Promise<string> => {
    const { id } = await used.api.devboxes.create({ name }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  };
  const reload = (): string[] => {
    const opened: string[] = [];
    used.reload();
    const { editor } = used;
    editor.commands.set('vscode.open', (uri) => void opened.push(String(uri)));
    return opened;
  };

  it('come back after a reload, say what was run and how it ended, and run it again', async () => {
    const { editor } = used;
    const id = await devbox('reloaded');
    const over = await run(id, 'echo "out""put"; exit 3');
    await editor.eventually(() => textOf(over).includes('exit code 3'));
    const going = await run(id, 'echo go; sleep 300');
    const closed = await run(id, 'echo closed');
    await editor.eventually(() => textOf(closed).includes('exit code 0'));
    openDocument(editor, closed, textOf(closed)).close();
    const opened = reload();
    await editor.eventually(() => opened.length === 2);
    assert.deepEqual(opened, [over.toString(), going.toString()]);
    const where = '\n… This window was reloaded after that. The output is in the log of the devbox.\n';
    assert.match(
      textOf(over),
      /^\$ echo "out""put"; exit 3\n\n── reloaded \(dbx_\w+\) ── exit code 3 after [\d.]+ s\n/,
    );
    assert.ok(textOf(over).endsWith(where), textOf(over));
    assert.match(textOf(going), /── was running when this window was reloaded\n/);
    assert.doesNotMatch(JSON.stringify(editor.workspaceState.get('runloop.openRuns')), /output/);
    await editor.run('runloop.runCommandAgain', over);
    const again = editor.documents.at(-1)?.uri ?? assert.fail();
    assert.notEqual(again.toString(), over.toString());
    await editor.eventually(() => /exit code 3 after [\d.]+ s\noutput\n/.test(textOf(again)));
  });

  it('say that a command with a secret in it is to be typed again, as it is not kept', async () => {
    const { editor } = used;
    const id = await devbox('secret');
    const uri = await run(id, 'curl -H "Authorization: Bearer abcdefghijklmnop" http://127.0.0.1:1');
    await editor.eventually(() => textOf(uri).includes('exit code'));
    const opened = reload();
    await editor.eventually(() => opened.length === 1);
    assert.doesNotMatch(JSON.stringify(editor.workspaceState.get('runloop.openRuns')), /abcdefghijklmnop/);
    assert.match(textOf(uri), /\n… The whole command was not kept, as it is long or has a secret in it\./);
    const before = editor.documents.length;
    await editor.run('runloop.runCommandAgain', uri);
    await editor.message(/The whole command was not kept/);
    assert.equal(editor.documents.length, before);
  });

  it('show their end as it grows, until somebody scrolls up, and again from the end on', async () => {
    const { editor } = used;
    await run(await devbox('grows'), 'true');
    const shown: number[] = [];
    const uri = Uri.from({ scheme: 'runloop-run', path: '/seq', query: '1' });
    const { document, reload: become } = openDocument(editor, uri, 'one\n');
    const lines = (count: number): string => 'line\n'.repeat(count);
    const withLines = Object.assign(document, { lineAt: (line: number) => ({ range: new Range(line, 0, line, 0) }) });
    const one = {
      document: withLines,
      visibleRanges: [new Range(0, 0, 1, 0)],
      revealRange: (range: vscode.Range) => void shown.push(range.start.line),
    };
    const other = { ...one, document: openDocument(editor, Uri.file('/other'), '').document };
    editor.visibleTextEditors = [one, other] as unknown as vscode.TextEditor[];
    const scroll = (from: number, to: number): void => {
      one.visibleRanges = [new Range(from, 0, to, 0)];
      const event = { textEditor: one, visibleRanges: one.visibleRanges };
      openIn(editor).scrolled.fire(event as unknown as vscode.TextEditorVisibleRangesChangeEvent);
    };
    become(lines(100));
    // Of what has grown, less is in view for a moment: nobody has scrolled.
    scroll(0, 30);
    scroll(70, 100);
    become(lines(200));
    assert.deepEqual(shown.splice(0), [100, 200]);
    scroll(170, 200);
    scroll(120, 150);
    become(lines(300));
    scroll(160, 190);
    become(lines(400));
    assert.deepEqual(shown.splice(0), []);
    scroll(370, 400);
    become(lines(500));
    assert.deepEqual(shown.splice(0), [500]);
  });
});
