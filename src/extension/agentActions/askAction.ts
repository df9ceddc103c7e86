import { l10n, window, type QuickPickItem } from 'vscode';
import type { Action } from '../../core/actionServer/actions';
import { parseActions } from './parseActions';

interface Kind extends QuickPickItem {
  readonly placeHolder: string;
  /** The actions of a text; undefined if it says none. */
  readonly actionsOf: (text: string) => readonly Action[] | undefined;
  /** What is wrong with a text. */
  readonly complaint?: (text: string) => string | undefined;
}

/**
 * Asks which action to run, and with what.
 *
 * @param mostActions how many a list may hold: OpenHands' `max_iterations`
 * @returns undefined if the user leaves it
 */
export async function askActions(title: string, mostActions: number): Promise<readonly Action[] | undefined> {
  const placeHolder = l10n.t('Select the type of the action');
  const kind = await window.showQuickPick(kinds(mostActions), { title, placeHolder, matchOnDescription: true });
  if (kind === undefined) return undefined;
  const text = await window.showInputBox({
    title: `${title}: ${kind.label}`,
    placeHolder: kind.placeHolder,
    ignoreFocusOut: true,
    validateInput: kind.complaint ?? (() => undefined),
  });
  return text === undefined ? undefined : kind.actionsOf(text);
}

function kinds(mostActions: number): readonly Kind[] {
  const filled =
    (make: (text: string) => Action) =>
    (text: string): readonly Action[] | undefined =>
      text.trim() === '' ? undefined : [make(text)];
  return [
    {
      label: l10n.t('Shell Command'),
      description: 'run',
      placeHolder: l10n.t('A command for the shell that agents use, for example: pytest -q'),
      actionsOf: filled((command) => ({ action: 'run', args: { command } })),
    },
    {
      label: l10n.t('Input to the Running Command'),
      description: 'run, is_input',
      placeHolder: l10n.t('Text to type, or C-c to interrupt it. Leave empty to read more output.'),
      // Empty text is a question for more output, which is no input.
      actionsOf: (command) => [{ action: 'run', args: { command, ...(command === '' ? {} : { is_input: true }) } }],
    },
    {
      label: l10n.t('Python in Jupyter'),
      description: 'run_ipython',
      placeHolder: l10n.t('Python code, for example: print(1 + 1)'),
      actionsOf: filled((code) => ({ action: 'run_ipython', args: { code } })),
    },
    {
      label: l10n.t('Read a File'),
      description: 'read',
      placeHolder: l10n.t('The path of a file in the devbox'),
      actionsOf: filled((path) => ({ action: 'read', args: { path } })),
    },
    {
      label: l10n.t('Open a Web Page'),
      description: 'browse',
      placeHolder: l10n.t('An address for the browser in the devbox'),
      actionsOf: filled((url) => ({ action: 'browse', args: { url } })),
    },
    {
      label: l10n.t('Actions as JSON'),
      description: 'run, read, write, edit, browse_interactive, call_tool_mcp, …',
      placeHolder: '{"action": "run", "args": {"command": "ls", "blocking": true}, "timeout": 60}',
      complaint: (text) => {
        const parsed = parseActions(text, mostActions);
        return typeof parsed === 'string' ? parsed : undefined;
      },
      actionsOf: (text) => {
        const parsed = parseActions(text, mostActions);
        return typeof parsed === 'string' ? undefined : parsed;
      },
    },
  ];
}
