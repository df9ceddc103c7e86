import { l10n, QuickPickItemKind, Uri, window, type QuickPickItem } from 'vscode';
import { filterThatShows, lineLevels } from '../../core/logs/logFilter';
import type { LineLevel } from '../../core/logs/serverLine';
import { hasEnded } from '../../core/platform/devbox';
import { devboxFor, plainLabel, type DevboxSources } from '../devboxes/pickDevbox';
import type { LogDocument } from './logDocument';
import type { LogDocuments } from './logDocuments';

/** The logs that are open in this window; made on first use. */
export interface OpenLogs {
  readonly logDocuments: () => Promise<LogDocuments>;
}

/** Opens the whole log of a devbox, whatever has become of it, as a read-only document that grows with it. */
export async function openLog(
  { account, store, logDocuments }: DevboxSources & OpenLogs,
  argument: unknown,
): Promise<void> {
  const devbox = await devboxFor({ account, store }, argument, {
    placeHolder: l10n.t('Select a devbox to open its log'),
    inAnyState: true,
  });
  if (devbox === undefined) return;
  const log = await (await logDocuments()).show(devbox);
  // Of what still happens one wants to see the end; of what has ended the beginning is as good a place to start.
  if (log.state !== 'ended' && !hasEnded(devbox.status)) log.follow(true);
}

/** Keeps the end of a log in view. */
export async function followLog({ logDocuments }: OpenLogs, argument: unknown): Promise<void> {
  (await logOf({ logDocuments }, argument))?.follow(true);
}

/** Leaves the window of a log where it is. */
export async function unfollowLog({ logDocuments }: OpenLogs, argument: unknown): Promise<void> {
  (await logOf({ logDocuments }, argument))?.follow(false);
}

interface FilterItem extends QuickPickItem {
  readonly level?: LineLevel;
  readonly source?: string;
}

/** Asks which levels and sources of a log are to be shown. */
export async function filterLog({ logDocuments }: OpenLogs, argument: unknown): Promise<void> {
  const log = await logOf({ logDocuments }, argument);
  if (log === undefined) return;
  const { filter, records } = log;
  const count = (records_: number): string => (records_ === 1 ? l10n.t('1 message') : l10n.t('{0} messages', records_));
  const levels = lineLevels.map((level): FilterItem => ({
    label: levelName(level),
    description: count(records.countOf(level)),
    picked: !filter.hiddenLevels.has(level),
    level,
  }));
  const sources = records.sources.map(({ name, count: own }): FilterItem => ({
    label: name === '' ? l10n.t('(no source)') : plainLabel(name),
    description: count(own),
    picked: !filter.hiddenSources.has(name),
    source: name,
  }));
  const heading = (label: string): FilterItem => ({ label, kind: QuickPickItemKind.Separator });
  const items = [heading(l10n.t('Level')), ...levels, heading(l10n.t('Source')), ...sources];
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Filter Log'),
    placeHolder: l10n.t('Select what to show in this log'),
    canPickMany: true,
  });
  if (picked === undefined) return;
  const shown = {
    levels: new Set(picked.flatMap(({ level }) => level ?? [])),
    sources: new Set(picked.flatMap(({ source }) => source ?? [])),
  };
  log.setFilter(
    filterThatShows(
      shown,
      records.sources.map(({ name }) => name),
    ),
  );
}

/** The log that a button of an editor means, or the one in the active editor. */
export async function logOf({ logDocuments }: OpenLogs, argument: unknown): Promise<LogDocument | undefined> {
  const log = (await logDocuments()).find(argument instanceof Uri ? argument : undefined);
  if (log === undefined) void window.showInformationMessage(l10n.t('Open the log of a devbox first.'));
  return log;
}

function levelName(level: LineLevel): string {
  switch (level) {
    case 'error':
      return l10n.t('Errors');
    case 'warning':
      return l10n.t('Warnings');
    case 'info':
      return l10n.t('Information');
    case 'debug':
      return l10n.t('Debug');
  }
}
