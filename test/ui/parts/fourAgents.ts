import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { exampleAgentIn } from '../../unit/core/agents/useAgent';
import { filesDevbox, type FilesDevbox } from '../../unit/core/files/useFiles';
import { chooseWay, commentOn } from '../repositorySteps';
import type { UiTests } from '../sharedWindow';
import { sideBarTo } from '../sideBar';
import type { TreeRow } from '../workbench/treeView';

const commit = 'git commit -qam "Take the discount off once"';
const remove = 'rm -rf dist';

/** The devboxes, and what the agent in each does at each prompt. */
const all = [
  {
    devbox: 'docs',
    agent: 'Writer',
    prompt: 'Which pages link to the old domain?',
    steps: [{ say: 'Three pages do.' }],
  },
  { devbox: 'site', agent: 'Checker', prompt: 'Is the menu usable by keys?', steps: [{ say: 'It is, by Tab.' }] },
  { devbox: 'billing', agent: 'Cleaner', prompt: 'Make the build smaller.', steps: [{ run: remove }] },
  {
    devbox: 'checkout',
    agent: 'Builder',
    prompt: 'The discount is counted twice. Mend it.',
    steps: [{ say: 'It is taken off each line, and then off the sum.' }, { run: commit }],
  },
] as const;

/** Settings that offer these agents. */
export const fourAgentsSettings = Object.fromEntries(
  all.map(({ agent, steps }) => [agent, { run: ['node', '/tmp/agent.mjs', 'load', JSON.stringify(steps)] }]),
);

export const fourAgents: UiTests = (useWindow) =>
  describe('Agents in four devboxes', function () {
    this.timeout(180_000);
    const session = useWindow();
    const boxes = new Map<string, FilesDevbox>();
    const clones: string[] = [];
    after(() => clones.forEach((path) => rmSync(path, { recursive: true, force: true })));

    before(async function startDevboxes() {
      this.timeout(120_000);
      const { baseUrl, apiKey } = session().platform;
      const api = new RunloopApi({ apiKey, baseUrl });
      for (const { devbox } of all) {
        const box = await filesDevbox(api, devbox);
        await box.bash('rm -rf ~/* && mkdir -p ~/work/dist && touch ~/work/dist/app.js');
        await exampleAgentIn(box);
        boxes.set(devbox, box);
      }
      await bash(
        'checkout',
        'rmdir ~/work/dist 2>/dev/null; rm -rf ~/work && git init -q -b main ~/shop && cd ~/shop && git config user.name t && ' +
          'git config user.email t@t && printf "def total(lines):\\n    return sum(lines) - discount(lines)\\n" > total.py && ' +
          'git add -A && git commit -qm first',
      );
    });

    const bash = (devbox: string, command: string): Promise<string> =>
      boxes.get(devbox)?.bash(command) ?? assert.fail(devbox);
    const row = (label: string): TreeRow => session().workbench.tree('Devboxes').row(label);

    async function start({ devbox, agent, prompt }: (typeof all)[number]): Promise<void> {
      const { workbench } = session();
      const { quickInput } = workbench;
      await workbench.runCommand('Runloop: Start Agent…');
      await quickInput.pick(devbox);
      await quickInput.pick(agent);
      await quickInput.waitFor(/folder in the devbox/);
      await quickInput.accept(devbox === 'checkout' ? '~/shop' : '~/work');
      await quickInput.waitFor(/should do first/);
      await quickInput.accept(prompt);
      await eventually(
        () => workbench.editorText(),
        (text) => text.includes(`${agent} · ${devbox} · `),
        30_000,
      );
    }

    /** Opens the row "Agents" of a devbox by the keyboard: there is one of that name below each. */
    async function openAgents(devbox: string, agent: string): Promise<void> {
      const { page } = session().workbench;
      const opened = row('Agents').element;
      const before = await opened.count();
      await row(devbox).click();
      await page.keyboard.press('ArrowRight');
      await opened.nth(before).waitFor();
      const focused = page.locator('.monaco-list-row.focused .label-name');
      for (let moves = 0; (await focused.first().innerText()) !== 'Agents'; moves += 1) {
        assert.ok(moves < 60, `There is no row "Agents" below ${devbox}.`);
        await page.keyboard.press('ArrowDown');
        await page.waitForTimeout(100);
      }
      await page.keyboard.press('ArrowRight');
      await row(agent).waitFor();
    }

    /** As somebody sees it with a narrow dark view, and with a wide light one. */
    async function pictures(name: string): Promise<void> {
      const { workbench, api } = session();
      for (const [theme, word, width] of [
        ['Default Light Modern', 'light', 500],
        ['Default Dark Modern', 'dark', 300],
      ] as const) {
        await api.evaluate(
          (vscode, to) =>
            vscode.workspace.getConfiguration('workbench').update('colorTheme', to, vscode.ConfigurationTarget.Global),
          theme,
        );
        await sideBarTo(workbench.page, width);
        await workbench.page.waitForTimeout(700);
        await workbench.screenshot(`agents-four-${name}-${word}`);
      }
    }

    it('work each for itself; the two that wait come first and are counted', async () => {
      const { workbench } = session();
      await workbench.page.setViewportSize({ width: 1280, height: 1100 });
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      for (const { devbox } of all) await row(devbox).waitFor();
      for (const one of all) await start(one);
      for (const devbox of ['billing', 'checkout']) {
        await row(devbox).waitForDescription(/^1 agent needs you · /, 30_000);
      }
      for (const { devbox, agent } of all) await openAgents(devbox, agent);
      await row('Builder').waitForDescription(/^needs you · git commit -qam/, 30_000);
      await row('Cleaner').waitForDescription(/^needs you · rm -rf dist · /, 30_000);
      await row('Writer').waitForDescription(/^done · Three pages do/, 30_000);
      await row('Checker').waitForDescription(/^done · It is, by Tab/, 30_000);
      await eventually(
        () => workbench.page.locator('.activitybar .action-item.checked .badge-content').innerText(),
        (text) => text === '2',
        20_000,
      );
      await pictures('1-waiting');
      assert.equal(await bash('billing', 'ls ~/work'), 'dist\n');
    });

    it('are answered in the list: one may, the other may not', async () => {
      const { workbench } = session();
      await bash('checkout', 'cd ~/shop && printf "def total(lines):\\n    return sum(lines)\\n" > total.py');
      await row(commit).click();
      await workbench.quickInput.row('Allow Once').waitFor();
      await pictures('2-question');
      await workbench.quickInput.pick('Allow Once');
      await row('Builder').waitForDescription(/^done · /, 30_000);
      assert.equal(await bash('checkout', 'git -C ~/shop rev-list --count HEAD'), '2\n');
      await row(remove).click();
      await workbench.quickInput.pick('Reject');
      await row('Cleaner').waitForDescription(/^done · /, 30_000);
      assert.equal(await bash('billing', 'ls ~/work'), 'dist\n');
      await workbench.page.locator('.activitybar .action-item.checked .badge').waitFor({ state: 'hidden' });
      await pictures('3-answered');
    });

    it('get the review of what they changed as their next prompt, and ask again for what they then do', async () => {
      const { workbench } = session();
      for (const { devbox } of all.slice(0, 3)) {
        await row(devbox).click();
        await workbench.page.keyboard.press('ArrowLeft');
      }
      await row('Changes').expand();
      // Below each group it is in.
      await row('total.py').element.first().click();
      await commentOn(workbench.page, 'return sum', 'And where there is no line at all?');
      await row('shop').chooseFromMenu('Send Review…');
      await workbench.quickInput.row('Builder').waitFor();
      await pictures('4-review');
      await workbench.quickInput.pick('Builder');
      await row('Builder').waitForDescription(/^needs you · git commit -qam/, 30_000);
      await workbench.runCommand('Notifications: Clear All Notifications');
      await row('Builder').click();
      await eventually(
        () => workbench.editorText(),
        (text) => text.includes('1. total.py, line 2:') && text.includes('And where there is no line at all?'),
        20_000,
      );
      await pictures('5-asks-again');
      await bash('checkout', 'cd ~/shop && printf "def total(lines):\\n    return sum(lines or [0])\\n" > total.py');
      await row(commit).click();
      await workbench.quickInput.pick('Allow Once');
      await row('Builder').waitForDescription(/^done · /, 30_000);
      assert.equal(await bash('checkout', 'git -C ~/shop rev-list --count HEAD'), '3\n');
    });

    it('have their commits brought home into a branch', async () => {
      const { workbench, api } = session();
      const folder =
        (await api.evaluate((vscode) => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath)) ?? assert.fail();
      const git = (...words: readonly string[]): string =>
        execFileSync('git', ['-C', folder, ...words], { encoding: 'utf8' });
      clones.push(join(folder, '.git'), join(folder, 'own.txt'));
      git('init', '-q', '-b', 'main');
      writeFileSync(join(folder, 'own.txt'), 'own\n');
      git('add', 'own.txt');
      git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qm', 'own');
      const head = await bash('checkout', 'git -C ~/shop rev-parse HEAD');
      await row('Uncommitted').waitForGone(30_000);
      await chooseWay(workbench, 'shop', 'Commits into a New Branch…');
      await workbench.quickInput.pick(basename(folder));
      const dialog = workbench.page.locator('.monaco-dialog-box');
      await dialog.getByText('Take the discount off once').first().waitFor({ timeout: 30_000 });
      await pictures('6-home');
      await dialog.getByRole('button', { name: 'Create Branch' }).click();
      await eventually(
        () => Promise.resolve(git('for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads/runloop/')),
        (refs) => refs === `runloop/checkout-main ${head}`,
        30_000,
      );
      await workbench.notification(/runloop\/checkout-main/).waitFor(30_000);
      await pictures('7-brought-home');
    });
  });
