import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Uri } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

describe('Opening the VS Code of a devbox where no answer comes', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const never = 600_000;

  /** Waits for progress that tells what is waited for, cancels it, and sees that nothing else is said. */
  async function givenUp(work: Promise<unknown>, title: RegExp): Promise<void> {
    const { editor } = used;
    await editor.eventually(() => editor.progress.some((one) => title.test(one.title) && !one.isOver));
    editor.progress.find((one) => title.test(one.title))?.cancel();
    await work;
    assert.deepEqual(editor.opened, []);
    assert.deepEqual(
      editor.messages.filter(({ kind }) => kind === 'error'),
      [],
    );
    await orderFaults(used.platform);
  }

  it('a link from outside shows that it waits, and can be given up', async () => {
    const { editor, api, platform } = used;
    const { id } = await api.devboxes.create({ name: 'linked' }, { requestId: 'waits-1' });
    await orderFaults(platform, { fault: 'delay', path: '/v1/devboxes/{id}', delay_ms: never });
    const uri = Uri.parse(`vscode://runloop-devboxes.runloop-devboxes/open?devbox=${id}`);
    await givenUp(Promise.resolve(editor.uriHandler?.handleUri(uri)), /^Waiting for Runloop/);
  });

  for (const command of ['runloop.openVscode', 'runloop.copyVscodeLink']) {
    it(`${command} of a plain devbox shows that it looks, and can be given up`, async () => {
      const { editor, api, platform } = used;
      const { id } = await api.devboxes.create({ name: 'plain' }, { requestId: command });
      const devbox = await api.devboxes.waitForStatus(id, ['running'], 20);
      assert.ok(devbox !== undefined);
      // First what the devbox is, then whether a VS Code runs behind its tunnel.
      await api.tunnels.ensure(devbox, 'authenticated');
      await orderFaults(platform, { fault: 'delay', path: '/v1/devboxes/{id}', delay_ms: never });
      await givenUp(editor.run(command, id), /^Waiting for Runloop…$/);
      await orderFaults(platform, { fault: 'delay', path: '/v1/devboxes/{id}/read_file_contents', delay_ms: never });
      await givenUp(editor.run(command, id), /^Looking for the VS Code of plain…$/);
    });

    it(`${command} of an attached devbox shows that it waits, and can be given up`, async () => {
      const { editor, extension, platform } = used;
      editor.answer(/^Start Devbox/, 'attached');
      await editor.run('runloop.startDevbox');
      const { id } = (await extension.list()).find(({ name }) => name === 'attached') ?? { id: '' };
      await orderFaults(platform, { fault: 'delay', on: 'tunnel', delay_ms: never });
      await givenUp(editor.run(command, id), /^Waiting for the VS Code of attached/);
      assert.ok((await extension.list()).find((one) => one.id === id)?.attached, 'giving up lets go of nothing');
    });
  }

  /** Commands that look something up, by what they are called with. */
  const lookUps: readonly (readonly [command: string, isCalledWithId: boolean])[] = [
    ['runloop.copyDevboxId', false],
    ['runloop.attachDevbox', false],
    ['runloop.openLog', false],
    ['runloop.searchLogs', false],
    ['runloop.findForgottenDevboxes', false],
    ['runloop.whyDidItStop', false],
    ['runloop.whyDidItStop', true],
    ['runloop.copyWhyItStopped', true],
    ['runloop.startWithOptions', true],
    ['runloop.suspendDevbox', true],
    ['runloop.resumeDevbox', true],
    ['runloop.renameDevbox', true],
    ['runloop.toggleKeepAlive', true],
    ['runloop.shutDownDevbox', true],
    ['runloop.openTerminal', false],
    ['runloop.runCommand', true],
    ['runloop.startAgain', true],
    ['runloop.openPort', true],
    ['runloop.forwardPort', false],
    ['runloop.requireToken', true],
  ];
  for (const [command, isCalledWithId] of lookUps) {
    it(`${command}${isCalledWithId ? ' of a devbox' : ''} shows that it waits, and can be given up`, async () => {
      const { editor, api, platform } = used;
      const { id } = await api.devboxes.create({ name: 'waited' }, { requestId: `${command}-${isCalledWithId}` });
      const paths = ['/v1/devboxes', '/v1/devboxes/{id}', '/v1/devboxes/{id}/**'];
      await orderFaults(platform, ...paths.map((path) => ({ fault: 'delay', path, delay_ms: never })));
      const work = isCalledWithId ? editor.run(command, id) : editor.run(command);
      await givenUp(work, /^(?:Waiting for Runloop|Finding out why)/);
      await api.devboxes.shutdown(id);
    });
  }
});
