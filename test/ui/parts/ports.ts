import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import { servePorts } from '../../platform/portServices';
import { filesDevbox, type FilesDevbox } from '../../unit/core/files/useFiles';
import { artifactsDir } from '../../vscode/projectPaths';
import type { UiTests } from '../sharedWindow';
import type { TreeRow } from '../workbench/treeView';

/** Ports of the devboxes of a local platform are this computer's. */
const served = 18_410;
const local = 18_415;

export const ports: UiTests = (useWindow) =>
  describe('Ports of a plain devbox', function () {
    this.timeout(180_000);
    const session = useWindow();
    let box: FilesDevbox;
    const api = (): RunloopApi => {
      const { baseUrl, apiKey } = session().platform;
      return new RunloopApi({ apiKey, baseUrl });
    };

    before(async () => {
      box = await filesDevbox(api(), 'web-server');
      await servePorts(box.commands, served);
    });

    const row = (label: string): TreeRow => session().workbench.tree('Devboxes').row(label);
    const page = (number = served): TreeRow => row(`Port ${number}`);
    async function expand(label: string): Promise<void> {
      await row(label).waitFor(30_000);
      await row(label).click();
      await session().workbench.page.keyboard.press('ArrowRight');
    }
    async function picture(of: Page, name: string): Promise<void> {
      await mkdir(artifactsDir, { recursive: true });
      await of.screenshot({ path: join(artifactsDir, `${name}.png`) });
    }
    /** Waits until pages, events and WebSockets have come. */
    async function isWhole(shown: Pick<Page, 'getByText'>): Promise<void> {
      await shown.getByText('Hello from the devbox').waitFor();
      await shown.getByText(/^Server-sent event \d+$/).waitFor();
      await shown.getByText('Echo over a WebSocket').waitFor();
    }

    it('are found when their row opens, with what cannot be reached', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      await expand('web-server');
      await expand('Ports');
      await page().waitForDescription('python3', 30_000);
      await page(served + 2).waitForDescription('listens on localhost only; bind to 0.0.0.0 · python3');
      await workbench.screenshot('ports-1-listening');
    });

    it('open in a browser with events and WebSockets, under a name that nobody can guess', async () => {
      const { workbench } = session();
      const opened = await workbench.newPageDuring(() => page().pressInlineButton('Open Port in Browser'));
      await isWhole(opened);
      assert.match(opened.url(), /^http:\/\/devbox-[0-9a-f]{32}\.localhost:\d+\/$/);
      await opened.reload();
      await isWhole(opened);
      await picture(opened, 'ports-2-opened');
      await opened.close();
      await row('Ports').waitForDescription('token required');
    });

    it('open in the editor’s own browser as well', async () => {
      const { workbench, api: editor } = session();
      await editor.evaluate((vscode) =>
        vscode.workspace
          .getConfiguration('runloop')
          .update('openVscodeIn', 'simpleBrowser', vscode.ConfigurationTarget.Global),
      );
      await page().pressInlineButton('Open Port in Browser');
      const frame = workbench.page.frameLocator('.webview.ready').frameLocator('#active-frame').frameLocator('iframe');
      await isWhole(frame);
      await workbench.screenshot('ports-3-inside');
      await editor.evaluate((vscode) =>
        vscode.workspace
          .getConfiguration('runloop')
          .update('openVscodeIn', undefined, vscode.ConfigurationTarget.Global),
      );
      await workbench.runCommand('View: Close All Editors');
    });

    it('say what is wrong where something else than HTTP is spoken', async () => {
      const { workbench } = session();
      const opened = await workbench.newPageDuring(() => page(served + 1).pressInlineButton('Open Port in Browser'));
      await opened.getByText(`Port ${served + 1} of web-server is not responding`).waitFor();
      await picture(opened, 'ports-4-no-http');
      await opened.close();
    });

    it('get a fixed port of this computer until that is stopped', async () => {
      const { workbench, context } = session();
      await page().chooseFromMenu('Forward Port To…');
      await workbench.quickInput.waitFor(
        /^Port of this computer\. Until this window is closed, every program and user of this computer can use/,
      );
      await workbench.screenshot('ports-5-forward');
      await workbench.quickInput.accept(String(local));
      const told = workbench.notification(`Port ${served} of web-server is forwarded to http://localhost:${local}`);
      await told.waitFor();
      await page().waitForDescription(`localhost:${local} · python3`);
      await workbench.screenshot('ports-6-forwarded');
      const fixed = await context.newPage();
      await fixed.goto(`http://localhost:${local}/`);
      await isWhole(fixed);
      await told.press('Stop Forwarding');
      await eventually(
        () =>
          fixed.goto(`http://localhost:${local}/`).then(
            () => 'answered',
            (error: unknown) => String(error),
          ),
        (outcome) => outcome.includes('ERR_CONNECTION_REFUSED'),
      );
      await fixed.close();
      await page().waitForDescription(/^python3$/);
    });

    it('are marked where everybody could use them, and require a token then', async () => {
      const { workbench } = session();
      await api().tunnels.remove(box.id, {});
      await api().tunnels.enable(box.id, { auth_mode: 'open' }, {});
      await workbench.runCommand('Runloop: Refresh Devboxes');
      // It goes to those that need attention, folded up.
      await row('Ports').waitForGone(30_000);
      await expand('web-server');
      await row('Ports').waitForDescription('open to anyone with the address', 30_000);
      await row('Ports').pressInlineButton('Require a Token for Ports');
      await workbench.dialog.waitFor('Require a token for the ports of web-server?');
      await workbench.screenshot('ports-7-require-token');
      await workbench.dialog.press('Require a Token');
      await workbench.notification('The ports of web-server now require a token.').waitFor();
      await row('Ports').waitForGone(30_000);
      await expand('web-server');
      await row('Ports').waitForDescription('token required');
      assert.equal((await api().devboxes.retrieve(box.id)).tunnel?.authMode, 'authenticated');
      await workbench.screenshot('ports-8-token');
    });
  });
