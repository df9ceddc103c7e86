import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { onceRule as rule } from '../../../../src/core/http/retryRules';
import { endDevbox } from '../../../../src/core/platform/endDevbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

/** What a link or another extension may call the id of a devbox. */
const noIds: Readonly<Record<string, string>> = {
  'a path': 'dbx_/../../accounts/me',
  'an encoded path': 'dbx_%2F..%2Fshutdown',
  'a query': 'dbx_1?force=true#',
  'control characters': 'dbx_a\r\nHost: evil\0',
  'letters that turn the line': 'dbx_\u202egnp',
  'an icon': 'dbx_$(flame)',
  'a million letters': `dbx_${'x'.repeat(1_000_000)}`,
};

/** Other arguments, which name nothing. */
const odd: Readonly<Record<string, unknown>> = {
  null: null,
  'a number': 7,
  'an id that leads up': '..',
  'an object of other kinds': { id: 5, devboxId: 7, uri: 9, path: {} },
  'a list of lists': [[['dbx_/..']]],
  'a function': () => 'dbx_1',
};

/** Commands that take devboxes. */
const commands = [
  ...['attachDevbox', 'openVscode', 'openTerminal', 'runCommand', 'copyVscodeLink', 'showOutput', 'suspendDevbox'],
  ...['resumeDevbox', 'renameDevbox', 'toggleKeepAlive', 'snapshotDevbox', 'shutDownDevbox', 'copyDevboxId'],
  ...['detachDevbox', 'openPort', 'forwardPort', 'requireToken', 'whyDidItStop', 'openLog', 'startAgent', 'goToFile'],
].map((name) => `runloop.${name}`);

describe('Something odd in the place of a devbox’s id', function () {
  this.timeout(120_000);
  const used = useWindow();

  for (const [what, id] of Object.entries(noIds)) {
    it(`is told by every command, and nothing is asked of Runloop: ${what}`, async () => {
      const { editor } = used;
      for (const command of commands) {
        for (const args of [[id], [{ id }]]) {
          editor.messages.splice(0);
          await editor.run(command, ...args);
          assert.equal(editor.messages.length, 1, command);
          const [message] = editor.messages;
          assert.match(message?.text ?? '', /is not the ID of a devbox/, command);
          assert.ok((message?.text ?? '').length < 300, command);
          assert.doesNotMatch(message?.text ?? '', /[\p{Cc}\p{Cf}]|\(404\)/u, command);
        }
      }
    });

    it(`opens no link: ${what}`, async () => {
      const { editor } = used;
      for (const query of [`devbox=${encodeURIComponent(id)}`, `devbox[]=${encodeURIComponent(id)}`, id]) {
        editor.messages.splice(0);
        const uri = Uri.parse('vscode://runloop-devboxes.runloop-devboxes/open').with({ query });
        await editor.uriHandler?.handleUri(uri);
        assert.match(editor.messages.map(({ text }) => text).join(), /^The link does not specify a devbox to open/);
      }
    });
  }

  for (const [what, argument] of Object.entries(odd)) {
    it(`is as if nothing was named: ${what}`, async () => {
      const { editor } = used;
      for (const command of commands) {
        editor.messages.splice(0);
        await editor.run(command, argument, [argument]);
        const said = editor.messages.map(({ text }) => text).join();
        assert.match(said, /^(?:You have no (?:\w+ )?devboxes|There (?:is|are) no|No )/, `${command}: ${said}`);
      }
    });
  }

  it('is told to another extension that gives it', async () => {
    const { extension } = used;
    const isTold = (error: unknown): boolean => RuntimeError.is(error, 'invalid_option');
    for (const value of [undefined, null, 7, '', {}, [], 'x'.repeat(2_000_000)]) {
      // As a program in plain JavaScript may call it.
      const any = value as never;
      await assert.rejects(extension.start({ name: any }), isTold);
      await assert.rejects(extension.start(any), isTold);
      await assert.rejects(extension.run('dbx_1', any), isTold);
      await assert.rejects(extension.attach(any), isTold);
      assert.throws(() => extension.forExtension(any), isTold);
    }
  });
});

describe('What cannot be the id of a devbox', () => {
  let server: ScriptedServer;
  let api: RunloopApi;
  before(async () => {
    server = await ScriptedServer.start((_, answer) => sendJson(answer, {}));
    api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
  });
  after(() => server.stop());

  for (const id of ['', '.', '..', '...', '../accounts/me', 'a/b', 'a\\b', 'a b', ...Object.values(noIds)]) {
    it(`is no part of a request: ${JSON.stringify(id.slice(0, 30))}`, async () => {
      const { signal } = new AbortController();
      for (const call of [
        () => api.devboxes.retrieve(id, { rule }),
        () => api.devboxes.shutdown(id, { rule }),
        () => endDevbox(api, id),
        () => api.executions.start(id, 'ls'),
        () => api.devboxes.retrieveCounted(id, { signal }),
        () => api.executions.isCompleted({ devboxId: id, executionId: 'exn_1' }, { signal }),
        () => api.logs.list(id, { signal })[Symbol.asyncIterator]().next(),
        () => api.files.download(id, { path: '/x', signal }).next(),
      ]) {
        await assert.rejects(call, (error) => {
          // As one that is gone it would be forgotten.
          assert.ok(RuntimeError.is(error, 'invalid_option'), String(error));
          return true;
        });
      }
      assert.deepEqual(server.seen, []);
    });
  }
});
