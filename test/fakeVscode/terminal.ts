import type * as vscode from 'vscode';

const escape = '\u001b';
/** A terminal is asked for a mode: by our pacing, as a rule, which wants to know how far it has drawn. */
export const question = new RegExp(`${escape}\\[\\?(\\d+)\\$p`, 'g');

/** What a terminal answers where it is asked for modes that nobody has. */
export function answersTo(text: string): readonly string[] {
  return [...text.matchAll(question)].map(([, mode = '']) => `\u001b[?${mode};0$y`);
}

/** A terminal of an extension: opened when it is made, and told its true size when it is shown, as an editor does it. */
export class FakeTerminal implements Pick<vscode.Terminal, 'name' | 'show' | 'dispose'> {
  readonly pty: vscode.Pseudoterminal;
  readonly creationOptions: vscode.ExtensionTerminalOptions;
  readonly processId = Promise.resolve(undefined);
  readonly exitStatus = undefined;
  readonly state: vscode.TerminalState = { isInteractedWith: false, shell: undefined };
  readonly shellIntegration = undefined;
  name: string;
  /** All that was written into it. */
  text = '';
  isShown = false;
  isClosed = false;

  constructor(options: vscode.ExtensionTerminalOptions) {
    this.creationOptions = options;
    this.name = options.name;
    this.pty = options.pty;
    this.pty.onDidWrite((text) => {
      this.text += text;
      // It answers what our pacing asks, as a terminal does that draws.
      for (const answer of answersTo(text)) setImmediate(() => this.pty.handleInput?.(answer));
    });
    this.pty.onDidClose?.(() => (this.isClosed = true));
    this.pty.onDidChangeName?.((name) => (this.name = name));
    this.pty.open({ columns: 80, rows: 30 });
  }

  show(): void {
    this.isShown = true;
    this.pty.setDimensions?.({ columns: 100, rows: 20 });
  }

  hide(): void {
    this.isShown = false;
  }

  /** Types as a person does. */
  sendText(text: string, shouldExecute = true): void {
    this.pty.handleInput?.(shouldExecute ? `${text}\r` : text);
  }

  /** A person closes its tab, or the extension disposes it. */
  dispose(): void {
    this.isClosed = true;
    this.pty.close();
  }
}
