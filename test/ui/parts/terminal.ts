import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { eventually } from '../../eventually';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { filesDevbox, filesIn, type FilesDevbox } from '../../unit/core/files/useFiles';
import type { UiTests } from '../sharedWindow';

export const terminals: UiTests = (useWindow) => {
  terminalsIn('a plain devbox', { name: 'benchmark-7', pictures: '' }, useWindow);
};

/** The same where an action server listens, and this window is attached to it. */
export const terminalsOfAttached: UiTests = (useWindow) => {
  terminalsIn('a devbox with an action server', { name: 'agent-7', pictures: 'attached-' }, useWindow);
};

function terminalsIn(
  kind: 'a plain devbox' | 'a devbox with an action server',
  { name, pictures }: { readonly name: string; readonly pictures: string },
  ...[useWindow]: Parameters<UiTests>
): void {
  describe(`A terminal in ${kind}`, function () {
    this.timeout(180_000);
    const session = useWindow();
    let box: FilesDevbox;
    const rows = (): Promise<string> =>
      session()
        .workbench.page.locator('.terminal-wrapper.active .xterm-rows')
        .innerText({ timeout: 1_000 })
        .catch(() => '');
    const shows = (text: RegExp): Promise<string> => eventually(rows, (seen) => text.test(seen), 60_000);
    const type = async (text: string): Promise<void> => {
      await session().workbench.page.locator('.terminal-wrapper.active .xterm').click();
      await session().workbench.page.keyboard.type(text);
    };
    let pid = '';

    before(async () => {
      const { workbench, platform } = session();
      const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
      if (kind === 'a plain devbox') {
        box = await filesDevbox(api, name);
        return;
      }
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Start Devbox');
      await workbench.quickInput.accept(name);
      await workbench.notification(`Devbox ${name} is ready.`).waitFor(60_000);
      await workbench.runCommand('Notifications: Clear All Notifications');
      for await (const one of api.devboxes.list({ status: 'running' })) {
        if (one.name === name) box = filesIn(api, one.id);
      }
    });

    it('opens with a click on its row, and runs full-screen programs', async () => {
      const { workbench } = session();
      await workbench.openViewContainer('Runloop');
      await workbench.runCommand('Runloop: Refresh Devboxes');
      const row = workbench.tree('Devboxes').row(name);
      await row.waitFor();
      await row.pressInlineButton('Open Terminal in Devbox');
      await shows(/\$\s*$/);
      await workbench.screenshot(`${pictures}terminal-1-open`);
      await type('kept=yes; echo "shell $$"\n');
      pid = /shell (\d+)/.exec(await shows(/shell \d+\n/))?.[1] ?? '';
      assert.notEqual(pid, '');
      await type('seq 500 | less\n');
      await shows(/^1\s*\n2\s*\n[\s\S]*:\s*$/);
      await workbench.screenshot(`${pictures}terminal-2-less`);
      await type('q');
      await shows(/\$\s*$/);
      await type('yes\n');
      await shows(/y\ny\ny\n/);
      await workbench.page.keyboard.press('Control+c');
      await shows(/\^C\s*\n.*\$\s*$/);
    });

    it('has a command run in it, whose output goes into a document', async () => {
      const { workbench } = session();
      const row = workbench.tree('Devboxes').row(name);
      await row.chooseFromMenu('Run Command in Devbox…');
      const { quickInput } = workbench;
      await quickInput.waitFor(`Run Command in ${name}`);
      await quickInput.accept(
        'for i in 1 2 3; do echo "step $i"; sleep 0.5; done; [ -e ~/again ] && sleep 60; touch ~/again; exit 4',
      );
      const text = await eventually(
        () => workbench.editorText(),
        (seen) => /exit code 4/.test(seen),
        30_000,
      );
      assert.match(text.replaceAll('\u00a0', ' '), /step 1[\s\S]*step 2[\s\S]*step 3/);
      await workbench.screenshot(`${pictures}run-1-done`);
      await workbench.pressEditorButton('Run Command Again');
      await eventually(
        () => workbench.editorText(),
        (seen) => /running…/.test(seen),
        30_000,
      );
      await workbench.screenshot(`${pictures}run-2-running`);
      await workbench.pressEditorButton('Stop Command');
      await eventually(
        () => workbench.editorText(),
        (seen) => /stopped after/.test(seen.replaceAll('\u00a0', ' ')),
        30_000,
      );
    });

    it('has the end of what a command prints in view', async () => {
      const { workbench } = session();
      await workbench.tree('Devboxes').row(name).chooseFromMenu('Run Command in Devbox…');
      await workbench.quickInput.waitFor(`Run Command in ${name}`);
      await workbench.quickInput.accept('seq 300; sleep 2; seq 301 600; echo last""line');
      await eventually(
        () => workbench.editorText(),
        (seen) => /600\s*lastline/.test(seen.replaceAll('\u00a0', ' ')),
        30_000,
      );
      await workbench.screenshot(`${pictures}run-3-end`);
    });

    it('has the same shell after a reload of the window', async () => {
      const { workbench } = session();
      await workbench.reload();
      await workbench.waitUntilReady();
      // The editor may open one of its own for a panel that is empty until then.
      await session().api.evaluate(async (vscode, ofDevbox) => {
        const isOurs = (one: { name: string }): boolean => one.name === ofDevbox;
        while (!vscode.window.terminals.some(isOurs)) await new Promise((resolve) => setTimeout(resolve, 100));
        vscode.window.terminals.find(isOurs)?.show();
      }, name);
      const uris = await session().api.evaluate(async (vscode) => {
        const shown = (): string[] =>
          vscode.workspace.textDocuments.map((one) => (one.uri.scheme === 'runloop-run' ? one.getText() : ''));
        const open = (): string[] =>
          vscode.window.tabGroups.all.flatMap(({ tabs }) =>
            tabs.flatMap(({ input }) =>
              input instanceof vscode.TabInputText && input.uri.scheme === 'runloop-run' ? [input.uri.toString()] : [],
            ),
          );
        while (open().length < 3) await new Promise((resolve) => setTimeout(resolve, 100));
        for (const uri of open()) await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
        return shown();
      });
      assert.match(uris.join('\n'), /exit code 4 after [^]*This window was reloaded after that/);
      // What it showed before is there again.
      await shows(/y\s*\^C\s*\n.*\$\s*$/);
      await type('echo "$kept $$"\n');
      await shows(new RegExp(`yes ${pid}\n`));
      await workbench.screenshot(`${pictures}terminal-3-after-reload`);
    });

    it('shows what a start file asks, with a line that says why it is as it is', async () => {
      const { workbench } = session();
      // What is printed before the terminal is connected is lost.
      const bashrc = 'sleep 1; read -p "Which project? " project; PS1="[$project]\\$ "';
      await box.bash(`cp ~/.bashrc ~/.bashrc-kept 2>/dev/null; printf '%s\\n' '${bashrc}' > ~/.bashrc`);
      await workbench.tree('Devboxes').row(name).pressInlineButton('Open Terminal in Devbox');
      const seen = await shows(/Which project\?/);
      await workbench.screenshot(`${pictures}terminal-4-asks`);
      await type('alpha\n');
      await shows(/\[alpha\]\$/);
      await workbench.screenshot(`${pictures}terminal-5-answered`);
      assert.doesNotMatch(seen, /HISTFILE/);
    });
  });
}
