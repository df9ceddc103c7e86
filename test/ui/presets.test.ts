import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { beginBuild } from '../../src/core/platform/buildBlueprint';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import type { Devbox } from '../../src/core/platform/devbox';
import { eventually } from '../eventually';
import { useUiSession } from './uiSession';

describe('Presets, uploads and blueprints that are missing', function () {
  this.timeout(120_000);
  const session = useUiSession({
    workspaceTrust: true,
    settings: {
      'runloop.blueprint': 'our-openhands',
      'runloop.size': 'SMALL',
      'security.workspace.trust.startupPrompt': 'never',
    },
  });

  async function devboxNamed(name: string): Promise<Devbox | undefined> {
    const { platform } = session();
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    for await (const devbox of api.devboxes.list({})) if (devbox.name === name) return devbox;
    return undefined;
  }

  async function folder(): Promise<string> {
    return session().api.evaluate((vscode) => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '');
  }

  async function writePresets(text: string): Promise<string> {
    const file = join(await folder(), '.runloop', 'devbox.json');
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  it('refuses a hostile file of a folder as a whole', async () => {
    const { workbench } = session();
    await writePresets(JSON.stringify({ presets: [{ name: 'free money $(trash)', baseUrl: 'https://evil.example' }] }));
    await workbench.openViewContainer('Runloop');
    await workbench.runCommand('Runloop: Start Devbox With Options…');
    await workbench.quickInput.row('Presets that cannot be used').waitFor();
    assert.ok((await workbench.quickInput.labels()).every((label) => !label.includes('free money')));
    await workbench.quickInput.waitFor('The presets contain an unknown property in presets.0: baseUrl.');
    await workbench.screenshot('presets-1-refused');
    await workbench.quickInput.dismiss();
  });

  it('asks before it uses a preset of a folder that is not trusted', async () => {
    const { workbench } = session();
    const preset = {
      name: 'for this folder',
      plain: true,
      size: 'X_SMALL',
      lifetimeMinutes: 90,
      environment: { MODE: 'test' },
    };
    await writePresets(JSON.stringify({ presets: [preset] }));
    await workbench.runCommand('Runloop: Start Devbox With Options…');
    await workbench.quickInput.pick('for this folder');
    await workbench.dialog.waitFor('is not trusted. Use its preset for this folder?');
    assert.match(await workbench.dialog.text(), /plain, X_SMALL, shut down after 90 min, sets MODE/);
    await workbench.screenshot('presets-2-untrusted');
    await workbench.dialog.press('Cancel');
    await workbench.quickInput.pick('for this folder');
    await workbench.dialog.press('Use Preset');
    await workbench.quickInput.waitFor(/Devbox name/);
    assert.match(await workbench.quickInput.title(), /\(2\/2\)/);
    await workbench.quickInput.accept('from-preset');
    await workbench.notification('Devbox from-preset is ready.').waitFor(60_000);
    const devbox = await devboxNamed('from-preset');
    assert.equal(devbox?.size, 'X_SMALL');
    assert.equal(devbox.keepAliveSeconds, 5_400);
  });

  it('builds the blueprint that is missing, shows its log, and starts with a folder of this computer', async () => {
    const { workbench } = session();
    const home = await folder();
    await writeFile(join(home, '.gitignore'), 'left-out.txt\n');
    await writeFile(join(home, 'left-out.txt'), 'not wanted');
    await writeFile(join(home, '.env'), 'PASSWORD=x');
    await workbench.runCommand('Runloop: Start Devbox With Options…');
    await workbench.quickInput.row('Build the blueprint our-openhands').waitFor();
    await workbench.screenshot('presets-3-build');
    await workbench.quickInput.pick('Build the blueprint our-openhands');
    await workbench.quickInput.pick('SMALL');
    await workbench.quickInput.pick('Shut down after 1 h');
    await workbench.quickInput.waitFor('Initial content of the workspace');
    await workbench.screenshot('presets-4-content');
    await workbench.quickInput.pick(`Upload the folder ${home.split('/').at(-1) ?? ''}`);
    await workbench.quickInput.waitFor(/Environment variables/);
    await workbench.quickInput.accept();
    await workbench.quickInput.waitFor(/Devbox name/);
    await workbench.page.getByRole('button', { name: 'Save These Choices as a Preset…' }).click();
    await workbench.quickInput.pick('In your settings');
    await workbench.quickInput.waitFor(/Preset name/);
    await workbench.quickInput.accept('with my files');
    await workbench.quickInput.waitFor(/Devbox name/);
    await workbench.quickInput.accept('with-files');
    await workbench.dialog.waitFor('Build the blueprint our-openhands?');
    assert.match(await workbench.dialog.text(), /ghcr\.io\/openhands\/runtime:0\.62-nikolaik/);
    await workbench.screenshot('presets-5-build-question');
    await workbench.dialog.press('Build and Start');
    await workbench.dialog.waitFor('Upload files that look like secrets (1) to the devbox?');
    assert.match(await workbench.dialog.text(), /\.env/);
    await workbench.screenshot('presets-6-secrets');
    await workbench.dialog.press('Skip These Files');
    await workbench.notification('Devbox with-files is ready.').waitFor(60_000);
    await workbench.screenshot('presets-7-ready');
    const log = await session().outputText('Build of our-openhands');
    assert.match(log, /FROM ghcr\.io\/openhands\/runtime:0\.62-nikolaik[^]*The blueprint is built\./);
    const { platform } = session();
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const devbox = await devboxNamed('with-files');
    assert.ok(devbox !== undefined);
    await assert.rejects(api.files.read(devbox.id, '/workspace/.env'));
    await assert.rejects(api.files.read(devbox.id, '/workspace/left-out.txt'));
    assert.match(await api.files.read(devbox.id, '/workspace/.gitignore'), /left-out/);
  });

  it('waits for a build that is under way, and starts nothing when that is cancelled', async () => {
    const { workbench, platform } = session();
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    await beginBuild(api, {
      name: 'slow-to-build',
      dockerfile: 'FROM ubuntu\nRUN echo "\u001b[31mred $(icon) [link](command:x)"; sleep 8\n',
    });
    await workbench.runCommand('Runloop: Start Devbox With Options…');
    await workbench.quickInput.pick('slow-to-build');
    await workbench.quickInput.pick('SMALL');
    await workbench.quickInput.pick('Shut down after 1 h');
    await workbench.quickInput.pick('Nothing');
    await workbench.quickInput.waitFor(/Environment variables/);
    await workbench.quickInput.accept();
    await workbench.quickInput.waitFor(/Devbox name/);
    await workbench.quickInput.accept('never-started');
    await workbench.dialog.waitFor('The blueprint slow-to-build is being built. Wait for it?');
    await workbench.dialog.press('Wait and Start');
    const progress = workbench.notification('Waiting for the blueprint slow-to-build');
    await progress.waitFor();
    await eventually(
      () => session().outputText('Build of slow-to-build'),
      (text) => text.includes('red'),
    );
    await workbench.screenshot('presets-10-build');
    await progress.press('Cancel');
    await workbench.notification('Nothing was started. The build continues').waitFor(30_000);
    assert.equal(await devboxNamed('never-started'), undefined);
    assert.ok(!(await session().outputText('Build of slow-to-build')).includes('\u001b'));
  });

  it('keeps presets in the folder too, beside those that are there, and the settings\u2019 come first in every window', async () => {
    const { workbench } = session();
    await workbench.runCommand('Runloop: Start Devbox With Options…');
    await workbench.quickInput.row('with my files').waitFor();
    await workbench.screenshot('presets-8-offered');
    await workbench.quickInput.pick('Plain devbox');
    await workbench.quickInput.pick('SMALL');
    await workbench.quickInput.pick('Shut down after 4 h');
    await workbench.quickInput.pick('Nothing');
    await workbench.quickInput.waitFor(/Environment variables/);
    await workbench.quickInput.pick('Add a variable…');
    await workbench.quickInput.waitFor('Name of the variable');
    await workbench.quickInput.accept('SECRET');
    await workbench.quickInput.waitFor('Value of SECRET');
    await workbench.quickInput.accept('do-not-keep');
    await workbench.quickInput.pick('Continue');
    await workbench.quickInput.waitFor(/Devbox name/);
    await workbench.page.getByRole('button', { name: 'Save These Choices as a Preset…' }).click();
    await workbench.quickInput.pick(`In the folder ${(await folder()).split('/').at(-1) ?? ''}`);
    await workbench.quickInput.waitFor(/Preset name/);
    await workbench.quickInput.accept('four hours');
    await workbench.quickInput.waitFor(/Devbox name/);
    await workbench.quickInput.dismiss();
    const text = await eventually(
      async () => readFile(join(await folder(), '.runloop', 'devbox.json'), 'utf8'),
      (written) => written.includes('four hours'),
    );
    assert.deepEqual(JSON.parse(text), {
      presets: [
        { name: 'for this folder', plain: true, size: 'X_SMALL', lifetimeMinutes: 90, environment: { MODE: 'test' } },
        { name: 'four hours', plain: true, size: 'SMALL', lifetimeMinutes: 240 },
      ],
    });
  });

  it('knows the words of the file', async () => {
    const { api } = session();
    const file = await writePresets('{ "presets": [ { "name": "a", "size": "HUGE", "apiKey": "x",  } ] }');
    const found = await eventually(
      () =>
        api.evaluate(async (vscode, path) => {
          const uri = vscode.Uri.file(path);
          const document = await vscode.workspace.openTextDocument(uri);
          await vscode.window.showTextDocument(document);
          const position = document.positionAt(document.getText().indexOf(',  }') + 2);
          const list = await vscode.commands.executeCommand<{ items: { label: string | { label: string } }[] }>(
            'vscode.executeCompletionItemProvider',
            uri,
            position,
          );
          return {
            completions: list.items.map(({ label }) => (typeof label === 'string' ? label : label.label)),
            problems: vscode.languages.getDiagnostics(uri).map(({ message }) => message),
          };
        }, file),
      ({ completions, problems }) => completions.includes('lifetimeMinutes') && problems.length >= 2,
      30_000,
    );
    assert.ok(found.completions.includes('blueprint'));
    assert.ok(
      found.problems.some((message) => message.includes('apiKey')),
      found.problems.join('\n'),
    );
    await session().workbench.screenshot('presets-9-schema');
  });
});
