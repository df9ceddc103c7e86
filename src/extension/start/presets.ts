import { FileSystemError, Uri, workspace, type WorkspaceFolder } from 'vscode';
import { RuntimeError } from '../../core/errors';
import type { StartChoices } from '../../core/start/startChoices';
import {
  choicesOf,
  longestPresetFile,
  parsePresetFile,
  parsePresets,
  type Preset,
} from '../../core/start/startPresets';
import { readSettings, settingsSection } from '../account/settings';
import { commandProblem } from '../messages/commandProblems';
import { startProblem } from '../../core/problems/start';
import { failureText } from '../messages/showFailure';

/** A preset that can be started from. */
export interface OfferedPreset {
  readonly name: string;
  readonly choices: StartChoices;
  /** The folder whose file it comes from; undefined for the settings. */
  readonly folder: WorkspaceFolder | undefined;
  /** True if it uploads the workspace folder, and that is not on this computer, or there is none. */
  readonly lacksFolder: boolean;
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
export async function readPresets(): Promise<{
  presets: readonly OfferedPreset[];
  problems: readonly PresetProblem[];
}> {
  const presets: OfferedPreset[] = [];
  const problems: PresetProblem[] = [];
  const take = async (folder: WorkspaceFolder | undefined, read: () => Promise<readonly Preset[]>): Promise<void> => {
    try {
      for (const preset of await read()) presets.push(offered(preset, folder));
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      problems.push({ file: folder === undefined ? undefined : presetFile(folder), reason: failureText(error) });
    }
  };
  for (const folder of workspace.workspaceFolders ?? []) await take(folder, () => presetsIn(folder));
  await take(undefined, () => Promise.resolve(settingsPresets()));
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

/**
 * The presets of the settings.
 *
 * @throws RuntimeError `invalid_option` for presets that cannot be used
 */
export function settingsPresets(): readonly Preset[] {
  return parsePresets(workspace.getConfiguration(settingsSection).get<unknown>('presets'));
}

async function fileText(file: Uri): Promise<string | undefined> {
  try {
    const { size } = await workspace.fs.stat(file);
    if (size > longestPresetFile) {
      throw new RuntimeError({ problem: startProblem('presets_too_large') });
    }
    return new TextDecoder().decode(await workspace.fs.readFile(file));
  } catch (error) {
    if (error instanceof FileSystemError && ['FileNotFound', 'FileNotADirectory'].includes(error.code)) {
      return undefined;
    }
    if (RuntimeError.is(error)) throw error;
    throw new RuntimeError({ problem: commandProblem('presets_unreadable'), cause: error });
  }
}

function offered(preset: Preset, folder: WorkspaceFolder | undefined): OfferedPreset {
  const { blueprint, size, lifetimeSeconds } = readSettings();
  const uploaded = (folder ?? workspace.workspaceFolders?.[0])?.uri;
  const path = uploaded?.scheme === 'file' ? uploaded.fsPath : undefined;
  const choices = choicesOf(preset, { blueprint, size, lifetimeSeconds, folder: path });
  return { name: preset.name, choices, folder, lacksFolder: preset.uploadWorkspace === true && path === undefined };
}
