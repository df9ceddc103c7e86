import { commands, window } from 'vscode';
import type { CommandId } from '../commandIds';
import type { Log } from './log';

/** A button of a message that runs a command on a devbox. */
export interface MessageAction {
  readonly title: string;
  readonly command: CommandId;
  /** What the command is called with: a devbox's id as a rule. */
  readonly argument?: unknown;
}

/** Shows a message whose buttons run commands, and goes on at once; what fails is logged. */
export function showActions(
  kind: 'information' | 'warning',
  text: string,
  actions: readonly MessageAction[],
  log: Log,
): void {
  const show = kind === 'warning' ? window.showWarningMessage : window.showInformationMessage;
  show(text, ...actions.map(({ title }) => title)).then(
    async (chosen) => {
      const action = actions.find(({ title }) => title === chosen);
      if (action !== undefined) await commands.executeCommand(action.command, action.argument);
    },
    (error: unknown) => log.failure('Showing a message', error),
  );
}
