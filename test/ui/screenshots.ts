import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../src/core/platform/executions';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../src/core/runtime/runloopRuntime';
import { projectRoot } from '../vscode/projectPaths';
import { eventually } from '../eventually';
import { startUiSession } from './uiSession';
import { Workbench } from './workbench/workbench';

/** Takes the pictures of the README anew: the product as it is, on the local platform. */
const folder = join(projectRoot, 'media', 'screenshots');
await mkdir(folder, { recursive: true });
const session = await startUiSession();
try {
  const { workbench, platform, context } = session;
  const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
  const plain = await api.createDevbox(
    { name: 'evaluation-12', metadata: { team: 'benchmarks' } },
    { requestId: 'screenshots' },
  );
  await workbench.page.setViewportSize({ width: 1200, height: 720 });
  await workbench.openViewContainer('Runloop');
  await workbench.runCommand('Runloop: Start Devbox');
  await workbench.quickInput.accept('fix-login');
  const ready = workbench.notification('Devbox fix-login is ready.');
  await ready.waitFor(60_000);
  await ready.press('Show Output');
  await eventually(
    () => session.outputText('fix-login'),
    (text) => text.includes('ActionExecutor initialized.'),
  );
  // A side bar as wide as people make it.
  const sash = workbench.page.locator('.monaco-sash.vertical').nth(1);
  const box = await sash.boundingBox();
  if (box !== null) {
    await workbench.page.mouse.move(box.x + 2, box.y + 200);
    await workbench.page.mouse.down();
    await workbench.page.mouse.move(box.x + 150, box.y + 200, { steps: 5 });
    await workbench.page.mouse.up();
  }
  await workbench.runCommand('Notifications: Clear All Notifications');
  await workbench.page.mouse.move(700, 300);
  await workbench.page.waitForTimeout(1_500);
  await workbench.page.screenshot({ path: join(folder, 'view-and-output.png') });

  const script = [
    'total = 0',
    'for n in range(1, 6):',
    '    total += n',
    '    print(f"case {n}: passed")',
    'print(f"score {total / 15:.0%}")',
    '',
  ].join('\n');
  const encoded = Buffer.from(script).toString('base64');
  await runCommand(api, plain.id, `mkdir -p ~/evaluation && echo ${encoded} | base64 -d > ~/evaluation/score.py`);
  const tree = workbench.tree('Devboxes');
  for (const label of ['evaluation-12', 'Files', 'evaluation']) {
    await tree.row(label).waitFor();
    await tree.row(label).click();
    await workbench.page.keyboard.press('ArrowRight');
  }
  await tree.row('score.py').click();
  await tree.row('evaluation-12').pressInlineButton('Open Terminal in Devbox');
  await workbench.page.waitForTimeout(4_000);
  await workbench.page.keyboard.type('python3 evaluation/score.py\n');
  await workbench.page.waitForTimeout(2_000);
  await workbench.page.mouse.move(700, 300);
  await workbench.page.waitForTimeout(1_500);
  await workbench.page.screenshot({ path: join(folder, 'files-and-terminal.png') });

  const agent = new RunloopRuntime({
    apiKey: platform.apiKey,
    baseUrl: platform.baseUrl,
    sid: 'fix-login',
    attachToExisting: true,
  });
  await agent.connect();
  await agent.actions.run(
    "printf '%s\\n' 'def greet(name):' '    return f\"Hello, {name}!\"' '' 'print(greet(\"devbox\"))' > /workspace/from_action.py",
  );
  const inside = await workbench.newPageDuring(() => workbench.tree('Devboxes').row('fix-login').click(), 60_000);
  await inside.setViewportSize({ width: 1200, height: 720 });
  const inner = new Workbench(inside);
  await inner.waitUntilReady();
  await inner.explorerFile('from_action.py').click({ timeout: 60_000 });
  await inside.waitForTimeout(4_000);
  await inside.screenshot({ path: join(folder, 'devbox-vscode.png') });
  await inside.close();
  await agent.close();
  await context.close();
} finally {
  await session.dispose();
}
