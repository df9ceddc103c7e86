import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { homedir } from 'node:os';
import { basename } from 'node:path/posix';
import { finished } from 'node:stream/promises';
import { l10n, ProgressLocation, Uri, window, workspace, type QuickPickItem } from 'vscode';
import { hidesNothing, showEverything, type LogFilter } from '../../core/logs/logFilter';
import type { LogRecords } from '../../core/logs/logRecords';
import { TimeSlicer } from '../../ground/timeSlicer';
import type { Log } from '../messages/log';
import { logOf, type OpenLogs } from './logCommands';
import type { LogDocument } from './logDocument';

const piece = { lines: 5_000, characters: 1 << 20 };

/** Saves a log as a text file, redacted as it is shown. */
export async function saveLog(
  { logDocuments, log: ownLog }: OpenLogs & { readonly log: Log },
  argument: unknown,
): Promise<void> {
  const log = await logOf({ logDocuments }, argument);
  if (log === undefined) return;
  const filter = await filterToSave(log);
  if (filter === undefined) return;
  const [folder] = workspace.workspaceFolders ?? [];
  const defaultFolder = folder?.uri.scheme === 'file' ? folder.uri : Uri.file(homedir());
  const target = await window.showSaveDialog({
    title: l10n.t('Save Log'),
    defaultUri: Uri.joinPath(defaultFolder, basename(log.document.uri.path)),
    filters: { [l10n.t('Logs')]: ['log', 'txt'] },
  });
  if (target === undefined) return;
  await window.withProgress({ location: ProgressLocation.Window, title: l10n.t('Saving the log') }, () =>
    write(log.records, filter, target),
  );
  const open = l10n.t('Open');
  const lines = linesText(log.records.linesShown(filter));
  const said =
    log.state === 'ended' ? l10n.t('Saved the whole log: {0}.', lines) : l10n.t('Saved the log up to now: {0}.', lines);
  window.showInformationMessage(hidesNothing(filter) ? said : l10n.t('Saved what is shown: {0}.', lines), open).then(
    async (chosen) => {
      if (chosen === open) await window.showTextDocument(target);
    },
    (error: unknown) => ownLog.failure('Opening the saved log', error),
  );
}

/** What of the log is to be saved: asked where it is not all shown. */
async function filterToSave({ filter, records }: LogDocument): Promise<LogFilter | undefined> {
  if (hidesNothing(filter)) return filter;
  const item = (label: string, of: LogFilter): QuickPickItem & { readonly filter: LogFilter } => ({
    label,
    description: linesText(records.linesShown(of)),
    filter: of,
  });
  const items = [item(l10n.t('Only the lines shown'), filter), item(l10n.t('The whole log'), showEverything)];
  return (await window.showQuickPick(items, { title: l10n.t('Save Log'), placeHolder: l10n.t('Select what to save') }))
    ?.filter;
}

async function write(records: LogRecords, filter: LogFilter, target: Uri): Promise<void> {
  const pieces = piecesOf(records, filter);
  if (target.scheme !== 'file') {
    const parts: Uint8Array[] = [];
    for await (const text of pieces) parts.push(Buffer.from(text));
    await workspace.fs.writeFile(target, Buffer.concat(parts));
    return;
  }
  const file = createWriteStream(target.fsPath, { mode: 0o600 });
  const ended = finished(file);
  try {
    for await (const text of pieces) if (!file.write(text)) await Promise.race([once(file, 'drain'), ended]);
  } finally {
    file.end();
    await ended;
  }
}

/** What there is now, in pieces. */
async function* piecesOf(records: LogRecords, filter: LogFilter): AsyncGenerator<string> {
  const slicer = new TimeSlicer();
  const end = records.count;
  for (let next = 0; next < end;) {
    const slice = records.read(next, filter, piece);
    next = slice.next;
    if (slice.text !== '') yield slice.text;
    await slicer.share();
  }
}

function linesText(count: number): string {
  return count === 1 ? l10n.t('1 line') : l10n.t('{0} lines', count.toLocaleString());
}
