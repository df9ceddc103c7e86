import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { UIKind, Uri } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Opening the VS Code of a devbox', function () {
  this.timeout(120_000);
  const used = useWindow({ hasVscode: true });
  /** What a browser is started with, in its arguments, for everybody to read. */
  const oneTime = /^http:\/\/devbox-[0-9a-f]{32}\.localhost:\d+\/runloop-open-[0-9a-f]{32}$/;
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

  it('attaches, and gives the browser an address without a token, which works once', async () => {
    const { editor } = used;
    await editor.run('runloop.openVscode', await devboxId());
    assert.equal(editor.opened.length, 1);
    const [address = ''] = editor.opened;
    assert.match(address, oneTime);
    const browser = spawn('sh', ['-c', 'sleep 30', 'browser', address]);
    try {
      const arguments_ = await argumentsOfPrograms();
      assert.ok(arguments_.includes(address) && !arguments_.includes('tkn='));
    } finally {
      browser.kill();
    }
    const first = await answerOf(new URL(address));
    assert.equal(first.status, 302);
    const page = new URL(first.location, address);
    const token = page.searchParams.get('tkn') ?? '';
    const opened = await answerOf(page);
    assert.ok(opened.status < 400, String(opened.status));
    assert.ok(!(await answerOf(new URL(address))).location.includes(token), 'once');
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
    editor.answer(/^The link to the VS Code of opened gives access to it/, undefined);
    await editor.run('runloop.copyVscodeLink', id);
    assert.equal(editor.clipboard, '');
    editor.answer(/^The link to the VS Code of opened gives access to it/, 'Copy Link');
    await editor.run('runloop.copyVscodeLink', id);
    assert.match(editor.clipboard, link);
    assert.equal(editor.opened.length, 0);
  });

  it('opens it inside the editor with an address that shows no token, and outside where that cannot be', async () => {
    const { editor } = used;
    const id = await devboxId();
    editor.settings.set('runloop.openVscodeIn', 'simpleBrowser');
    await editor.run('runloop.openVscode', id);
    assert.match(editor.opened[0] ?? '', oneTime);
    const shown: string[] = [];
    editor.commands.set('simpleBrowser.api.open', (uri) => shown.push(String(uri)));
    // A click right after the first one counts as a double click.
    await eventually(
      () => editor.run('runloop.openVscode', id),
      () => shown.length > 0,
    );
    assert.equal(editor.opened.length, 1);
    assert.match(shown[0] ?? '', oneTime);
  });

  it('takes the host under which the editor forwards it, where the browser is elsewhere', async () => {
    const { editor } = used;
    const id = await devboxId();
    editor.uiKind = UIKind.Web;
    editor.externalUri = (uri) => Uri.parse(`https://${uri.authority.replace(/^.*:/, '')}.editor.example/`, true);
    await editor.run('runloop.openVscode', id);
    assert.match(editor.opened[0] ?? '', /^https:\/\/\d+\.editor\.example\/runloop-open-[0-9a-f]{32}$/);
  });

  it('keeps the host, where the editor brings the port to the computer of the browser', async () => {
    const { editor } = used;
    const id = await devboxId();
    editor.remoteName = 'ssh-remote';
    editor.externalUri = () => Uri.parse('http://localhost:4242/', true);
    await editor.run('runloop.openVscode', id);
    assert.match(editor.opened[0] ?? '', /^http:\/\/devbox-[0-9a-f]{32}\.localhost:4242\/runloop-open-[0-9a-f]{32}$/);
  });

  it('warns before a devbox gets the origin of the editor, as in a code-server without host names for ports', async () => {
    const { editor } = used;
    const id = await devboxId();
    editor.uiKind = UIKind.Web;
    editor.externalUri = (uri) => Uri.parse(`https://editor.example/proxy/${uri.authority.replace(/^.*:/, '')}/`, true);
    editor.answer(/^Open the VS Code of opened under the address of this editor/, undefined);
    await editor.run('runloop.openVscode', id);
    assert.equal(editor.opened.length, 0);
    editor.answer(/^Open the VS Code of opened under the address of this editor/, undefined);
    await editor.run('runloop.copyVscodeLink', id);
    assert.equal(editor.clipboard, '');
    editor.answer(/^Open the VS Code of opened under the address of this editor/, 'Open Anyway');
    await editor.run('runloop.openVscode', id);
    assert.match(editor.opened[0] ?? '', /^https:\/\/editor\.example\/proxy\/\d+\/runloop-open-[0-9a-f]{32}$/);
  });

  it('finds open pages again after a reload of the window, and tells them what became of the devbox', async () => {
    const { editor, api } = used;
    const id = await devboxId();
    await editor.run('runloop.openVscode', id);
    const [address = ''] = editor.opened;
    const page = new URL((await answerOf(new URL(address))).location, address);
    const look = async (): Promise<Answer> => answerOf(new URL('/', address), page.searchParams.get('tkn') ?? '');
    assert.ok((await look()).status < 400);
    used.reload();
    await eventually(look, ({ status }) => status < 400);
    // What a browser inside the editor is told to show again.
    assert.match((await answerOf(new URL(address))).location, /^\.\/\?folder=/);
    editor.opened.length = 0;
    await editor.run('runloop.openVscode', id);
    assert.equal(new URL(editor.opened[0] ?? '').host, page.host);

    editor.answer(/^Suspend opened/, 'Suspend');
    await editor.run('runloop.suspendDevbox', id);
    const asleep = await eventually(look, ({ body }) => /opened is suspended/.test(body));
    assert.equal(asleep.status, 503);
    assert.match(asleep.body, /<html lang="en">.*http-equiv="refresh"/s);
    await eventually(
      () => api.devboxes.retrieve(id),
      ({ status }) => status === 'suspended',
    );
    await api.devboxes.resume(id);
    await eventually(
      () => api.devboxes.retrieve(id),
      ({ status }) => status === 'running',
    );
    await editor.run('runloop.attachDevbox', id);
    // Its server has a new token by now; whoever has the old one is let in.
    const back = await eventually(look, ({ status }) => status === 302);
    const renewed = new URL(back.location, address);
    assert.notEqual(renewed.searchParams.get('tkn'), page.searchParams.get('tkn'));
    assert.ok((await answerOf(renewed)).status < 400);

    await api.devboxes.shutdown(id);
    await editor.run('runloop.refreshDevboxes');
    const over = await eventually(look, ({ body }) => /opened has ended/.test(body));
    // Nothing comes after that.
    assert.doesNotMatch(over.body, /http-equiv="refresh"/);
  });
});

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

/** What the address answers; its host is a name of this computer, which not every resolver knows. */
async function answerOf({ host, port, pathname, search }: URL, token?: string): Promise<Answer> {
  const cookie = token === undefined ? {} : { cookie: `vscode-tkn=${token}` };
  const headers = { host, accept: 'text/html', ...cookie };
  const request = get({ host: '127.0.0.1', port, path: pathname + search, headers, agent: false });
  try {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return {
      status: answer.statusCode ?? 0,
      location: answer.headers.location ?? '',
      body: (await readAll(answer)).slice(0, 500),
    };
  } catch (error) {
    // Nobody listens while the window is reloaded.
    return { status: 999, location: '', body: String(error) };
  }
}

/** The arguments of all programs that run, as every user of the computer can read them. */
async function argumentsOfPrograms(): Promise<string> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.join('\n');
}
