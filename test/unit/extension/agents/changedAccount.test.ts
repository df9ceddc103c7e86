import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { openDocument } from '../../../fakeVscode/openDocuments';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { useChangingAccounts } from '../session/changingAccounts';
import type { Shown } from '../changes/useChangeRows';
import { useAgents } from './useAgents';

describe('An answer to an agent', function () {
  this.timeout(300_000);
  const used = useWindow();
  const accounts = useChangingAccounts(used);
  const { below, devbox, view, ready, start, text, document, click, described } = useAgents(used);

  it('is given in its account or not at all wherever that is left, and where it was not, that is said', async () => {
    const { editor } = used;
    const { box, agents } = await ready('left');
    // As many as there are steps: there is always one that waits.
    await start(await agents(), [{ all: Array.from({ length: 90 }, (_, index) => `touch n${index}`) }]);
    await described(agents, /needs you/);
    const session = (await box.bash('ls ~/.runloop-agents/sessions')).trim();
    const made = async (): Promise<number> => Number(await box.bash('ls ~/work | wc -l'));
    /** Answers, by the record: their keys begin with "a:". */
    const answers = async (): Promise<number> =>
      Number(await box.bash(`grep -c '\tYTo' ~/.runloop-agents/sessions/${session}/ledger || :`));
    const came: string[] = [];
    let given = 0;
    let isAlways = false;
    const last = { where: '', said: '' };
    const judge = async (): Promise<void> => {
      const now = await answers();
      assert.ok(now <= given + 1, last.where);
      assert.equal(await eventually(made, (count) => count >= now), now);
      if (last.where !== '') came.push(`${last.where}: ${now > given ? 'given' : 'waits'}, ${last.said}`);
      given = now;
    };
    const seen = await accounts.changeAtEachWait(
      async () => {
        await judge();
        editor.forgive();
        // By turns, so that what follows an "always" is left, too.
        isAlways = !isAlways;
        const yes = isAlways ? 'Allow, and Always Allow This Command' : 'Allow Once';
        editor.answer(/^Example in \S+\n/, yes);
        await editor.run('runloop.actOnAgent', { action: 'answer', devboxId: box.id, session });
      },
      (where) => {
        last.where = where;
        last.said = editor.messages.map(({ text }) => text).join();
      },
    );
    last.where = '';
    await judge();
    assert.deepEqual([...seen].sort(), ['document', 'question', 'request']);
    assert.deepEqual(
      came.filter((one) => !/This window has switched to another account/.test(one)),
      [],
    );
    // Nobody who has answered takes it for not given.
    assert.deepEqual(
      came.filter((one) => one.includes(': given') && !/Your answer was given|may have been given/.test(one)),
      [],
    );
    await used.api.devboxes.shutdown(box.id);
    assert.ok(
      ['given', 'waits'].every((word) => came.some((one) => one.includes(`: ${word}`))),
      came.join('\n'),
    );
  });

  it('waits while nobody is signed in: what is open says so, and it is given after that', async () => {
    const { editor, platform } = used;
    const { box, agents } = await ready('signed out');
    await start(await agents(), [{ run: 'touch yes' }]);
    await described(agents, /needs you/);
    await editor.eventually(() => (view().badge?.value ?? 0) > 0);
    const shown = document();
    openDocument(editor, shown, await text(shown));
    const drawn: string[] = [];
    editor.contentProviders.get(shown.scheme)?.onDidChange?.((uri) => drawn.push(uri.toString()));
    const [request] = await view().rows((await view().rows((await agents()).row))[0]?.row);
    // Signed out while the question is asked: the yes comes after that.
    editor.whileBusy = async (what) => {
      if (what !== 'question touch yes') return;
      editor.whileBusy = () => Promise.resolve();
      drawn.length = 0;
      await editor.run('runloop.signOut');
    };
    editor.answer(/^Example in signed out\n/, 'Allow Once');
    await click(request ?? assert.fail());
    await editor.message(/has switched to another account/);
    await editor.eventually(() => view().badge === undefined && drawn.includes(shown.toString()));
    assert.match(await text(shown), /not known in this window/);
    // An old button, in no account.
    await click(request ?? assert.fail());
    await editor.message(/not signed in/i);
    assert.equal(await box.bash('ls ~/work'), '');
    editor.messages.length = 0;
    await signIn(editor, platform.apiKey);
    const row = await devbox('signed out');
    const now = (): Promise<Shown> => below(row?.row, 'Agents');
    await described(now, /needs you/);
    await eventually(
      () => text(shown),
      (all) => all.includes('── Permission: waits for your answer'),
    );
    editor.answer(/^Example in signed out\n/, 'Allow Once');
    const [again] = await view().rows((await view().rows((await now()).row))[0]?.row);
    await click(again ?? assert.fail());
    await described(now, /^Example done/);
    assert.equal(await box.bash('ls ~/work'), 'yes\n');
    await used.api.devboxes.shutdown(box.id);
  });

  it('reaches nobody where its devbox was suspended meanwhile, wakes nothing, and that is said', async () => {
    const { editor, api } = used;
    const { box, agents } = await ready('asleep');
    await start(await agents(), [{ run: 'touch yes' }]);
    await described(agents, /needs you/);
    await accounts.beginWithFirst();
    const now = async (): Promise<Shown> => below((await devbox('asleep'))?.row, 'Agents');
    await described(now, /needs you/);
    const [request] = await view().rows((await view().rows((await now()).row))[0]?.row);
    const { arguments: words = [] }: { readonly arguments?: readonly unknown[] } = request?.item.command ?? {};
    editor.whileBusy = async (what) => {
      if (what !== 'question touch yes') return;
      editor.whileBusy = () => Promise.resolve();
      await api.devboxes.suspend(box.id);
      await api.devboxes.waitForStatus(box.id, ['suspended'], 30);
    };
    editor.answer(/^Example in asleep\n/, 'Allow Once');
    editor.messages.length = 0;
    await click(request ?? assert.fail());
    await editor.message(/is suspended/);
    // From when it is known to sleep, nothing is asked of it.
    await editor.run('runloop.refreshDevboxes');
    await accounts.proxy.quiet(1_500);
    accounts.proxy.reset();
    for (const action of ['answer', 'prompt', 'log', 'end', 'interrupt']) {
      editor.messages.length = 0;
      editor.forgive();
      if (action === 'prompt') editor.answer(/^Send Prompt/, '[]');
      if (action === 'end') editor.answer(/^End Example/, 'End Agent');
      await editor.run('runloop.actOnAgent', { ...(words[0] as object), action });
      assert.match(JSON.stringify(editor.messages), /is suspended/, action);
    }
    assert.deepEqual(
      accounts.proxy.paths.filter((path) => path.includes('execut')),
      [],
    );
    assert.equal((await api.devboxes.retrieve(box.id)).status, 'suspended');
    await api.devboxes.resume(box.id);
    await api.devboxes.waitForStatus(box.id, ['running'], 30);
    await editor.run('runloop.refreshDevboxes');
    await described(now, /^Example lost/);
    await click(request ?? assert.fail());
    await editor.message(/^Example is no longer waiting for this\./);
    assert.equal(await box.bash('ls ~/work'), '');
  });

  it('is not awaited of an agent whose account is left while it starts: that is said', async () => {
    const { editor, extension, api } = used;
    const { box } = await ready('left early');
    await accounts.beginWithFirst();
    const row = await devbox('left early');
    const agents = await below(row?.row, 'Agents');
    editor.whileBusy = (what) => {
      if (!/What it should do first/.test(what)) return Promise.resolve();
      editor.whileBusy = () => Promise.resolve();
      accounts.proxy.before = async (_, path) => {
        if (!path.includes('execut')) return;
        accounts.proxy.before = () => undefined;
        editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
        await extension.list();
      };
      return Promise.resolve();
    };
    await start(agents, [{ run: 'touch yes' }]);
    await editor.message(
      /has switched to another account\. Example had begun in left early, of the account at http\S+, and may be running there\./,
    );
    assert.equal(await box.bash('ls ~/work'), '');
    await api.devboxes.shutdown(box.id);
  });

  it('is not awaited of an agent whose start is cancelled, at whichever request: nothing runs on, and that is said', async () => {
    const { editor } = used;
    const { box } = await ready('given up', ['EXAMPLE_KEY']);
    await accounts.beginWithFirst();
    const agents = await below((await devbox('given up'))?.row, 'Agents');
    const said = new Set<string>();
    for (let at = 1; at < 40; at += 1) {
      let [steps, isCancelled] = [0, false];
      accounts.proxy.before = (_, path) => {
        const shown = editor.progress.find(({ title, isOver }) => !isOver && /^Start Example in given up/.test(title));
        if (shown === undefined || isCancelled || !/execut|upload/.test(path) || ++steps < at) return undefined;
        isCancelled = true;
        shown.cancel();
        return undefined;
      };
      editor.messages.length = 0;
      editor.answer(/The value of EXAMPLE_KEY/, 'hush');
      await start(agents, []);
      if (!isCancelled) break;
      await editor.message(/^The start of Example in given up was cancelled/);
      said.add(editor.messages.map(({ text: one }) => one.replace(/.*cancelled/, '')).join());
      assert.equal(
        await box.bash('pgrep -f "[a]gent[.]mjs"; ls -d ~/.runloop-agents/keys-* 2>/dev/null; true'),
        '',
        String(at),
      );
    }
    accounts.proxy.before = () => undefined;
    assert.deepEqual([...said].sort(), [' before it began.', '. It has been ended; its record is under Agents.']);
    await used.api.devboxes.shutdown(box.id);
  });
});
