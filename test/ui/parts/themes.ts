import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FrameLocator } from 'playwright-core';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';

const themes = [
  ['Default Light Modern', 'light'],
  ['Default Dark Modern', 'dark'],
  ['Default High Contrast', 'high-contrast'],
  ['Default High Contrast Light', 'high-contrast-light'],
] as const;

const steps = [
  'Try it without an account',
  'Or sign in',
  'Start a devbox',
  'Open its VS Code',
  'View its output',
] as const;

interface Shape {
  readonly shape: string;
  readonly colours: readonly string[];
  readonly background: string;
}

interface Style {
  readonly color: string;
  readonly stroke: string;
  readonly fill: string;
  getPropertyValue(name: string): string;
}

interface PageElement {
  readonly outerHTML: string;
  getAttribute(name: string): string | null;
}

/** The part of a page's own names that is used here. */
interface PageGlobals {
  readonly document: {
    readonly body: { appendChild<T>(element: T): T };
    readonly documentElement: unknown;
    createElement(tag: string): { readonly style: { color: string }; remove(): void };
  };
  getComputedStyle(element: unknown): Style;
}

/** Every shape of a picture with the colours that it is drawn in; what is drawn on a button is seen against that, and left out. */
async function shapesOf(frame: FrameLocator): Promise<readonly Shape[]> {
  return frame.locator('svg path, svg rect, svg circle').evaluateAll((found) => {
    const elements = found as unknown as readonly PageElement[];
    const page = globalThis as unknown as PageGlobals;
    const probe = page.document.body.appendChild(page.document.createElement('i'));
    probe.style.color = page
      .getComputedStyle(page.document.documentElement)
      .getPropertyValue('--vscode-editor-background');
    const background = page.getComputedStyle(probe).color;
    probe.remove();
    return elements
      .filter((element) => element.getAttribute('stroke')?.includes('button-foreground') !== true)
      .map((element) => {
        const { stroke, fill } = page.getComputedStyle(element);
        return {
          shape: element.outerHTML.slice(0, 80),
          colours: [stroke, fill].filter((colour) => colour !== 'none'),
          background,
        };
      });
  });
}

/** The contrast of two colours as WCAG counts it, 1 to 21. */
function contrast(one: string, other: string): number {
  const [a, b] = [one, other].map((colour) => {
    const parts = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Number(part) / 255);
    const [red = 0, green = 0, blue = 0] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  });
  return Math.max(a ?? 1, b ?? 1) / Math.min(a ?? 1, b ?? 1);
}

export const everyTheme: UiTests = (useWindow) =>
  describe('In every kind of theme', function () {
    this.timeout(120_000);
    const session = useWindow();

    async function setTheme(name: string): Promise<void> {
      await session().api.evaluate(
        (vscode, theme) =>
          vscode.workspace.getConfiguration('workbench').update('colorTheme', theme, vscode.ConfigurationTarget.Global),
        name,
      );
    }

    it('the pictures of the walkthrough can be seen, step by step', async () => {
      const { workbench, api } = session();
      await workbench.page.setViewportSize({ width: 1700, height: 900 });
      await api.evaluate((vscode) =>
        vscode.commands.executeCommand(
          'workbench.action.openWalkthrough',
          'runloop-devboxes.runloop-devboxes#start',
          false,
        ),
      );
      const page = workbench.page.locator('.gettingStartedContainer');
      await page.getByText('View its output').first().waitFor({ timeout: 30_000 });
      const frame = page.frameLocator('iframe.webview').frameLocator('#active-frame');
      for (const [theme, word] of themes) {
        await setTheme(theme);
        await workbench.page.waitForTimeout(700);
        for (const [index, step] of steps.entries()) {
          await page.locator('.step-title').getByText(step, { exact: true }).click();
          await workbench.page.waitForTimeout(700);
          await frame.locator('svg').first().waitFor();
          await workbench.screenshot(`themes-${word}-walkthrough-${index + 1}`);
          const shapes = await eventually(
            () => shapesOf(frame),
            (found) => found.length > 0,
          );
          for (const { shape, colours, background } of shapes) {
            const contrasts = colours.map((colour) => contrast(colour, background));
            assert.ok(
              Math.max(...contrasts) >= 2,
              `${word}, ${step}: ${shape} in ${colours.join(' and ')} on ${background}`,
            );
          }
        }
      }
      await workbench.page.setViewportSize({ width: 1280, height: 800 });
    });

    it('rows, wizard, status bar and welcome text can be read', async () => {
      const { workbench, platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      await workbench.runCommand('View: Close All Editors');
      await workbench.openViewContainer('Runloop');
      for (const [theme, word] of themes) {
        await setTheme(theme);
        await workbench.page.waitForTimeout(700);
        await workbench.screenshot(`themes-${word}-welcome`);
      }
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept('in-colour');
      await workbench.notification('Devbox in-colour is ready.').waitFor(60_000);
      const { id } = await api.devboxes.create({ name: 'asleep' }, { requestId: crypto.randomUUID() });
      await eventually(
        () => api.devboxes.retrieve(id),
        ({ status }) => status === 'running',
      );
      await api.devboxes.suspend(id);
      const broken = await api.devboxes.create(
        { name: 'broken', entrypoint: 'exit 3' },
        { requestId: crypto.randomUUID() },
      );
      await eventually(
        () => api.devboxes.retrieve(broken.id),
        ({ status }) => status === 'shutdown' || status === 'failure',
      );
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const tree = workbench.tree('Devboxes');
      await tree.row('Ended in the Last Day').click();
      await tree.row('broken').waitFor();
      for (const [theme, word] of themes) {
        await setTheme(theme);
        await workbench.runCommand('Runloop: Start Devbox With Options…');
        await workbench.quickInput.row('Plain devbox').waitFor();
        await workbench.page.waitForTimeout(300);
        await workbench.screenshot(`themes-${word}-rows-and-wizard`);
        await workbench.quickInput.dismiss();
      }
    });
  });
