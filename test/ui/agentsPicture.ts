import { RunloopApi } from '../../src/core/platform/runloopApi';
import { exampleAgentIn } from '../unit/core/agents/useAgent';
import { filesDevbox } from '../unit/core/files/useFiles';
import type { UiSession } from './uiSession';

/** What the example agent is told, and does, in each devbox. */
const sessions = [
  {
    name: 'docs-site',
    prompt: 'Which pages link to the old domain?',
    steps: [{ say: 'Three pages link to it: index.md, install.md and support.md.' }],
  },
  {
    name: 'shop',
    prompt: 'The discount is counted twice. Mend it, and show with the tests that it is.',
    steps: [
      { say: 'total() takes the discount off each line and then off the sum. I took the second out; now the tests.' },
      { run: 'python3 -m pytest -q tests/test_total.py' },
    ],
  },
] as const;

/** A picture of agents in two devboxes, of which one is done and one waits. */
export async function takeAgentsPicture({ workbench, api, platform }: UiSession, path: string): Promise<void> {
  const runloop = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
  await workbench.openViewContainer('Runloop');
  const tree = workbench.tree('Devboxes');
  for (const { name, prompt, steps } of sessions) {
    const box = await filesDevbox(runloop, name);
    const run = [...(await exampleAgentIn(box)), 'load', JSON.stringify(steps)];
    await api.evaluate(
      (vscode, agent) =>
        vscode.workspace
          .getConfiguration('runloop')
          .update('agents', { 'Example Agent': { run: agent } }, vscode.ConfigurationTarget.Global),
      run,
    );
    await workbench.runCommand('Runloop: Refresh Devboxes');
    await tree.row(name).waitFor(30_000);
    await workbench.runCommand('Runloop: Start Agent…');
    await workbench.quickInput.pick(name);
    await workbench.quickInput.pick('Example Agent');
    await workbench.quickInput.waitFor(/folder in the devbox/);
    await workbench.quickInput.accept('~');
    await workbench.quickInput.waitFor(/should do first/);
    await workbench.quickInput.accept(prompt);
    await workbench.page
      .locator('.monaco-editor .view-lines', { hasText: steps[0].say.slice(0, 20) })
      .first()
      .waitFor();
  }
  // Rows of the same name in both: each is opened by the arrow keys from the row of its devbox.
  for (const { name } of sessions) {
    await tree.row(name).click();
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.page.waitForTimeout(1_500);
    for (let i = 0; i < 8; i += 1) {
      if ((await workbench.page.locator('.monaco-list-row.focused').first().innerText()).includes('Agents')) break;
      await workbench.page.keyboard.press('ArrowDown');
    }
    await workbench.page.keyboard.press('ArrowRight');
    await workbench.page.waitForTimeout(1_500);
  }
  await workbench.runCommand('Notifications: Clear All Notifications');
  await workbench.page.mouse.move(700, 500);
  await workbench.page.waitForTimeout(2_000);
  await workbench.page.screenshot({ path });
}
