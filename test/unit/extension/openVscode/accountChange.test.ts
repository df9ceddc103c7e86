import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Uri, UIKind } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useChangingAccounts } from '../session/changingAccounts';

describe('A VS Code that is being opened while the account changes', function () {
  this.timeout(180_000);
  const used = useWindow({ hasVscode: true });
  const accounts = useChangingAccounts(used);
  const { changeAtEachRequest, startWithFirst } = accounts;
  const nothingOfIt = (where: string): void => {
    const { editor } = used;
    assert.deepEqual([editor.opened, editor.clipboard], [[], ''], where);
    const pages = JSON.stringify(editor.workspaceState.get('runloop.openedVscodes') ?? []);
    assert.ok(!pages.includes(accounts.otherBaseUrl), `${where}: ${pages}`);
  };
  const keptSessions = (id: string): void => assert.ok(accounts.remembered().includes(id), accounts.remembered());

  it('is not opened, and nothing of the account that the window left is forgotten', async () => {
    const { editor } = used;
    const id = await startWithFirst();
    await editor.run('runloop.detachDevbox', id);
    let count = 0;
    const requests = await changeAtEachRequest(
      async () => {
        await editor.run('runloop.openVscode', id);
        count += editor.opened.length;
      },
      (where) => {
        nothingOfIt(where);
      },
    );
    assert.ok(requests >= 3, String(requests));
    assert.equal(count, 1, 'at last it opens');
    keptSessions(id);
    await used.api.devboxes.shutdown(id);
  });

  it('gives no link away that is asked for', async () => {
    const { editor } = used;
    const id = await startWithFirst();
    const requests = await changeAtEachRequest(
      async () => {
        editor.answer(/^The link to the VS Code of/, 'Copy Link');
        await editor.run('runloop.copyVscodeLink', id);
      },
      (where) => {
        editor.forgive();
        nothingOfIt(where);
        keptSessions(id);
      },
    );
    editor.forgive();
    assert.ok(requests >= 1, String(requests));
    keptSessions(id);
    await used.api.devboxes.shutdown(id);
  });

  it('is not opened by a yes to a question that stood meanwhile', async () => {
    const { editor, extension } = used;
    const id = await startWithFirst();
    editor.uiKind = UIKind.Web;
    editor.externalUri = (uri) => Uri.parse(`https://editor.example/proxy/${uri.authority.replace(/^.*:/, '')}/`, true);
    /** Answers with a yes, once the account has changed. */
    const changeThenYes = async (question: RegExp, yes: string, command: string): Promise<void> => {
      await accounts.beginWithFirst();
      await editor.run('runloop.attachDevbox', id);
      editor.answer(question, yes);
      const show = editor.showMessage.bind(editor);
      editor.showMessage = (kind, text, rest) => {
        if (!question.test(text)) return show(kind, text, rest);
        editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
        // The window waits for the answer, whatever way it comes.
        return extension.list().then(() => show(kind, text, rest)) as never;
      };
      await editor.run(command, id);
      editor.showMessage = show;
      await editor.message(/has switched to another account/);
      nothingOfIt(command);
    };
    await changeThenYes(/^Open the VS Code of .* under the address/, 'Open Anyway', 'runloop.openVscode');
    editor.uiKind = UIKind.Desktop;
    await changeThenYes(/^The link to the VS Code of/, 'Copy Link', 'runloop.copyVscodeLink');
    await used.api.devboxes.shutdown(id);
  });

  it('of a plain devbox is neither looked for nor served in the next account', async () => {
    const { editor } = used;
    const { id } = await used.platform.client().devboxes.createAndAwaitRunning({ name: 'plain' });
    const requests = await changeAtEachRequest(
      async () => {
        editor.answer(/^Start a VS Code server in the devbox/, 'Start VS Code');
        await editor.run('runloop.openVscode', id);
      },
      (where) => {
        editor.forgive();
        nothingOfIt(where);
      },
    );
    editor.forgive();
    assert.ok(requests >= 2, String(requests));
    await used.api.devboxes.shutdown(id);
  });
});
