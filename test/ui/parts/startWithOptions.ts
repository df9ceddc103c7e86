import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ApiCalls } from '../../../src/core/platform/apiCalls';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import type { Devbox } from '../../../src/core/platform/devbox';
import { runCommand } from '../../../src/core/platform/runCommand';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

export const startWithOptions: UiTests = (useWindow) =>
  describe('Starting with options', function () {
    this.timeout(120_000);
    const session = useWindow();

    async function devboxNamed(name: string): Promise<Devbox | undefined> {
      const { platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      for await (const devbox of api.devboxes.list({})) if (devbox.name === name) return devbox;
      return undefined;
    }

    it('asks step by step, goes back, and starts what was chosen', async () => {
      const { workbench } = session();
      const { quickInput } = workbench;
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Start Devbox With Options…');
      await quickInput.waitFor('Select what to start from');
      await workbench.screenshot('options-1-source');
      await quickInput.pick('Plain devbox');
      await quickInput.waitFor('Size');
      assert.match(await quickInput.title(), /Start Devbox \(2\/6\)/);
      await workbench.screenshot('options-2-size');
      await workbench.page.getByRole('button', { name: 'Back' }).click();
      await quickInput.waitFor('Select what to start from');
      await quickInput.pick('Plain devbox');
      await quickInput.waitFor('Size');
      await quickInput.pick('Custom…');
      await quickInput.waitFor(/CPUs, GiB of memory and GiB of disk/);
      await quickInput.fill('2, 2, 4');
      await quickInput.message().getByText('Use 2 to 8 GiB of memory for each CPU.').waitFor();
      await workbench.screenshot('options-3-custom');
      await quickInput.accept('1, 2, 4');
      await quickInput.waitFor('When it ends automatically');
      await workbench.screenshot('options-4-end');
      await quickInput.pick('Shut down when idle for a custom time…');
      await quickInput.waitFor(/Minutes, from 1 to 2880/);
      await quickInput.fill('2881');
      await quickInput.message().getByText('Enter a whole number of minutes from 1 to 2880.').waitFor();
      await quickInput.accept('25');
      await quickInput.waitFor('Initial content of the workspace');
      await quickInput.row('Clone a repository…').waitFor();
      await quickInput.row('Upload another folder…').waitFor();
      await quickInput.pick('Nothing');
      await quickInput.waitFor('Environment variables (press Enter for none)');
      await quickInput.pick('Add a variable…');
      await quickInput.waitFor('Name of the variable');
      await quickInput.accept('GREETING');
      await quickInput.waitFor('Value of GREETING');
      assert.ok(await quickInput.isPassword());
      await quickInput.accept('hello-there');
      await quickInput.row('GREETING').waitFor();
      await workbench.screenshot('options-4-variables');
      await quickInput.pick('Continue');
      await quickInput.waitFor(
        /Devbox name \(plain, 1 CPU, 2 GiB memory, 4 GiB disk, shut down when idle for 25 min, sets GREETING; about \$0\.16 an hour \(estimate\)\)/,
      );
      await workbench.screenshot('options-5-name');
      await quickInput.accept('plain-one');
      await workbench.notification('Devbox plain-one is ready.').waitFor(60_000);
      await workbench.tree('Devboxes').row('plain-one').waitForState('running');
      const devbox = await devboxNamed('plain-one');
      assert.equal(devbox?.size, 'CUSTOM_SIZE');
      assert.deepEqual(devbox.customSize, { cpuCores: 1, memoryGib: 2, diskGib: 4 });
      assert.deepEqual(devbox.idleRule, { seconds: 1500, action: 'shutdown' });
      assert.equal(devbox.blueprintId, undefined);
    });

    it('keeps the values of variables that it set out of the output, also after a reload', async () => {
      const { workbench, platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const id = (await devboxNamed('plain-one'))?.id ?? '';
      const shown = async (text: string): Promise<void> => {
        const said = await runCommand(api, id, `echo "${text} <$GREETING>"`);
        assert.equal(said.stdout.trim(), `${text} <hello-there>`);
        await session().api.evaluate(async (vscode, devboxId) => {
          await vscode.commands.executeCommand('runloop.showOutput', devboxId);
        }, id);
        const seen = await eventually(
          () => session().outputText('Runloop: plain-one'),
          (output) => output.includes(`${text} <`),
        );
        assert.ok(seen.includes(`${text} <[removed]>`), seen);
        assert.ok(!seen.includes('hello-there'), seen);
      };
      await shown('before');
      await workbench.reload();
      await workbench.openViewContainer('Runloop');
      await session().api.ready();
      await shown('after');
    });

    it('offers the last choices on the quick path', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.waitFor(
        'Devbox name (plain, 1 CPU, 2 GiB memory, 4 GiB disk, shut down when idle for 25 min)',
      );
      await workbench.screenshot('options-6-quick');
      await workbench.quickInput.dismiss();
    });

    it('asks for secrets and a network policy where the account has some', async () => {
      const { workbench, platform } = session();
      const { quickInput } = workbench;
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const calls = new ApiCalls(platform);
      const secret = { name: 'NPM_TOKEN', value: 'not shown' };
      await calls.change('/v1/secrets', { doing: 'listing secrets' }, {}, { body: secret });
      const policy = { name: 'only $(bug) npm', allowed_hostnames: ['packages.example'] };
      await calls.change('/v1/network-policies', { doing: 'listing network policies' }, {}, { body: policy });
      await workbench.runCommand('Runloop: Start Devbox With Options…');
      await quickInput.pick('Plain devbox');
      await quickInput.waitFor('Size');
      assert.match(await quickInput.title(), /\(2\/8\)/);
      await quickInput.pick('SMALL');
      await quickInput.pick('Shut down after 1 h');
      await quickInput.pick('Nothing');
      await quickInput.waitFor(/Environment variables/);
      await quickInput.accept();
      await quickInput.waitFor(/Account secrets to pass/);
      await quickInput.row('NPM_TOKEN').locator('input[type=checkbox], .monaco-custom-toggle').first().click();
      await workbench.screenshot('options-7-secrets');
      await quickInput.accept();
      await quickInput.waitFor('Network policy');
      await workbench.screenshot('options-8-policy');
      await quickInput.pick('only $ (bug) npm');
      await quickInput.waitFor(/with the account secrets NPM_TOKEN, network policy npol_/);
      await quickInput.accept('fenced');
      await workbench.notification('Devbox fenced is ready.').waitFor(60_000);
      const id = (await devboxNamed('fenced'))?.id ?? '';
      const { stdout } = await runCommand(api, id, 'echo "<$NPM_TOKEN>"');
      assert.equal(stdout.trim(), '<not shown>');
    });
  });
