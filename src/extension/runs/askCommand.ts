import { l10n, QuickPickItemKind, ThemeIcon, window, type QuickPickItem } from 'vscode';
import { plainLabel } from '../devboxes/pickDevbox';
import type { EarlierCommands } from './runHistory';

/** Characters of an earlier command in its label: the editor's filter takes minutes to compare long texts that are alike. */
const labelLength = 40;

interface EarlierItem extends QuickPickItem {
  /** Absent: a line between the others. */
  readonly command?: string;
}

/**
 * Asks for a command: what is in the box when Enter is pressed, and nothing else. One that was run before is put into the box,
 * to be read before it runs.
 *
 * @returns undefined if the user leaves it
 */
export async function askCommand(title: string, history: EarlierCommands): Promise<string | undefined> {
  const box = window.createInputBox();
  box.title = title;
  box.placeholder = l10n.t('Command to run in the shell of the devbox, for example: git status');
  box.ignoreFocusOut = true;
  const earlier = { iconPath: new ThemeIcon('history'), tooltip: l10n.t('Earlier Commands') };
  box.buttons = history.here.length + history.elsewhere.length === 0 ? [] : [earlier];
  let isChoosing = false;
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      box.onDidAccept(() => {
        const command = box.value.trim();
        if (command !== '') resolve(command);
      });
      box.onDidHide(() => {
        if (!isChoosing) resolve(undefined);
      });
      box.onDidTriggerButton(() => {
        isChoosing = true;
        askEarlier(title, history).then((command) => {
          isChoosing = false;
          if (command !== undefined) box.value = command;
          box.show();
        }, reject);
      });
      box.show();
    });
  } finally {
    box.dispose();
  }
}

async function askEarlier(title: string, { here, elsewhere }: EarlierCommands): Promise<string | undefined> {
  const line: EarlierItem = { label: l10n.t('Other Devboxes'), kind: QuickPickItemKind.Separator };
  const items = [...here.map(itemOf), ...(elsewhere.length === 0 ? [] : [line]), ...elsewhere.map(itemOf)];
  const placeHolder = l10n.t('Select a command. You can change it before it runs.');
  return (await window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true }))?.command;
}

function itemOf(command: string): EarlierItem {
  const isLong = command.length > labelLength;
  const label = plainLabel(isLong ? `${command.slice(0, labelLength)}…` : command);
  return { label, command, ...(isLong ? { detail: plainLabel(command) } : {}) };
}
