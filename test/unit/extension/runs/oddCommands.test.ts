import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type * as vscode from 'vscode';
import type { Devbox } from '../../../../src/core/platform/devbox';
import { SecretSessionKeys } from '../../../../src/extension/account/sessionKeys';
import { Log } from '../../../../src/extension/messages/log';
import { CommandRun } from '../../../../src/extension/runs/commandRuns';
import { KnownSecrets } from '../../../../src/extension/session/knownSecrets';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('An odd command', function () {
  this.timeout(240_000);
  const used = useWindow();

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

  it('has its document also with half a character in it', async () => {
    const { editor } = used;
    const uri = await run(await devbox('half'), 'echo a; : \ud83d');
    await editor.eventually(() => textOf(uri).includes('exit code 0'));
    assert.match(textOf(uri), /exit code 0 after [\d.]+ s\na\n$/);
  });

  it('is told by a shell that does not understand it as it was written', async () => {
    const { editor } = used;
    const uri = await run(await devbox('wrong'), 'for');
    await editor.eventually(() => textOf(uri).includes('exit code 2'));
    assert.match(textOf(uri), /line 1: `for'\n$/);
    assert.doesNotMatch(textOf(uri), /RUNLOOP_DEVBOXES/);
  });

  it('prints no more into its document than that can hold, in however many devboxes', async () => {
    const { api, editor, platform } = used;
    const { id } = await api.devboxes.create({ name: 'each' }, { requestId: crypto.randomUUID() });
    const devboxes = Array<Devbox>(25).fill((await api.devboxes.waitForStatus(id, ['running'], 20)) ?? assert.fail());
    const account = {
      api,
      ended: new AbortController().signal,
      source: 'secret',
      baseUrl: api.baseUrl,
      apiKey: platform.apiKey,
    } as const;
    const command = 'seq -f "%.0f xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" 6000; echo o""ver';
    const run = new CommandRun(1, command, { account, devboxes }, () => undefined);
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    await run.run({ knownSecrets, devboxUse: { used: () => undefined } });
    assert.equal(run.text().match(/\nover\n/g)?.length, devboxes.length);
    assert.ok(run.text().length < 2_400_000, String(run.text().length));
  });
});
