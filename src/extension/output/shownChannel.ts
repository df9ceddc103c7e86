import { window } from 'vscode';
import type { Disposable } from '../../core/events';
import type { Audience } from '../../core/logs/followWhileShown';

/**
 * Whether an output channel can be seen. The editor has no event for that, but counts the text of the Output view among
 * its visible editors: under the scheme `output`, with the channel's name in the address, without the characters that a
 * file name cannot have.
 */
export class ShownChannel implements Audience {
  readonly #name: string;

  constructor(title: string) {
    this.#name = title.replace(/[\\/:*?"<>|]/g, '');
  }

  get isShown(): boolean {
    return window.visibleTextEditors.some(
      ({ document: { uri } }) => uri.scheme === 'output' && uri.path.includes(this.#name),
    );
  }

  onChange(listener: () => void): Disposable {
    return window.onDidChangeVisibleTextEditors(listener);
  }
}
