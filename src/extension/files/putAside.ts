import { commands, l10n, window, type Uri } from 'vscode';
import type { FileStat } from '../../core/files/fileFacts';
import { shownName } from '../../core/files/pathText';
import type { Log } from '../messages/log';
import { nameOf } from './fileAddress';

/** Tells of files whose save in place was ended half-way where the content of before is: once a window. */
export class PutAside {
  readonly #log: Log;
  readonly #told = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  tell(uri: Uri, { aside }: Pick<FileStat, 'aside'>): void {
    if (aside === undefined) return;
    const before = uri.with({ path: aside });
    if (this.#told.has(before.toString())) return;
    this.#told.add(before.toString());
    const text = l10n.t(
      'A save of "{0}" was cut off, and the file may be damaged. Its content of before is still in the devbox: {1}. Compare them, then delete that file.',
      shownName(nameOf(uri)),
      shownName(aside),
    );
    this.#show(text, before, uri).catch((error: unknown) => this.#log.failure('Showing what was put aside', error));
  }

  async #show(text: string, before: Uri, uri: Uri): Promise<void> {
    const compare = l10n.t('Compare');
    if ((await window.showWarningMessage(text, compare)) !== compare) return;
    const name = shownName(nameOf(uri));
    await commands.executeCommand('vscode.diff', before, uri, l10n.t('{0} (before the save ↔ now)', name));
  }
}
