import { ConfigurationTarget, l10n, Uri, window, workspace, type QuickPickItem, type WorkspaceFolder } from 'vscode';
import { parsePresets, presetOf } from '../../core/start/startPresets';
import type { StartChoices } from '../../core/start/startChoices';
import { saysYes } from '../messages/ask';
import { settingsSection } from '../account/settings';
import { nameComplaint } from '../devboxes/nameComplaint';
import { shown } from './answers';
import { choicesText } from './choicesText';
import { presetFile, presetsIn, settingsPresets } from './presets';

interface PresetTarget extends QuickPickItem {
  readonly folder: WorkspaceFolder | undefined;
}

/**
 * Asks for a name and a target, and keeps choices there as a preset; one of the same name is replaced after a yes.
 *
 * @throws RuntimeError `invalid_option` if what is there already cannot be read; then nothing is written
 */
export async function savePreset(choices: StartChoices): Promise<void> {
  const title = l10n.t('Save as Preset');
  const targets: PresetTarget[] = [
    {
      label: `$(settings-gear) ${l10n.t('In your settings')}`,
      description: l10n.t('for every window'),
      folder: undefined,
    },
    ...(workspace.workspaceFolders ?? []).map((folder) => ({
      label: `$(folder) ${l10n.t('In the folder {0}', shown(folder.name))}`,
      description: l10n.t('in .runloop/devbox.json, for everyone who opens it'),
      folder,
    })),
  ];
  const target = await window.showQuickPick(targets, {
    title,
    placeHolder: choicesText(choices),
    ignoreFocusOut: true,
  });
  if (target === undefined) return;
  const prompt = l10n.t('Preset name. Values of variables are not saved because they may be secret.');
  const name = (
    await window.showInputBox({ title, prompt, ignoreFocusOut: true, validateInput: nameComplaint })
  )?.trim();
  if (name === undefined) return;
  const before = target.folder === undefined ? settingsPresets() : await presetsIn(target.folder);
  const { folder } = target;
  if (before.some((preset) => preset.name === name) && !(await wantsToReplace(name))) return;
  const after = [...before.filter((preset) => preset.name !== name), presetOf(name, choices)];
  // What is written must be readable again: a folder's file is read by others.
  parsePresets(after);
  if (folder === undefined) {
    await workspace.getConfiguration(settingsSection).update('presets', after, ConfigurationTarget.Global);
  } else {
    const file = presetFile(folder);
    await workspace.fs.createDirectory(Uri.joinPath(file, '..'));
    await workspace.fs.writeFile(
      file,
      new TextEncoder().encode(`${JSON.stringify({ presets: after }, undefined, 2)}\n`),
    );
  }
  void window.showInformationMessage(
    l10n.t('Preset {0} was saved. "Start Devbox With Options" lists it first.', shown(name)),
  );
}

async function wantsToReplace(name: string): Promise<boolean> {
  return saysYes({
    question: l10n.t('A preset named {0} already exists. Replace it?', shown(name)),
    yes: l10n.t('Replace'),
  });
}
