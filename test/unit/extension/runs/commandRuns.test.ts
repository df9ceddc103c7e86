import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CommandRun } from '../../../../src/extension/runs/commandRuns';
import { RunHistory } from '../../../../src/extension/runs/runHistory';
import type { SignedIn } from '../../../../src/extension/account/account';
import { SecretSessionKeys } from '../../../../src/extension/account/sessionKeys';
import { KnownSecrets } from '../../../../src/extension/session/knownSecrets';
import { Log } from '../../../../src/extension/messages/log';
import { FakeMemory } from '../../../fakeVscode/memory';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('The document of a command', function () {
  this.timeout(60_000);
  const used = useWindow();

  const account = (): SignedIn => ({
    api: used.api,
    ended: new AbortController().signal,
    source: 'secret',
    baseUrl: used.api.baseUrl,
    apiKey: used.platform.apiKey,
  });

  it('has a group for each devbox, with how it ended', async () => {
    const { api, editor } = used;
    const devboxes = await Promise.all(
      ['one', 'two'].map(async (name) => {
        const { id } = await api.createDevbox({ name }, { requestId: crypto.randomUUID() });
        return (await api.waitForStatus(id, ['running'], 20)) ?? assert.fail();
      }),
    );
    const uses: string[] = [];
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    const run = new CommandRun(1, 'echo "in $HOME"; exit 3', { account: account(), devboxes }, () => undefined);
    assert.match(run.text(), /── one \(dbx_\w+\) ── waiting…/);
    await run.run({ knownSecrets, devboxUse: { used: (id) => uses.push(id) } });
    const text = run.text();
    assert.match(
      text,
      /^\$ echo "in \$HOME"; exit 3\n\n── one \(dbx_\w+\) ── exit code 3 after [\d.]+ s\nin \/home\/user\n/,
    );
    assert.match(text, /\n\n── two \(dbx_\w+\) ── exit code 3 after [\d.]+ s\nin \/home\/user\n$/);
    assert.deepEqual(new Set(uses), new Set(devboxes.map(({ id }) => id)));
  });

  it('keeps the end of what is long, and says what is left out', async () => {
    const { api, editor } = used;
    const { id } = await api.createDevbox({ name: 'long' }, { requestId: crypto.randomUUID() });
    const devbox = (await api.waitForStatus(id, ['running'], 20)) ?? assert.fail();
    const knownSecrets = new KnownSecrets(editor.secrets, new SecretSessionKeys(editor.secrets, new Log()));
    const run = new CommandRun(
      2,
      'seq -f "%.0f xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" 20000',
      { account: account(), devboxes: [devbox] },
      () => undefined,
    );
    await run.run({ knownSecrets, devboxUse: { used: () => undefined } });
    assert.match(run.text(), /… \d+ earlier lines are in the log of the devbox\.\n/);
    assert.match(run.text(), /\n20000 x+\n$/);
    assert.ok(run.text().length < 500_000);
  });

  it('keeps commands for the next time, and none with a secret in it', async () => {
    const history = new RunHistory(new FakeMemory());
    await history.add('git status');
    await history.add('curl -H "Authorization: Bearer abcdefghijklmnop" https://example.com');
    await history.add('ls');
    await history.add('git status');
    assert.deepEqual(history.all(), ['git status', 'ls']);
  });
});
