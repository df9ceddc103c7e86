import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { UIKind, Uri } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Opening the VS Code of a devbox', function () {
  this.timeout(120_000);
  const used = useWindow({ hasVscode: true });
  const link = /^http:\/\/devbox-[0-9a-f]{32}\.localhost:\d+\/\?tkn=/;

  /** One devbox for all tests. */
  async function devboxId(): Promise<string> {
    const { editor, extension } = used;
    const known = (await extension.list()).find(({ name }) => name === 'opened');
    if (known !== undefined) return known.id;
    editor.answer(/^Start Devbox/, 'opened');
    await editor.run('runloop.startDevbox');
    const made = (await extension.list()).find(({ name }) => name === 'opened');
    assert.ok(made !== undefined);
    return made.id;
  }

  it('attaches, and gives the browser an address with a token that nobody else sees', async () => {
    const { editor } = used;
    await editor.run('runloop.openVscode', await devboxId());
    assert.equal(editor.opened.length, 1);
    assert.match(editor.opened[0] ?? '', link);
    const status = await statusOf(new URL(editor.opened[0] ?? ''));
    assert.ok(status !== undefined && status < 400, String(status));
    const token = new URL(editor.opened[0] ?? '').searchParams.get('tkn') ?? '';
    const seen = JSON.stringify([editor.messages, editor.progress, editor.channels.map(({ text }) => text)]);
    assert.ok(token.length > 8 && !seen.includes(token));
  });

  it('opens it once for two clicks', async () => {
    const { editor } = used;
    const id = await devboxId();
    await Promise.all([editor.run('runloop.openVscode', id), editor.run('runloop.openVscode', id)]);
    assert.equal(editor.opened.length, 1);
  });

  it('copies the link after a yes only', async () => {
    const { editor } = used;
    const id = await devboxId();
    editor.answer(/^The link to the VS Code of opened carries access to it/, undefined);
    await editor.run('runloop.copyVscodeLink', id);
    assert.equal(editor.clipboard, '');
    editor.answer(/^The link to the VS Code of opened carries access to it/, 'Copy Link');
    await editor.run('runloop.copyVscodeLink', id);
    assert.match(editor.clipboard, link);
    assert.deepEqual(editor.opened, []);
  });

  it('opens it inside the editor with an address that shows no token, and outside where that cannot be', async () => {
    const { editor } = used;
    const id = await devboxId();
    editor.settings.set('runloop.openVscodeIn', 'simpleBrowser');
    await editor.run('runloop.openVscode', id);
    assert.match(editor.opened[0] ?? '', link);
    const shown: string[] = [];
    editor.commands.set('simpleBrowser.api.open', (uri) => shown.push(String(uri)));
    // A click right after the first one counts as a double click.
    await eventually(
      () => editor.run('runloop.openVscode', id),
      () => shown.length > 0,
    );
    assert.equal(editor.opened.length, 1);
    assert.doesNotMatch(shown[0] ?? '', /tkn/);
  });

  it('takes the address under which the editor forwards it, where the browser is elsewhere', async () => {
    const { editor } = used;
    const id = await devboxId();
    editor.uiKind = UIKind.Web;
    editor.externalUri = (uri) => Uri.parse(`https://editor.example/proxy/${uri.authority.replace(/^.*:/, '')}/`, true);
    await editor.run('runloop.openVscode', id);
    assert.match(editor.opened[0] ?? '', /^https:\/\/editor\.example\/proxy\/\d+\/\?tkn=/);
  });
});

/** What the address answers; its host is a name of this computer, which not every resolver knows. */
async function statusOf({ host, port, pathname, search }: URL): Promise<number | undefined> {
  const request = get({ host: '127.0.0.1', port, path: pathname + search, headers: { host } });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}
