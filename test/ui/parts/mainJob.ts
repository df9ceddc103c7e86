import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../src/core/runtime/runloopRuntime';
import { processesOf } from '../../platform/devboxProcesses';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';
import { Workbench } from '../workbench/workbench';

export const mainJob: UiTests = (useWindow) =>
  describe('The main job, like a person', function () {
    this.timeout(180_000);
    const session = useWindow();
    const name = 'my-first-devbox';
    let devboxId = '';

    it('starts a devbox from the palette, and it turns up in the view and runs', async () => {
      const { workbench, platform } = session();
      await workbench.openViewContainer('Runloop');
      const tree = workbench.tree('Devboxes');
      await tree.welcome.getByText('No devbox is running.').waitFor();
      await workbench.screenshot('main-1-empty');

      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.waitFor('Devbox name');
      assert.match(await workbench.quickInput.value(), /^devbox-[0-9a-f]{6}$/);
      await workbench.quickInput.accept(name);
      await workbench.notification(`Starting devbox ${name}`).waitFor();
      await tree.row(name).waitFor();
      await workbench.screenshot('main-2-starting');
      await tree.row(name).waitForState('running', 60_000);
      await workbench.notification(`Devbox ${name} is ready.`).waitFor(60_000);
      await tree.row(name).waitForState('attached');
      assert.equal(await tree.row(name).icon(), 'vm-active');
      assert.match(
        await tree.row(name).ariaLabel(),
        new RegExp(`Devbox ${name}, running, attached, started: just now`),
      );
      await workbench.screenshot('main-3-running');

      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      for await (const devbox of api.devboxes.list({ status: 'running' })) {
        if (devbox.name === name) devboxId = devbox.id;
      }
      assert.match(devboxId, /^dbx_/);
      assert.ok(processesOf(devboxId).length > 0);
    });

    it('shows what setup and action server print', async () => {
      const { workbench } = session();
      await workbench.notification(`Devbox ${name} is ready.`).press('Show Output');
      await workbench.page.locator('.output-view .view-lines').waitFor();
      const text = await eventually(
        () => session().outputText(name),
        (output) => output.includes('ActionExecutor initialized.'),
      );
      assert.match(text, /\[info\] \[entrypoint\] .*ActionExecutor initialized\./);
      assert.ok(!text.includes('\u001b'), 'escape sequences in the channel');
      await workbench.screenshot('main-4-output');
    });

    it("opens the devbox's own VS Code with one click, in its workspace, with a file that an action wrote", async () => {
      const { workbench, platform } = session();
      const agent = new RunloopRuntime({
        apiKey: platform.apiKey,
        baseUrl: platform.baseUrl,
        sid: name,
        attachToExisting: true,
      });
      await agent.connect();
      const observation = await agent.actions.run('echo "written by an action" > /workspace/from-action.txt');
      assert.equal(observation.exitCode, 0);

      const page = await workbench.newPageDuring(() => workbench.tree('Devboxes').row(name).click(), 60_000);
      const inner = new Workbench(page);
      await inner.waitUntilReady();
      assert.equal(new URL(page.url()).searchParams.get('folder') ?? '/workspace', '/workspace');
      await inner.explorerFile('from-action.txt').waitFor({ timeout: 60_000 });
      await inner.explorerFile('from-action.txt').click();
      await eventually(
        () => inner.editorText(),
        (text) => text.includes('written by an action'),
      );
      await inner.screenshot('main-5-devbox-vscode');
      await page.close();
      await agent.close();
    });

    it('runs an agent action in it for a person, and shows the event stream with its observation', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Run as Agent Action…');
      await workbench.quickInput.waitFor('Select the type of the action');
      await workbench.quickInput.pick('Shell Command');
      await workbench.quickInput.waitFor(/^A command for the shell that agents use/);
      await workbench.quickInput.accept('cd /tmp; echo "by a person in $PWD"; false');
      const text = await eventually(
        () => workbench.editorText(),
        (shown) => shown.includes('exit code 1'),
      );
      assert.match(text, /observation run of #\d+ · exit code 1 · \/tmp/);
      assert.match(text, /│ by a person in \/tmp/);
      await workbench.screenshot('main-5-agent-action');
      await workbench.pressEditorButton('Run as Agent Action…');
      await workbench.quickInput.waitFor('Select the type of the action');
      await workbench.quickInput.dismiss();
    });

    it('follows a devbox that is started and shut down elsewhere', async () => {
      const { workbench, platform } = session();
      const elsewhere = new RunloopRuntime({
        apiKey: platform.apiKey,
        baseUrl: platform.baseUrl,
        sid: 'made-elsewhere',
        headlessMode: true,
      });
      await elsewhere.connect();
      // By itself a quiet list is read every 30 s; a person who waits for something asks.
      await workbench.tree('Devboxes').pressTitleButton('Refresh Devboxes');
      const row = workbench.tree('Devboxes').row('made-elsewhere');
      await row.waitFor(45_000);
      await row.chooseFromMenu('Attach to Devbox');
      await row.waitForState('attached', 30_000);
      await elsewhere.close();
      await workbench.tree('Devboxes').pressTitleButton('Refresh Devboxes');
      await row.waitForGone(45_000);
    });

    it('shuts the devbox down after a question, and nothing of it is left', async () => {
      const { workbench } = session();
      const row = workbench.tree('Devboxes').row(name);
      await row.chooseFromMenu('Shut Down Devbox');
      await workbench.dialog.waitFor(`Shut down the devbox ${name}?`);
      assert.match(await workbench.dialog.text(), /disk .* permanently lost/);
      await workbench.screenshot('main-6-question');
      await workbench.dialog.press('Cancel');
      await row.waitForState('attached');

      await row.chooseFromMenu('Shut Down Devbox');
      await workbench.dialog.press('Shut Down');
      await row.waitForGone(30_000);
      await workbench.notification(`Devbox ${name} was shut down.`).waitFor();
      await eventually(
        () => Promise.resolve(processesOf(devboxId)),
        (pids) => pids.length === 0,
      );
    });
  });
