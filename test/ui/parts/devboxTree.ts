import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

const hostileName =
  '[click](command:runloop.signOut) $(trash) <img src=x onerror=alert(1)> \u202egnp.exe\u202c \u001b[31mred https://evil.example';
const hostileValue = '**bold** [link](https://evil.example) $(flame) <img src="https://evil.example/x.png">';

export const devboxTree: UiTests = (useWindow) =>
  describe('The view that is open all day', function () {
    this.timeout(120_000);
    const session = useWindow();
    const ids: Record<string, string> = {};

    async function create(key: string, name: string, metadata: Record<string, string>): Promise<void> {
      const { platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const body = { name, metadata, tunnel: { auth_mode: 'authenticated', http_keep_alive: false } } as const;
      ids[key] = (await api.devboxes.create(body, { requestId: `ui-tree-${key}` })).id;
      while ((await api.devboxes.waitForStatus(ids[key], ['running'], 20)) === undefined);
    }
    const tree = () => session().workbench.tree('Devboxes');
    const theme = (name: string): Promise<void> =>
      session().api.evaluate(
        async (vscode, value) =>
          vscode.workspace.getConfiguration('workbench').update('colorTheme', value, vscode.ConfigurationTarget.Global),
        name,
      );

    /** Escape until no row is selected; one of them may go to a menu or a tooltip. */
    async function selectNothing(): Promise<void> {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Focus on Devboxes View');
      await eventually(
        async () => {
          await workbench.page.keyboard.press('Escape');
          return tree().rows.and(workbench.page.locator('.selected')).count();
        },
        (count) => count === 0,
      );
    }

    it('shows groups with rows that tell time left and cost, and says state, age and size aloud as well', async () => {
      await create('alpha', 'alpha', { team: 'red' });
      await create('beta', 'beta', { team: 'blue' });
      await create('hostile', hostileName, { team: hostileValue, [hostileValue]: 'x'.repeat(10_000) });
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await tree().row('alpha').waitFor();
      assert.match(await tree().row('alpha').description(), /^(59 min|1 h) · \$0\.16\/h$/);
      const spoken = await tree().row('alpha').ariaLabel();
      assert.match(spoken, /Devbox alpha, running, started: .*, .* left, estimated \$0\.16 an hour$/);
      assert.match(await tree().row('Active').ariaLabel(), /Group Active, devboxes: 3, estimated \$0\.48 an hour/);
      await tree().row('Active').waitForDescription('3 · $0.48/h');
      await workbench.screenshot('tree-1-groups');
    });

    it('belongs to an extension that is active, with an icon in the activity bar', async () => {
      const { workbench, api } = session();
      await workbench.activityIcon('Runloop').waitFor();
      const active = await api.evaluate(
        (vscode, id) => vscode.extensions.getExtension(id)?.isActive ?? false,
        'runloop-devboxes.runloop-devboxes',
      );
      assert.equal(active, true);
    });

    it('shows hostile names and metadata as what they are: text', async () => {
      const { workbench } = session();
      const { page } = workbench;
      const row = tree().rows.filter({ hasText: '[click](' });
      await row.waitFor();
      const label = await row.locator('.label-name').innerText();
      assert.match(label, /^\[click\]\(….*$/u);
      assert.ok(!label.includes('\u202e') && !label.includes('\u001b'));
      assert.equal(await row.locator('a[href], img, .codicon-trash').count(), 0);
      // At its icon: the label is longer than the row, and would be scrolled into view. A row that is drawn again under
      // a resting mouse shows nothing until the mouse moves.
      const hover = page.locator('.workbench-hover').filter({ hasText: 'Status: running' });
      await eventually(
        async () => {
          await page.mouse.move(900, 300);
          await row.locator('.custom-view-tree-node-item-icon').hover();
          await page.waitForTimeout(2_000);
          return hover.count();
        },
        (count) => count > 0,
      );
      const text = await hover.innerText();
      assert.ok(text.includes('$(trash) <img src=x'), text);
      assert.ok(text.includes('**bold** [link](https://evil.example)'), text);
      assert.ok(text.length < 2_000, 'a value of 10,000 characters is cut');
      assert.equal(
        await hover
          .locator('a[href*="evil"], a[data-href*="evil"], a[data-href*="command"], img, .codicon-flame, strong')
          .count(),
        0,
      );
      await workbench.screenshot('tree-2-hostile');
      await page.mouse.move(900, 300);
      await hover.waitFor({ state: 'hidden' });
    });

    it('tells session and who can use its ports below a devbox, without a token', async () => {
      const { workbench, platform } = session();
      await tree().row('alpha').element.locator('.monaco-tl-twistie').click();
      await tree().row('Session').waitForDescription('not attached');
      await tree().row('Ports').waitForDescription('token required');
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      const { tunnel } = await api.devboxes.retrieve(ids['alpha'] ?? '');
      assert.ok(tunnel?.authToken !== undefined);
      assert.ok(!(await workbench.page.content()).includes(tunnel.authToken));
      await workbench.screenshot('tree-3-details');
      await tree().row('alpha').element.locator('.monaco-tl-twistie').click();
      await tree().row('Session').waitForGone();
    });

    it('groups by a metadata key, and remembers that over a reload', async () => {
      const { workbench } = session();
      await workbench.runCommand('Runloop: Group Devboxes By…');
      await workbench.quickInput.waitFor('Select what to group by');
      await workbench.screenshot('tree-4-group-by');
      await workbench.quickInput.pick('team');
      await tree().row('red').waitFor();
      await tree().row('blue').waitFor();
      await workbench.screenshot('tree-5-by-metadata');
      // A browser keeps the editor's state a moment later; a reload in that moment loses it.
      await workbench.page.waitForTimeout(2_000);
      await workbench.reload();
      // Not by its icon: a click on it hides a view that the reload has just brought back.
      await workbench.runCommand('Runloop: Focus on Devboxes View');
      await tree().row('red').waitFor(30_000);
      await workbench.runCommand('Runloop: Group Devboxes By…');
      await workbench.quickInput.pick('Status');
      await tree().row('Active').waitFor();
    });

    it('filters while typing, says so above the rows, and is cleared with one click', async () => {
      const { workbench } = session();
      await tree().pressTitleButton('Filter Devboxes…');
      await workbench.quickInput.waitFor(/^Words in the name, ID or metadata; @running/);
      await workbench.quickInput.fill('blue');
      await tree().row('alpha').waitForGone();
      await tree().row('beta').waitFor();
      await workbench.quickInput.accept();
      await workbench.page.getByText('Filter "blue": 1 of 3').waitFor();
      await workbench.screenshot('tree-6-filter');
      await tree().pressTitleButton('Refresh Devboxes');
      assert.equal(await tree().row('alpha').element.count(), 0);
      await tree().pressTitleButton('Clear Filter');
      await tree().row('alpha').waitFor();
    });

    it('can be used by keyboard alone: focus, filter, select, copy', async () => {
      const { workbench, api } = session();
      const { keyboard } = workbench.page;
      await workbench.runCommand('Runloop: Focus on Devboxes View');
      await keyboard.press('Control+Alt+F');
      await workbench.quickInput.waitFor(/^Words in the name, ID or metadata; @running/);
      await keyboard.type('beta');
      await keyboard.press('Enter');
      await tree().row('alpha').waitForGone();
      await workbench.runCommand('Runloop: Focus on Devboxes View');
      await eventually(
        async () => {
          await keyboard.press('Home');
          await keyboard.press('ArrowDown');
          return tree().rows.and(workbench.page.locator('.focused')).locator('.label-name').allInnerTexts();
        },
        (focused) => focused.join() === 'beta',
      );
      await keyboard.press('Control+Shift+Enter');
      await tree().rows.and(workbench.page.locator('.selected')).waitFor();
      // What is selected reaches the extension a moment after it is drawn; a person takes longer than that.
      await workbench.page.waitForTimeout(300);
      await keyboard.press('Control+C');
      await eventually(
        () => api.evaluate((vscode) => vscode.env.clipboard.readText()),
        (text) => text === ids['beta'],
      );
      await keyboard.press('ArrowRight');
      await tree().row('Session').waitFor();
      await keyboard.press('ArrowLeft');
      await workbench.runCommand('Runloop: Clear Filter');
      await tree().row('alpha').waitFor();
    });

    it('copies the ids of several rows', async () => {
      const { workbench, api } = session();
      await selectNothing();
      await tree()
        .row('beta')
        .element.locator('.label-name')
        .click({ modifiers: ['Control'] });
      await tree()
        .row('alpha')
        .element.locator('.label-name')
        .click({ modifiers: ['Control'] });
      await workbench.screenshot('tree-7-several');
      await tree().row('alpha').chooseFromMenu('Copy Devbox ID');
      const copied = await eventually(
        () => api.evaluate((vscode) => vscode.env.clipboard.readText()),
        (text) => text.includes(ids['alpha'] ?? '?'),
      );
      assert.deepEqual(copied.split('\n').sort(), [ids['alpha'], ids['beta']].sort());
    });

    it('keeps the selection when a devbox changes and moves to another group', async () => {
      const { workbench, platform } = session();
      const { page } = workbench;
      await selectNothing();
      await tree()
        .row('beta')
        .element.locator('.label-name')
        .click({ modifiers: ['Control'] });
      const selected = () => tree().rows.and(page.locator('.selected')).locator('.label-name').allInnerTexts();
      await eventually(selected, (names) => names.includes('beta'), 20_000);
      const before = await selected();
      await new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl }).devboxes.suspend(ids['beta'] ?? '');
      await tree().pressTitleButton('Refresh Devboxes');
      await tree().row('beta').waitForState('suspended', 40_000);
      await tree().row('Suspended').waitFor();
      // A row that moves is drawn anew, and selected a moment later.
      await eventually(selected, (names) => names.join() === before.join(), 20_000);
      await workbench.screenshot('tree-8-suspended');
    });

    it('is readable in the dark and in high contrast', async () => {
      const { workbench } = session();
      for (const [name, picture] of [
        ['Default Dark Modern', 'tree-9-dark'],
        ['Default High Contrast', 'tree-10-high-contrast'],
        ['Default Light Modern', 'tree-11-light'],
      ] as const) {
        await theme(name);
        await workbench.page.waitForTimeout(500);
        await workbench.screenshot(picture);
      }
    });
  });
