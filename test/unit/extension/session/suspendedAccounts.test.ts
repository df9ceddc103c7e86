import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { Uri } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useChangingAccounts } from './changingAccounts';

describe('A suspended devbox whose account the window leaves while somebody is asked about it (M5)', function () {
  this.timeout(180_000);
  const used = useWindow();
  const accounts = useChangingAccounts(used);
  let runtime: RunloopRuntime | undefined;

  /** A suspended devbox of the first account. */
  const suspended = async (): Promise<string> => {
    const { apiKey, baseUrl } = used.platform;
    runtime ??= new RunloopRuntime({ apiKey, baseUrl, sid: 'sleeper', headlessMode: true, plugins: [] });
    if (runtime.devbox === undefined) await runtime.connect();
    else if ((await used.api.devboxes.retrieve(runtime.devbox.id)).status === 'suspended') return runtime.devbox.id;
    await runtime.suspend();
    return runtime.devbox?.id ?? assert.fail();
  };

  const ways: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    'an extension attaches to it': (id) => {
      used.editor.answer(/^Another extension wants to resume/, 'Resume');
      return used.extension.attach(id);
    },
    'a link opens it': async (id) => {
      used.editor.answer(/^Open the VS Code of the devbox/, 'Open VS Code');
      await used.editor.uriHandler?.handleUri(
        Uri.parse(`vscode://runloop-devboxes.runloop-devboxes/open?devbox=${id}`),
      );
    },
  };
  for (const [what, does] of Object.entries(ways)) {
    it(`sleeps on where ${what} and the yes comes in the next account`, async () => {
      const { editor, extension } = used;
      const id = await suspended();
      await accounts.beginWithFirst();
      let changed = false;
      editor.whileBusy = async (kind) => {
        if (changed || !kind.startsWith('question')) return;
        changed = true;
        editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
        await extension.list();
      };
      // Nobody asks the next account for it.
      const told = await does(id).then(
        async () => (await editor.message(/account/)).text,
        (error: unknown) => String(error),
      );
      assert.match(told, /This window has switched to another account/);
      assert.ok(changed, 'nobody was asked');
      editor.whileBusy = () => Promise.resolve();
      assert.equal((await used.api.devboxes.retrieve(id)).status, 'suspended');
      editor.messages.length = 0;
    });
  }
});
