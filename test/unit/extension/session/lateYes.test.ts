import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { CountingProxy } from '../../../platform/countingProxy';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

/** A command, what is answered, and the question at which the account is left: the answer comes after that. */
interface Case {
  readonly command: string;
  readonly answers: readonly (readonly [question: RegExp, choice: string | RegExp])[];
  readonly leftAt: RegExp;
  /** False for a command that asks for what it is about. */
  readonly isGivenId?: false;
}

const build = [
  [/^Start Devbox/, 'built'],
  [/^Devbox built failed to start|blueprint/, 'Build It…'],
  [/^Build the blueprint/, 'Build and Start'],
] as const;
const start = [/^Start a VS Code server/, 'Start VS Code'] as const;
const install = [/^The devbox late has no VS Code server/, 'Install and Start'] as const;
const cases: readonly Case[] = [
  { command: 'openVscode', answers: [start], leftAt: start[0] },
  { command: 'openVscode', answers: [start, install], leftAt: install[0] },
  { command: 'suspendDevbox', answers: [[/^Suspend /, 'Suspend']], leftAt: /^Suspend late/ },
  { command: 'shutDownDevbox', answers: [[/^Shut down /, 'Shut Down']], leftAt: /^Shut down the devbox late/ },
  { command: 'renameDevbox', answers: [[/^Rename Devbox/, 'renamed']], leftAt: /^Rename Devbox/ },
  { command: 'requireToken', answers: [[/^Require a token/, 'Require a Token']], leftAt: /^Require a token/ },
  { command: 'startDevbox', isGivenId: false, answers: build.slice(0, 1), leftAt: /^Start Devbox/ },
  { command: 'startDevbox', isGivenId: false, answers: build, leftAt: /^Build the blueprint/ },
];

describe('A yes that comes when the account was left', function () {
  this.timeout(120_000);
  const used = useWindow();
  const started: { proxy?: CountingProxy } = {};
  const proxy = (): CountingProxy => started.proxy ?? assert.fail();
  before(async () => {
    started.proxy = await CountingProxy.start(used.platform.baseUrl);
  });
  after(() => started.proxy?.stop());

  const nameOfKey = (): string => `runloop.apiKey:${proxy().baseUrl}`;
  /** The window uses the account. @returns a devbox of it that is open to the public */
  async function begin(): Promise<string> {
    const { editor, platform, extension, api } = used;
    await editor.secrets.store(nameOfKey(), platform.apiKey);
    editor.settings.set('runloop.baseUrl', proxy().baseUrl);
    editor.settings.set('runloop.blueprint', 'none-of-this-name');
    const { id } = await platform.client().devboxes.createAndAwaitRunning({ name: 'late' });
    await api.tunnels.enable(id, { auth_mode: 'open' }, {});
    await extension.list();
    return id;
  }
  /** The window leaves the account; from then on its API is asked for nothing. */
  async function leave(): Promise<void> {
    await used.editor.secrets.delete(nameOfKey());
    await assert.rejects(used.extension.list(), { code: 'missing_api_key' });
    proxy().reset();
  }

  for (const { command, answers, leftAt, isGivenId = true } of cases) {
    it(`changes nothing there: ${command}, at ${leftAt.source.slice(1)}`, async () => {
      const { editor, api } = used;
      const id = await begin();
      let isLeft = false;
      editor.whileBusy = async (what) => {
        const question = /^question ([^]*)$/.exec(what)?.[1];
        if (isLeft || question === undefined || !leftAt.test(question)) return;
        isLeft = true;
        await leave();
      };
      for (const [question, choice] of answers) editor.answer(question, choice);
      await editor.run(`runloop.${command}`, ...(isGivenId ? [id] : [])).catch(() => undefined);
      await editor.eventually(() => isLeft);
      await editor.message(/has switched to another account/);
      editor.whileBusy = () => Promise.resolve();
      editor.forgive();
      assert.deepEqual(proxy().paths, []);
      assert.equal((await api.devboxes.retrieve(id)).status, 'running');
      await api.devboxes.shutdown(id);
    });
  }

  for (const leftAt of [/^Running devboxes that may/, /^Suspending keeps the disk/]) {
    it(`suspends none there that was forgotten, at ${leftAt.source.slice(1)}`, async () => {
      const { editor, extension } = used;
      const devbox = { id: 'dbx_1', name: 'late', status: 'running', create_time_ms: 1, metadata: {} };
      const server = await ScriptedServer.start(({ method, url }, answer) => {
        sendJson(answer, method === 'GET' && url.includes('?') ? { devboxes: [devbox], has_more: false } : devbox);
      });
      const key = `runloop.apiKey:${server.origin}`;
      await editor.secrets.store(key, 'ak_of_a_test');
      editor.settings.set('runloop.baseUrl', server.origin);
      await extension.list();
      editor.whileBusy = async (what) => {
        if (!leftAt.test(what.replace(/^question /, ''))) return;
        editor.whileBusy = () => Promise.resolve();
        await editor.secrets.delete(key);
        await assert.rejects(extension.list(), { code: 'missing_api_key' });
      };
      editor.answer(/^Forgotten Devboxes/, /late/);
      editor.answer(/^late/, 'Suspend');
      await editor.run('runloop.findForgottenDevboxes').catch(() => undefined);
      await editor.message(/has switched to another account/);
      editor.forgive();
      await server.stop();
      assert.deepEqual(
        server.seen.filter(({ method }) => method !== 'GET'),
        [],
      );
    });
  }

  it('resumes nothing there for another extension', async () => {
    const { editor, api, extension, platform } = used;
    const id = await begin();
    await platform.client().devboxes.suspend(id);
    await api.devboxes.waitForStatus(id, ['suspended'], 20);
    editor.whileBusy = async (what) => {
      if (!what.includes('wants to resume')) return;
      editor.whileBusy = () => Promise.resolve();
      await leave();
    };
    editor.answer(/wants to resume the devbox/, 'Resume');
    await assert.rejects(extension.attach(id), { code: 'account_changed' });
    assert.deepEqual(proxy().paths, []);
    assert.equal((await api.devboxes.retrieve(id)).status, 'suspended');
    await api.devboxes.shutdown(id);
  });

  it('asks nothing about a VS Code there that was looked for meanwhile', async () => {
    const { editor, api } = used;
    const id = await begin();
    let isLeft = false;
    proxy().before = async (_, path) => {
      if (isLeft || !path.endsWith('/write_file_contents')) return;
      isLeft = true;
      await leave();
    };
    editor.answer(...start);
    await editor.run('runloop.openVscode', id);
    assert.ok(isLeft);
    await editor.message(/has switched to another account/);
    assert.ok(!editor.messages.some(({ text }) => install[0].test(text)));
    await api.devboxes.shutdown(id);
  });

  it('starts nothing there by the last answer of many', async () => {
    const { editor, api } = used;
    const id = await begin();
    editor.answer(/Select what to start from/, 'Plain devbox');
    editor.answer(/Size/, 'SMALL');
    editor.answer(/When it ends automatically/, /1 h/);
    editor.answer(/Initial content of the workspace/, 'Nothing');
    editor.answer(/Environment variables/, 'Continue');
    const asked = editor.run('runloop.startWithOptions').catch(() => undefined);
    const box = await editor.box(/Devbox name/);
    await leave();
    if ('type' in box) box.type('of nobody');
    box.accept();
    await asked;
    await editor.message(/has switched to another account/);
    editor.forgive();
    assert.deepEqual(proxy().paths, []);
    await api.devboxes.shutdown(id);
  });
});
