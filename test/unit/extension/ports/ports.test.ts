import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import type { FakeTreeView } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { UIKind, Uri } from '../../../fakeVscode/values';
import { servePorts } from '../../../platform/portServices';
import { filesDevbox, type FilesDevbox } from '../../core/files/useFiles';
import { askPort } from '../../core/ports/askPort';

type Shown = Awaited<ReturnType<FakeTreeView['rows']>>[number];

/** Ports of the devboxes of a local platform are this computer's. */
const served = 18_310;

describe('Ports in the view', function () {
  this.timeout(120_000);
  const used = useWindow();

  const label = ({ item }: Shown): string => (typeof item.label === 'string' ? item.label : '');
  const view = (): FakeTreeView => used.editor.views.get('runloop.devboxes') ?? assert.fail();
  async function below(row: unknown, name: string): Promise<Shown> {
    const rows = await view().rows(row);
    return rows.find((one) => label(one) === name) ?? assert.fail(rows.map(label).join());
  }
  /** The row of a devbox. */
  async function devboxRow(name: string): Promise<Shown> {
    view().setVisible(true);
    await used.editor.run('runloop.refreshDevboxes');
    const row = await eventually(
      async () => {
        const groups = await view().rows();
        return (await Promise.all(groups.map(({ row: group }) => view().rows(group))))
          .flat()
          .find((one) => label(one) === name);
      },
      (found) => found !== undefined,
    );
    return row ?? assert.fail();
  }
  /** A plain devbox that serves pages, with its row "Ports". */
  async function serving(name: string, port: number): Promise<{ readonly box: FilesDevbox; readonly ports: Shown }> {
    const box = await filesDevbox(used.api, name);
    await servePorts(box.commands, port);
    return { box, ports: await below((await devboxRow(name)).row, 'Ports') };
  }
  const shown = async (row: unknown): Promise<string[]> =>
    (await view().rows(row)).map(
      (one) => `${label(one)}: ${String(one.item.description)} (${String(one.item.contextValue)})`,
    );

  it('tell what listens in a plain devbox, found when somebody looks and not when it is drawn again', async () => {
    const { box, ports } = await serving('looked at', served);
    assert.deepEqual([ports.item.contextValue, ports.item.description], ['ports', undefined]);
    const executions = async (): Promise<number> =>
      (await used.api.logs.newest(box.id)).filter(({ command }) => command?.includes('/proc/net/tcp') === true).length;
    const before = await executions();
    assert.deepEqual(await shown(ports.row), [
      `Port ${served}: python3 (port)`,
      `Port ${served + 1}: python3 (port)`,
      `Port ${served + 2}: listens on localhost only; bind to 0.0.0.0 · python3 (port.local)`,
    ]);
    // What a press of Enter does.
    const [reachable, , local] = await view().rows(ports.row);
    assert.deepEqual(
      [reachable?.item.command?.command, reachable?.item.command?.arguments],
      ['runloop.openPort', [reachable?.row]],
    );
    assert.equal(local?.item.command, undefined);
    view().setOpen(ports.row, true);
    assert.equal((await executions()) - before, 1);
    await box.bash('pkill python3; sleep 0.3');
    assert.equal((await shown(ports.row)).length, 3);
    await used.editor.run('runloop.refreshFiles', ports.row);
    assert.deepEqual(await shown(ports.row), ['No program is listening on a port:  (detail)']);
  });

  it('open in a browser that is told an address for one use, and copy one that works', async () => {
    const { editor } = used;
    const { box, ports } = await serving('opened', served + 10);
    const port = await below(ports.row, `Port ${served + 10}`);
    await editor.run('runloop.openPort', port.row);
    const once = editor.opened.at(-1) ?? '';
    assert.match(once, /^http:\/\/open\.localhost:\d+\/runloop-open-[0-9a-f]{32}$/);
    const { headers } = await askPort(once);
    assert.match((await askPort(String(headers.location))).text, /Hello from the devbox/);
    await editor.run('runloop.copyPortUrl', port.row);
    assert.match((await askPort(editor.clipboard)).text, /Hello from the devbox/);
    assert.equal(editor.clipboard, headers.location);
    // The tunnel was made for it, with a token, and is no use of the devbox.
    const { tunnel } = await used.api.devboxes.retrieve(box.id);
    assert.deepEqual([tunnel?.authMode, tunnel?.httpKeepAlive], ['authenticated', false]);
    assert.equal((await below((await devboxRow('opened')).row, 'Ports')).item.description, 'token required');
    // What is no HTTP gets a page that says so.
    await editor.run('runloop.copyPortUrl', (await below(ports.row, `Port ${served + 11}`)).row);
    const garbage = await askPort(editor.clipboard, { headers: { accept: 'text/html' } });
    assert.match(
      garbage.text,
      new RegExp(`Port ${served + 11} of opened.* is not responding.*does not speak HTTP`, 's'),
    );
    // In the editor's own browser it can be loaded again.
    editor.settings.set('runloop.openVscodeIn', 'simpleBrowser');
    editor.commands.set('simpleBrowser.api.open', (uri) => editor.opened.push(String(uri)));
    await editor.run('runloop.openPort', port.row);
    assert.match(editor.opened.at(-1) ?? '', /devbox-[0-9a-f]{32}\.localhost/);
    await editor.run('runloop.signOut');
    await assert.rejects(askPort(String(headers.location)));
  });

  it('are forwarded to a fixed port until that is stopped, which says who can use it', async () => {
    const { editor } = used;
    const { ports } = await serving('forwarded', served + 20);
    const port = await below(ports.row, `Port ${served + 20}`);
    const local = served + 25;
    editor.answer(/^Forward Port/, String(local));
    await editor.run('runloop.forwardPort', port.row);
    assert.ok(editor.inputs.some(({ prompt }) => /every program and user of this computer can use/.test(prompt ?? '')));
    for (const [text, isFine] of [
      ['0', false],
      ['65536', false],
      ['-1', false],
      ['1e3', false],
      ['80', true],
    ] as const) {
      assert.equal(editor.inputs.at(-1)?.validateInput?.(text) === undefined, isFine, text);
    }
    await editor.message(
      new RegExp(`is forwarded to http://localhost:${local} until this window is closed\\. Every program`),
    );
    assert.match((await askPort(`http://localhost:${local}/`)).text, /Hello/);
    assert.equal((await shown(ports.row))[0], `Port ${served + 20}: localhost:${local} · python3 (port.forwarded)`);
    await editor.run('runloop.copyPortUrl', port.row);
    assert.equal(editor.clipboard, `http://localhost:${local}/`);
    // Another one does not get it, and is told why.
    editor.answer(/^Forward Port/, String(local));
    await editor.run('runloop.forwardPort', (await below(ports.row, `Port ${served + 21}`)).row);
    await editor.message(new RegExp(`Port ${local} of this computer is already in use`));
    await editor.run('runloop.stopForwarding', port.row);
    await assert.rejects(askPort(`http://localhost:${local}/`), /ECONNREFUSED/);
    assert.equal((await shown(ports.row))[0], `Port ${served + 20}: python3 (port)`);
    // So does the end of the window.
    editor.answer(/^Forward Port/, String(local));
    await editor.run('runloop.forwardPort', port.row);
    assert.equal((await askPort(`http://localhost:${local}/`)).status, 200);
    used.reload();
    await assert.rejects(askPort(`http://localhost:${local}/`), /ECONNREFUSED/);
  });

  it('of a devbox that rests or has ended are not asked for, and end with it', async () => {
    const { editor, api } = used;
    const { box, ports } = await serving('rests', served + 30);
    const port = await below(ports.row, `Port ${served + 30}`);
    editor.answer(/^Forward Port/, String(served + 35));
    await editor.run('runloop.forwardPort', port.row);
    await api.devboxes.suspend(box.id);
    await api.devboxes.waitForStatus(box.id, ['suspended'], 20);
    await editor.run('runloop.refreshDevboxes');
    const page = await eventually(
      () => askPort(`http://localhost:${served + 35}/`, { headers: { accept: 'text/html' } }),
      ({ status }) => status === 503,
    );
    assert.match(page.text, /rests.* is not running.*Opening the page does not resume it/s);
    await editor.run('runloop.refreshFiles', ports.row);
    assert.match((await shown(ports.row)).join(), /could not be listed: Devbox .* is suspended/);
    await editor.run('runloop.openPort', port.row);
    await editor.message(/is suspended/);
    assert.equal((await api.devboxes.retrieve(box.id)).status, 'suspended');
    await api.devboxes.shutdown(box.id);
    await editor.run('runloop.refreshDevboxes');
    await eventually(
      () =>
        askPort(`http://localhost:${served + 35}/`).then(
          () => 'answered',
          () => 'closed',
        ),
      (state) => state === 'closed',
    );
  });

  it('that are open to everybody are marked, and require a token when somebody says so', async () => {
    const { editor, api } = used;
    const { box } = await serving('public', served + 40);
    await api.tunnels.enable(box.id, { auth_mode: 'open' }, {});
    const ports = await below((await devboxRow('public')).row, 'Ports');
    assert.deepEqual(
      [ports.item.contextValue, ports.item.description],
      ['ports.open', 'open to anyone with the address'],
    );
    editor.answer(/^Require a token for the ports of public/, undefined);
    await editor.run('runloop.requireToken', ports.row);
    assert.equal((await api.devboxes.retrieve(box.id)).tunnel?.authMode, 'open');
    editor.answer(/^Require a token for the ports of public/, 'Require a Token');
    await editor.run('runloop.requireToken', ports.row);
    await editor.message(/now require a token/);
    assert.equal((await api.devboxes.retrieve(box.id)).tunnel?.authMode, 'authenticated');
    const now = await below((await devboxRow('public')).row, 'Ports');
    assert.deepEqual([now.item.contextValue, now.item.description], ['ports', 'token required']);
    await editor.run('runloop.requireToken', ports.row);
    await editor.message(/already require a token/);
  });

  it('of a devbox that this window is attached to require a token, and it finds back to its action server', async () => {
    const { editor, api, extension } = used;
    editor.settings.set('runloop.tunnelAuthentication', 'open');
    editor.answer(/^Start Devbox/, 'attached');
    await editor.run('runloop.startDevbox');
    const { id } = (await extension.list()).find(({ name }) => name === 'attached') ?? assert.fail();
    assert.equal((await api.devboxes.retrieve(id)).tunnel?.authMode, 'open');
    const { row } = await devboxRow('attached');
    assert.deepEqual((await view().rows(row)).map(label), ['Session', 'Ports', 'Files', 'Changes', 'Agents']);
    const ports = await below(row, 'Ports');
    assert.match((await shown(ports.row)).join('\n'), /^Port 4444: Action server/m);
    editor.answer(/^Require a token for the ports of attached/, 'Require a Token');
    await editor.run('runloop.requireToken', ports.row);
    await editor.message(/now require a token/);
    assert.equal((await api.devboxes.retrieve(id)).tunnel?.authMode, 'authenticated');
    const session = await below((await devboxRow('attached')).row, 'Session');
    assert.equal(session.item.description, 'attached, server up');
    await api.devboxes.shutdown(id);
  });

  it("are never shown on the editor's own origin", async () => {
    const { editor } = used;
    const { ports } = await serving('elsewhere', served + 50);
    const port = await below(ports.row, `Port ${served + 50}`);
    editor.uiKind = UIKind.Web;
    // As code-server does it: below a path of its own address.
    editor.externalUri = (uri) => Uri.parse(`https://editor.example/proxy/${uri.authority.split(':')[1] ?? ''}/`);
    await editor.run('runloop.openPort', port.row);
    await editor.message(/under its own address, where programs in the devbox could take over the editor/);
    assert.equal(editor.opened.length, 0);
    // With names of their own, after a question.
    editor.externalUri = (uri) => Uri.parse(`https://${uri.authority.split(':')[1] ?? ''}.editor.example/`);
    editor.answer(/under an address of this editor/, 'Show');
    await editor.run('runloop.openPort', port.row);
    const { host } = new URL(editor.opened.at(-1) ?? '');
    const listens = host.split('.')[0] ?? '';
    assert.match((await askPort(`http://127.0.0.1:${listens}/`, { host })).text, /Hello/);
    assert.equal((await askPort(`http://127.0.0.1:${listens}/`)).status, 404);
    const seen = await askPort(`http://127.0.0.1:${listens}/headers`, { host, headers: { cookie: 'editor=secret' } });
    assert.ok(!seen.text.includes('secret'));
    // A port of the browser's own computer keeps the name.
    editor.externalUri = () => Uri.parse('http://localhost:4999/');
    await editor.run('runloop.copyPortUrl', port.row);
    assert.match(editor.clipboard, /^http:\/\/devbox-[0-9a-f]{32}\.localhost:4999\/$/);
  });
});
