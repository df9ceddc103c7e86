import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { filesDevbox } from '../unit/core/files/useFiles';
import type { UiSession } from './uiSession';

/** Lines of the devbox's folder of programs, as a scripted agent might leave them. */
const setUp = [
  'mkdir -p ~/evaluation/cases',
  `printf 'LIMIT = 30\\n\\ndef score(passed, total):\\n    return passed / total\\n' > ~/evaluation/score.py`,
  `printf 'from score import score\\n\\nprint(score(5, 5))\\n' > ~/evaluation/report.py`,
  `printf '# Evaluation\\n\\nThe score is what passed of all.\\n' > ~/evaluation/README.md`,
  'for n in 1 2 3 4; do echo "case $n" > ~/evaluation/cases/case-$n.txt; done',
].join(' && ');

/** Takes the pictures of a conflict, and of a search beside a download: files of a plain devbox. */
export async function takeFilesPictures(
  session: UiSession,
  pictures: { readonly conflict: string; readonly search: string },
): Promise<void> {
  const { workbench, platform } = session;
  const { page, quickInput } = workbench;
  const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
  const box = await filesDevbox(api, 'evaluation-13');
  await box.bash(setUp);
  // Else an editor in a browser saves by itself, before anything is changed in the devbox.
  await session.api.evaluate((vscode) =>
    vscode.workspace.getConfiguration('files').update('autoSave', 'off', vscode.ConfigurationTarget.Global),
  );
  await page.setViewportSize({ width: 1000, height: 560 });
  await workbench.openViewContainer('Runloop');
  await workbench.runCommand('Runloop: Refresh Devboxes');
  const tree = workbench.tree('Devboxes');
  for (const label of ['evaluation-13', 'Files', 'evaluation']) await tree.row(label).expand();
  await tree.row('score.py').click();
  const lines = page.locator('.editor-group-container.active .view-line');
  await lines.filter({ hasText: 'passed / total' }).click();
  await page.keyboard.press('End');
  await page.keyboard.type(' if total else 0');
  // Longer than what the extension has seen last is true.
  await box.bash(`sed -i 's/LIMIT = 30/LIMIT = 60/' ~/evaluation/score.py; sleep 3`);
  await page.keyboard.press('Control+s');
  const conflict = workbench.notification(/Failed to save 'score\.py'/);
  await conflict.waitFor();
  await conflict.press('Compare');
  await page.getByText('Resolve save conflict').first().waitFor();
  await workbench.runCommand('Notifications: Clear All Notifications');
  await page.mouse.move(500, 450);
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: pictures.conflict, clip: { x: 352, y: 36, width: 648, height: 204 } });
  await page.locator('a.action-label[aria-label*="overwrite"]').first().click();
  await page.getByText('Resolve save conflict').first().waitFor({ state: 'detached' });

  await tree.row('evaluation').chooseFromMenu('Search Files in Devbox…');
  await quickInput.accept('score');
  await quickInput.waitFor(/Files to search/);
  await quickInput.accept('*.py, *.md');
  await page.locator('.monaco-list-row', { hasText: 'print(score(5, 5))' }).click();
  await lines.filter({ hasText: 'print(score(5, 5))' }).waitFor();
  const folder = await mkdtemp(join(tmpdir(), 'picture-'));
  try {
    await tree.row('evaluation').chooseFromMenu('Download…');
    await quickInput.waitFor(/Select where to put the folder/);
    for (let tries = 0; tries < 20 && (await quickInput.value()) !== `${folder}/`; tries += 1) {
      await quickInput.fill(`${folder}/`);
      await page.waitForTimeout(1_000);
    }
    await quickInput.leaveBy('Download Here');
    await workbench.notification(/Downloaded 7 files/).waitFor();
    await page.mouse.move(500, 300);
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: pictures.search, clip: { x: 48, y: 36, width: 952, height: 492 } });
  } finally {
    await rm(folder, { recursive: true });
  }
}
