import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { accountMark } from '../../../../src/core/start/notes/startNote';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useChangingAccounts } from '../session/changingAccounts';

const theQuestion = /^Devboxes started in a window that is now closed are still running: left behind\./;

describe('Devboxes of a window that is closed, and the account', function () {
  this.timeout(120_000);
  const used = useWindow();
  const accounts = useChangingAccounts(used);

  /** A devbox that a window has started whose process has ended. @returns its id */
  const leftBehind = async (): Promise<string> => {
    const { id } = await used.api.devboxes.create({ name: 'left behind' }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const { apiKey } = used.platform;
    const account = accountMark(new RunloopApi({ apiKey, baseUrl: accounts.proxy.baseUrl }));
    const entry = { account, host: hostname(), pid, window: 'one that is closed', opened: false, asked: false };
    await used.editor.globalState.update('runloop.startedHere', { [id]: entry });
    return id;
  };
  /** The window shows the second account, and looks for what was left behind when it turns to the first. */
  const beginElsewhere = async (): Promise<void> => {
    await accounts.beginWithFirst();
    used.editor.settings.set('runloop.baseUrl', accounts.otherBaseUrl);
    await used.extension.list();
    await accounts.proxy.quiet(300);
    used.editor.messages.length = 0;
  };
  const turnTo = async (address: string): Promise<void> => {
    used.editor.settings.set('runloop.baseUrl', address);
    await used.extension.list();
  };
  const asked = (): number => used.editor.messages.filter(({ text }) => theQuestion.test(text)).length;
  const isAskedAbout = (id: string): boolean => {
    const entries = used.editor.globalState.get<Record<string, { readonly asked: boolean }>>('runloop.startedHere');
    return entries?.[id]?.asked === true;
  };

  it('are asked about once, and those that are picked are suspended', async () => {
    const { editor } = used;
    await beginElsewhere();
    const id = await leftBehind();
    editor.answer(theQuestion, 'Review');
    editor.answer(/^Forgotten Devboxes/, 'left behind');
    editor.answer(/^left behind/, 'Suspend');
    await turnTo(accounts.proxy.baseUrl);
    await used.api.devboxes.waitForStatus(id, ['suspended'], 20);
    assert.ok(isAskedAbout(id));
    await turnTo(accounts.otherBaseUrl);
    await turnTo(accounts.proxy.baseUrl);
    await accounts.proxy.quiet(300);
    assert.equal(asked(), 1);
    await used.api.devboxes.shutdown(id);
  });

  it('are none that another account is asked for', async () => {
    await accounts.beginWithFirst();
    const id = await leftBehind();
    accounts.second.reset();
    await turnTo(accounts.otherBaseUrl);
    await accounts.second.quiet(300);
    assert.ok(accounts.second.paths.length > 0);
    assert.deepEqual(
      accounts.second.paths.filter((path) => path.includes(id)),
      [],
    );
    assert.ok(!isAskedAbout(id));
    await used.api.devboxes.shutdown(id);
  });

  const questions: Readonly<Record<string, RegExp>> = {
    'the question about it': theQuestion,
    'the list of them': /^Running devboxes that may have been forgotten/,
    'what is to become of them': /^Suspending keeps the disk/,
  };
  for (const [what, question] of Object.entries(questions)) {
    it(`are left as they are where the account changes while ${what} stands`, async () => {
      const { editor } = used;
      await beginElsewhere();
      const id = await leftBehind();
      let hasChanged = false;
      const askedLater: string[] = [];
      editor.whileBusy = async (busy) => {
        const words = busy.startsWith('question ') ? busy.slice('question '.length) : '';
        if (hasChanged) askedLater.push(words);
        if (hasChanged || !question.test(words)) return;
        hasChanged = true;
        accounts.second.reset();
        await turnTo(accounts.otherBaseUrl);
      };
      editor.answer(theQuestion, 'Review');
      editor.answer(/^Forgotten Devboxes/, 'left behind');
      editor.answer(/^left behind/, 'Suspend');
      await turnTo(accounts.proxy.baseUrl);
      await editor.message(/has switched to another account/);
      assert.ok(hasChanged);
      const next = Object.values(questions).filter((one) => askedLater.some((words) => one.test(words)));
      assert.deepEqual(next, []);
      assert.equal((await used.api.devboxes.retrieve(id)).status, 'running');
      const offered = editor.offered.map((item) => (typeof item === 'string' ? item : item.label));
      assert.ok(!offered.includes('of the second account'), offered.join());
      assert.deepEqual(
        accounts.second.paths.filter((path) => path.includes(id)),
        [],
      );
      // What would have been asked next.
      editor.forgive();
      await used.api.devboxes.shutdown(id);
    });
  }

  it('are not named in another account, and asked about when the window comes back to theirs', async () => {
    const { editor } = used;
    await beginElsewhere();
    const id = await leftBehind();
    let changing: Promise<void> | undefined;
    accounts.proxy.before = async (_, path) => {
      if (changing !== undefined || !path.endsWith(`/${id}`)) return;
      changing = turnTo(accounts.otherBaseUrl);
      await changing;
    };
    await turnTo(accounts.proxy.baseUrl).catch(() => undefined);
    await editor.eventually(() => changing !== undefined);
    await changing;
    await accounts.proxy.quiet(500);
    assert.equal(asked(), 0);
    assert.ok(!isAskedAbout(id));
    await turnTo(accounts.proxy.baseUrl);
    await editor.message(theQuestion);
    assert.ok(isAskedAbout(id));
    await used.api.devboxes.shutdown(id);
  });

  it('are asked about once where two looks at them overlap', async () => {
    const { editor } = used;
    await beginElsewhere();
    const id = await leftBehind();
    let looks = 0;
    let goOn: () => void = () => undefined;
    const bothLook = new Promise<void>((resolve) => (goOn = resolve));
    accounts.proxy.before = async (_, path) => {
      if (!path.endsWith(`/${id}`)) return;
      looks += 1;
      if (looks === 2) goOn();
      await bothLook;
    };
    // The window's own look after it was opened, and one at its account.
    await turnTo(accounts.proxy.baseUrl);
    used.reload();
    await turnTo(accounts.proxy.baseUrl);
    await editor.message(theQuestion);
    await accounts.proxy.quiet(500);
    assert.equal(asked(), 1);
    await used.api.devboxes.shutdown(id);
  });
});
