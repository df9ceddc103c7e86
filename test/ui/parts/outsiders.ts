import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'mocha';
import type { Locator } from 'playwright-core';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

const hostileName =
  '[Renew](command:runloop.signOut) $(trash) <img src=x onerror=alert(1)> \u202egnp.exe\u202c \u001b[31mred';
const shownName = '[Renew] (command:runloop.signOut) $ (t…r=alert(1)> gnp.exe red';

/** What another extension sees of ours; `src/extension/api/runloopDevboxesApi.ts` says more. */
interface OtherSide {
  list(): Promise<readonly { id: string; name?: string; status: string; attached: boolean }[]>;
  start(options: { name: string }): Promise<{ id: string; attached: boolean }>;
  attach(devboxId: string): Promise<{ id: string; attached: boolean }>;
  run(devboxId: string, command: string): Promise<{ exitCode: number; content: string }>;
  forExtension(extensionId: string): Pick<OtherSide, 'run'>;
  onDidChangeDevboxes(listener: () => void): { dispose(): void };
  onDidChangeSessions(listener: () => void): { dispose(): void };
}

/** Kept in the extension host between two calls of a test. */
interface Kept {
  runloop: OtherSide;
  mine?: Pick<OtherSide, 'run'>;
  changes: { devboxes: number; sessions: number };
}

export const fromOutside: UiTests = (useWindow) =>
  describe('What comes from outside', function () {
    this.timeout(120_000);
    const session = useWindow();
    let hostileId = '';
    let startedId = '';

    const apiOf = (): RunloopApi => {
      const { platform } = session();
      return new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    };

    /** Nothing in there can be clicked away, loaded or drawn as an icon. */
    async function isInert(place: Locator): Promise<void> {
      const text = await place.innerText();
      assert.ok(!text.includes('\u202e') && !text.includes('\u001b'), text);
      assert.equal(await place.locator('a[href], a[data-href], img, .codicon-trash').count(), 0);
    }

    it('is shown as text in pickers, questions and messages, and nothing of it can be clicked', async () => {
      const { workbench } = session();
      const created = await apiOf().devboxes.create({ name: hostileName }, { requestId: randomUUID() });
      hostileId = created.id;
      while ((await apiOf().devboxes.waitForStatus(hostileId, ['running'], 20)) === undefined);
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Shut Down Devbox');
      const row = workbench.page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: 'Renew' });
      await row.waitFor();
      assert.ok((await row.innerText()).includes(shownName));
      await isInert(row);
      await workbench.screenshot('outside-1-picker');
      await workbench.page.keyboard.press('Enter');
      await workbench.dialog.waitFor('Renew');
      await isInert(workbench.dialog.element);
      await workbench.screenshot('outside-2-question');
      await workbench.dialog.press('Shut Down');
      const message = workbench.notification(/Renew.*was shut down/);
      await message.waitFor(30_000);
      assert.ok((await message.message()).includes(shownName));
      await isInert(message.element.first());
      await workbench.screenshot('outside-3-message');
    });

    it('colours, reorders and floods nothing in the output', async () => {
      const { workbench } = session();
      const loud = String.raw`printf '\033[31mred\033[0m \342\200\256gnp.exe <img src=x> [link](https://evil.example) $(echo "\$(flame)")\n'; head -c 10000 /dev/zero | tr '\0' x; echo; echo the end; sleep 600`;
      const { id } = await apiOf().devboxes.create({ name: 'loud', entrypoint: loud }, { requestId: randomUUID() });
      while ((await apiOf().devboxes.waitForStatus(id, ['running'], 20)) === undefined);
      await workbench.runCommand('Runloop: Show Output');
      await workbench.quickInput.pick('loud');
      const text = await eventually(
        () => session().outputText('loud'),
        (output) => output.includes('the end'),
      );
      assert.match(text, /red gnp\.exe <img src=x> \[link\]\(https:\/\/evil\.example\)/);
      assert.ok(!text.includes('\u001b') && !text.includes('\u202e'));
      await workbench.page.locator('.output-view .view-lines').waitFor();
      assert.equal(await workbench.page.locator('.output-view img').count(), 0);
      await workbench.screenshot('outside-4-output');
      await apiOf().devboxes.shutdown(id);
    });

    it('other extensions start, attach and run only after a yes, and hear of changes', async () => {
      const { workbench, api } = session();
      const { changes } = await api.evaluate(async (vscode) => {
        const exported: unknown = await vscode.extensions.getExtension('runloop-devboxes.runloop-devboxes')?.activate();
        const kept: Kept = { runloop: exported as OtherSide, changes: { devboxes: 0, sessions: 0 } };
        kept.runloop.onDidChangeDevboxes(() => (kept.changes.devboxes += 1));
        kept.runloop.onDidChangeSessions(() => (kept.changes.sessions += 1));
        Object.assign(globalThis, { kept });
        return { changes: kept.changes };
      });
      assert.deepEqual(changes, { devboxes: 0, sessions: 0 });

      const refused = api.evaluate(() =>
        (globalThis as unknown as { kept: Kept }).kept.runloop.start({ name: 'from-outside' }).then(
          () => 'started',
          (error: unknown) => (error as { code?: string }).code ?? 'unknown',
        ),
      );
      await workbench.dialog.waitFor(
        'Another extension wants to start the devbox from-outside, which costs money while it runs.',
      );
      await workbench.screenshot('outside-5-start');
      await workbench.dialog.press('Cancel');
      assert.equal(await refused, 'cancelled');

      const started = api.evaluate(() =>
        (globalThis as unknown as { kept: Kept }).kept.runloop.start({ name: 'from-outside' }),
      );
      await workbench.dialog.waitFor('Another extension wants to start the devbox from-outside');
      await workbench.dialog.press('Start Devbox');
      const devbox = await started;
      startedId = devbox.id;
      assert.equal(devbox.attached, true);

      const ran = api.evaluate(
        (_vscode, id) => (globalThis as unknown as { kept: Kept }).kept.runloop.run(id, 'echo "from $((40 + 2))"'),
        devbox.id,
      );
      await workbench.dialog.waitFor('Another extension wants to run a command in the devbox from-outside.');
      await workbench.dialog.press('Run Once');
      assert.deepEqual(await ran, { exitCode: 0, content: 'from 42' });
      // Who cannot be known is asked about each time; an extension that told its id once for a devbox.
      const asMine = (): Promise<number | string> =>
        api.evaluate((vscode, id) => {
          const { kept } = globalThis as unknown as { kept: Kept };
          const own = vscode.extensions.all.find(({ id: one }) => one.endsWith('ui-test-api'))?.id ?? '';
          kept.mine ??= kept.runloop.forExtension(own);
          return kept.mine.run(id, 'false').then(
            ({ exitCode }) => exitCode,
            (error: unknown) => (error as { code?: string }).code ?? 'unknown',
          );
        }, devbox.id);
      const mine = asMine();
      await workbench.dialog.waitFor('wants to run commands in the devbox from-outside.');
      await workbench.screenshot('outside-6-allow');
      await workbench.dialog.press('Allow in This Window');
      assert.equal(await mine, 1);
      assert.equal(await asMine(), 1);
      const others = api.evaluate(
        (_vscode, id) =>
          (globalThis as unknown as { kept: Kept }).kept.runloop.run(id, 'false').then(
            () => 'it ran',
            (error: unknown) => (error as { code?: string }).code ?? 'unknown',
          ),
        devbox.id,
      );
      await workbench.dialog.waitFor('Another extension wants to run a command in the devbox from-outside.');
      await workbench.dialog.press('Cancel');
      assert.equal(await others, 'cancelled');

      await workbench.runCommand('Runloop: Detach from Devbox');
      await workbench.quickInput.pick('from-outside');
      const detached = await eventually(
        () => api.evaluate(() => (globalThis as unknown as { kept: Kept }).kept.runloop.list()),
        (list) => list.some(({ id, attached }) => id === startedId && !attached),
      );
      assert.ok(
        detached.some(({ id, name, status }) => id === startedId && name === 'from-outside' && status === 'running'),
      );
      const attached = await api.evaluate(
        (_vscode, id) => (globalThis as unknown as { kept: Kept }).kept.runloop.attach(id),
        devbox.id,
      );
      assert.equal(attached.attached, true);
      const heard = await api.evaluate(() => (globalThis as unknown as { kept: Kept }).kept.changes);
      assert.ok(heard.devboxes > 0 && heard.sessions >= 3, JSON.stringify(heard));
    });

    it('a link asks, and only opens', async () => {
      const { workbench, api, context } = session();
      const follow = (query: string): Promise<void> =>
        api.evaluate(async (vscode, text) => {
          const link = vscode.Uri.parse(`${vscode.env.uriScheme}://runloop-devboxes.runloop-devboxes/open?${text}`);
          await vscode.commands.executeCommand('vscode.open', link);
        }, query);
      const asked = follow(`devbox=${startedId}`);
      await workbench.dialog.waitFor('Open the VS Code of the devbox from-outside?');
      await workbench.screenshot('outside-6-link');
      const pages = context.pages().length;
      await workbench.dialog.press('Cancel');
      await asked;
      assert.equal(context.pages().length, pages, 'nothing opens without a yes');

      const followed = follow(`devbox=${startedId}`);
      await workbench.dialog.waitFor('Open the VS Code of the devbox from-outside?');
      const opened = await workbench.newPageDuring(() => workbench.dialog.press('Open VS Code'), 60_000);
      await followed;
      await opened.close();

      await follow('devbox=../../elsewhere&run=rm');
      await workbench.notification('The link does not specify a devbox to open.').waitFor();
      assert.equal((await apiOf().devboxes.retrieve(startedId)).status, 'running');
    });
  });
