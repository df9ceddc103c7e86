import { env, l10n, StatusBarAlignment, window } from 'vscode';
import type { Disposable } from '../../core/events';
import { hidesNothing } from '../../core/logs/logFilter';
import type { CommandId } from '../commandIds';
import type { LogDocument } from './logDocument';

/** Says in the status bar how much of the log in front there is, and whether more may come. */
export class LogStatusItem implements Disposable {
  readonly #item = window.createStatusBarItem('runloop.log', StatusBarAlignment.Right, 101);

  constructor() {
    const command: CommandId = 'runloop.filterLog';
    this.#item.name = l10n.t('Runloop Log');
    this.#item.command = command;
  }

  /** @param log the one in the active editor, if it is one */
  show(log: LogDocument | undefined): void {
    if (log === undefined) {
      this.#item.hide();
      return;
    }
    const all = number(log.records.lineCount);
    const whole =
      all === '1' && !log.isLoading
        ? l10n.t('1 line')
        : l10n.t('{0} lines', log.isLoading ? `${number(log.linesShown)} / ${all}` : all);
    const lines = hidesNothing(log.filter) ? whole : l10n.t('{0} of {1} lines', number(log.linesShown), all);
    const filter = hidesNothing(log.filter) ? '' : '$(filter-filled) ';
    this.#item.text = `${log.isLoading ? '$(loading~spin) ' : ''}${filter}${lines} · ${stateText(log)}`;
    this.#item.tooltip = l10n.t('Filter by level and source');
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}

function stateText({ state, isCut, isFollowing }: LogDocument): string {
  switch (state) {
    case 'reading':
      if (isCut) return l10n.t('no connection, retrying');
      return isFollowing ? l10n.t('following') : l10n.t('live');
    case 'idle':
      return l10n.t('paused');
    case 'ended':
      return l10n.t('whole log');
    case 'failed':
      return l10n.t('incomplete');
  }
}

function number(count: number): string {
  return count.toLocaleString(env.language);
}
