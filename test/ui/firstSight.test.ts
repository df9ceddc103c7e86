import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../eventually';
import { useUiSession } from './uiSession';

/** The part of a page's element that is used here. */
interface ScrollSizes {
  readonly scrollHeight: number;
  readonly clientHeight: number;
  readonly scrollTop: number;
}

describe('The first sight of npm start (U20)', function () {
  this.timeout(120_000);
  const session = useUiSession({ firstSight: true });

  /** Titles of the walkthrough's steps that are ticked. */
  const ticked = async (): Promise<string[]> => {
    const steps = session().workbench.page.locator('.gettingStartedContainer .getting-started-step');
    const done = steps.filter({
      has: session().workbench.page.locator('.getting-started-step-checked, .codicon.complete'),
    });
    return (await done.locator('.step-title').allInnerTexts()).map((title) => title.trim());
  };

  it('is the view with one button, beside it the walkthrough, with the step that is true ticked', async () => {
    const { workbench } = session();
    const { welcome } = workbench.tree('Devboxes');
    await welcome.getByText('No devbox is running.').waitFor({ timeout: 30_000 });
    await welcome.getByText('Local platform: devboxes run on this computer').waitFor();
    const walkthrough = workbench.page.locator('.gettingStartedContainer');
    await walkthrough.getByText('Start a devbox').first().waitFor({ timeout: 30_000 });
    assert.deepEqual(await welcome.getByRole('button').allInnerTexts(), ['Start Devbox']);
    await eventually(ticked, (titles) => titles.length > 0);
    assert.deepEqual(await ticked(), ['Try it without an account'], 'nobody has signed in');
    // It is open at the first step that is left to do.
    const open = walkthrough.locator('.getting-started-step.expanded .step-title');
    assert.deepEqual(await open.allInnerTexts(), ['Start a devbox']);
    await workbench.screenshot('first-1-sight');
  });

  it('ticks a start when a devbox has started, and not when somebody asked for one', async () => {
    const { workbench } = session();
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.waitFor('Devbox name');
    await workbench.page.keyboard.press('Escape');
    await workbench.page.waitForTimeout(500);
    assert.deepEqual(await ticked(), ['Try it without an account']);
    await workbench.runCommand('Runloop: Start Devbox');
    await workbench.quickInput.accept('first');
    await workbench.notification('Devbox first is ready.').waitFor(60_000);
    await eventually(ticked, (titles) => titles.includes('Start a devbox'));
    assert.ok(!(await ticked()).includes('View its output'));
    await workbench.notification('Devbox first is ready.').press('Show Output');
    await eventually(ticked, (titles) => titles.includes('View its output'));
    assert.ok(!(await ticked()).includes('Open its VS Code'));
    await workbench.screenshot('first-2-ticks');
  });

  it('calls the platform by its name, and shows no price where nothing costs', async () => {
    const { workbench } = session();
    const view = workbench.page.locator('.sidebar');
    await view.getByText('Local platform').waitFor();
    await workbench.tree('Devboxes').row('first').waitFor();
    assert.doesNotMatch(await view.innerText(), /\$|127\.0\.0\.1/);
    // What reaches out of the view is scrolled into it when a menu is closed, and that line out of it.
    const body = view.locator('.pane-body').first();
    const sizes = (): Promise<ScrollSizes> =>
      body.evaluate((element) => {
        const { scrollHeight, clientHeight, scrollTop } = element as unknown as ScrollSizes;
        return { scrollHeight, clientHeight, scrollTop };
      });
    await eventually(sizes, ({ scrollHeight, clientHeight }) => scrollHeight === clientHeight);
    await workbench.tree('Devboxes').row('first').chooseFromMenu('Show Output', 'Logs');
    assert.ok(await view.getByText('Local platform').isVisible());
    assert.equal((await sizes()).scrollTop, 0);
  });

  it('stays as the person left it after a reload', async () => {
    const { workbench, api } = session();
    await workbench.openViewContainer('Explorer');
    await workbench.reload();
    await api.ready();
    await workbench.page.waitForTimeout(3_000);
    assert.equal(await workbench.page.locator('.sidebar').getByText('Runloop: Devboxes').isVisible(), false);
  });
});
