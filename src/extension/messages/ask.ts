import { window } from 'vscode';

/** A question that stops everything until it is answered. */
export interface Question {
  readonly question: string;
  /** What a yes costs, changes or gives away. */
  readonly detail?: string | undefined;
  /** The button's words: the verb of what then happens. */
  readonly yes: string;
  /** Without the sign of danger, for what can neither cost nor lose anything. Default false. */
  readonly harmless?: boolean;
}

/** @returns true only if the button was clicked; Escape, Cancel and a window that closes are a no */
export async function saysYes({ question, detail, yes, harmless = false }: Question): Promise<boolean> {
  const options = { modal: true, ...(detail === undefined ? {} : { detail }) };
  const answer = harmless
    ? await window.showInformationMessage(question, options, yes)
    : await window.showWarningMessage(question, options, yes);
  return answer === yes;
}
