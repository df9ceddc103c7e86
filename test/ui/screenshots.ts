import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../src/core/platform/runCommand';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../src/core/runtime/runloopRuntime';
import { projectRoot } from '../vscode/projectPaths';
import { eventually } from '../eventually';
import { takeAgentsPicture } from './agentsPicture';
import { takeFilesPictures } from './filesPictures';
import { startUiSession } from './uiSession';
import { Workbench } from './workbench/workbench';

/** Takes the pictures of the README anew: the product as it is, on the local platform. */
const folder = join(projectRoot, 'media', 'screenshots');
await mkdir(folder, { recursive: true });
const session = await startUiSession();
try {
  const { workbench, platform, context } = session;
  const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
  const plain = await api.devboxes.create(
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

  const page = [
    '<!doctype html><title>Evaluation 12</title>',
    '<style>body { font: 16px system-ui; margin: 3em } td { padding: .3em 1.5em .3em 0; border-bottom: 1px solid #ddd }</style>',
    '<h1>Evaluation 12</h1><p>Score 100%: 5 of 5 cases passed.</p><table>',
    ...[1, 2, 3, 4, 5].map((n) => `<tr><td>case ${n}</td><td>passed</td></tr>`),
    '</table>',
  ].join('');
  const site = Buffer.from(page).toString('base64');
  const serve = (address: string, port: number): string =>
    `(cd ~/site && nohup python3 -m http.server ${port} --bind ${address} > /dev/null 2>&1 < /dev/null &)`;
  await runCommand(
    api,
    plain.id,
    `mkdir -p ~/site && echo ${site} | base64 -d > ~/site/index.html; ${serve('$RUNLOOP_LOCAL_BIND', 8000)}; ${serve('127.0.0.1', 18_499)}; sleep 2`,
  );
  await session.api.evaluate((vscode) =>
    vscode.workspace
      .getConfiguration('runloop')
      .update('openVscodeIn', 'simpleBrowser', vscode.ConfigurationTarget.Global),
  );
  await workbench.runCommand('View: Close All Editors');
  await session.api.evaluate((vscode) => vscode.commands.executeCommand('workbench.action.closePanel'));
  await tree.row('Ports').click();
  await workbench.page.keyboard.press('ArrowRight');
  await tree.row('Port 8000').pressInlineButton('Open Port in Browser');
  const frame = workbench.page.frameLocator('.webview.ready').frameLocator('#active-frame').frameLocator('iframe');
  await frame.getByText('Score 100%').waitFor({ timeout: 30_000 });
  await workbench.page.mouse.move(700, 500);
  await workbench.page.waitForTimeout(1_500);
  await workbench.page.screenshot({ path: join(folder, 'ports.png') });
  await session.api.evaluate((vscode) =>
    vscode.workspace.getConfiguration('runloop').update('openVscodeIn', undefined, vscode.ConfigurationTarget.Global),
  );

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
  await session.startAfresh();
  await takeAgentsPicture(session, join(folder, 'agents.png'));
  await session.startAfresh();
  await takeFilesPictures(session, {
    conflict: join(folder, 'save-conflict.png'),
    search: join(folder, 'file-search.png'),
  });
  await context.close();
} finally {
  await session.dispose();
}
