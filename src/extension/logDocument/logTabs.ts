import { commands, TabInputText, Uri, ViewColumn, window, type TextDocumentShowOptions } from 'vscode';
import { hidesNothing, lineLevelOf, type LogFilter } from '../../core/logs/logFilter';
import { logScheme } from '../commandIds';
import type { LogDocument } from './logDocument';
import type { RememberedLog } from './rememberedLogs';

/** All that the editor has a number for, in order. */
const columns = [
  ViewColumn.One,
  ViewColumn.Two,
  ViewColumn.Three,
  ViewColumn.Four,
  ViewColumn.Five,
  ViewColumn.Six,
  ViewColumn.Seven,
  ViewColumn.Eight,
  ViewColumn.Nine,
];

/** How a log is shown that is in a tab. */
export interface LogView {
  readonly isFollowing: boolean;
  readonly filter: LogFilter;
}

/** The addresses of the logs that are in tabs. */
export function addressesInTabs(): ReadonlySet<string> {
  return new Set(logTabs().map(({ address }) => address));
}

/** The tabs of this window that have logs, as they are to be found again. */
export function tabsToRemember(viewOf: (address: string) => LogView | undefined): Omit<RememberedLog, 'baseUrl'>[] {
  return logTabs().map(({ address, column, isActive }) => {
    const view = viewOf(address);
    return {
      address,
      column,
      isActive,
      isFollowing: view?.isFollowing ?? false,
      hiddenLevels: [...(view?.filter.hiddenLevels ?? [])],
      hiddenSources: [...(view?.filter.hiddenSources ?? [])],
    };
  });
}

/** How a remembered log was shown. */
export function viewOf({ isFollowing, hiddenLevels, hiddenSources }: RememberedLog): LogView {
  return {
    isFollowing,
    filter: {
      hiddenLevels: new Set(hiddenLevels.flatMap((level) => lineLevelOf(level) ?? [])),
      hiddenSources: new Set(hiddenSources),
    },
  };
}

export function showAs(log: LogDocument, { isFollowing, filter }: LogView): void {
  if (!hidesNothing(filter)) log.setFilter(filter);
  if (isFollowing) log.follow(true);
}

/** Opens the tab of a log; behind the one that its group shows if it was there. The focus stays where it is. */
export async function reopenTab({ address, column, isActive }: RememberedLog): Promise<void> {
  // The command takes `background`, which the options of the API's own function do not have.
  const options: TextDocumentShowOptions & { readonly background: boolean } = {
    viewColumn: columns[column - 1] ?? ViewColumn.Active,
    preview: false,
    preserveFocus: true,
    background: !isActive,
  };
  await commands.executeCommand('vscode.open', Uri.parse(address, true), options);
}

function logTabs(): readonly { readonly address: string; readonly column: number; readonly isActive: boolean }[] {
  return window.tabGroups.all.flatMap(({ tabs, viewColumn }) =>
    tabs.flatMap(({ input, isActive }) =>
      input instanceof TabInputText && input.uri.scheme === logScheme
        ? [{ address: input.uri.toString(), column: viewColumn, isActive }]
        : [],
    ),
  );
}
