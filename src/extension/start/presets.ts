import { FileSystemError, l10n, Uri, workspace, type WorkspaceFolder } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { StartChoices } from '../../core/startChoices';
import { choicesOf, longestPresetFile, parsePresetFile, parsePresets, type Preset } from '../../core/startPresets';
import { readSettings, settingsSection } from '../account/settings';

/** A preset that can be started from. */
export interface OfferedPreset {
  readonly name: string;
  readonly choices: StartChoices;
  /** The folder whose file it comes from; undefined for the settings. */
  readonly folder: WorkspaceFolder | undefined;
}

/** A place whose presets cannot be used, with the reason. */
export interface PresetProblem {
  /** The file; undefined for the settings. */
  readonly file: Uri | undefined;
  readonly reason: string;
}

/** The file of presets of a workspace folder. */
export function presetFile(folder: WorkspaceFolder): Uri {
  return Uri.joinPath(folder.uri, '.runloop', 'devbox.json');
}

/** The presets of the settings and of every workspace folder, as they are now. */
export async function readPresets(): Promise<{ presets: readonly OfferedPreset[]; problems: readonly PresetProblem[] }> {
  const presets: OfferedPreset[] = [];
  const problems: PresetProblem[] = [];
  const take = async (folder: WorkspaceFolder | undefined, read: () => Promise<readonly Preset[]>): Promise<void> => {
    try {
      for (const preset of await read()) presets.push(offered(preset, folder));
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      problems.push({ file: folder === undefined ? undefined : presetFile(folder), reason: error.message });
    }
  };
  for (const folder of workspace.workspaceFolders ?? []) await take(folder, () => presetsIn(folder));
  await take(undefined, () => Promise.resolve(parsePresets(workspace.getConfiguration(settingsSection).get<unknown>('presets'))));
  return { presets, problems };
}

/**
 * The presets of one workspace folder; none if it has no file of them.
 *
 * @throws RuntimeError `invalid_option` for a file that cannot be used
 */
export async function presetsIn(folder: WorkspaceFolder): Promise<readonly Preset[]> {
  const text = await fileText(presetFile(folder));
  return text === undefined ? [] : parsePresetFile(text);
}

async function fileText(file: Uri): Promise<string | undefined> {
  try {
    const { size } = await workspace.fs.stat(file);
    if (size > longestPresetFile) {
      throw new RuntimeError({ code: 'invalid_option', message: l10n.t('The file of presets is too large.'), nextStep: '' });
    }
    return new TextDecoder().decode(await workspace.fs.readFile(file));
  } catch (error) {
    if (error instanceof FileSystemError && ['FileNotFound', 'FileNotADirectory'].includes(error.code)) return undefined;
    if (RuntimeError.is(error)) throw error;
    throw new RuntimeError({ code: 'invalid_option', message: l10n.t('The file of presets cannot be read.'), nextStep: '', cause: error });
  }
}

function offered(preset: Preset, folder: WorkspaceFolder | undefined): OfferedPreset {
  const { blueprint, size, lifetimeSeconds } = readSettings();
  const uploaded = (folder ?? workspace.workspaceFolders?.[0])?.uri;
  const choices = choicesOf(preset, {
    blueprint,
    size,
    lifetimeSeconds,
    folder: uploaded?.scheme === 'file' ? uploaded.fsPath : undefined,
  });
  return { name: preset.name, choices, folder };
}
