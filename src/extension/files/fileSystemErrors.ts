import { commands, FileSystemError, l10n, window, workspace, type Uri } from 'vscode';
import { isMissingCode } from '../messages/missingCode';
import { RuntimeError } from '../../core/errors';
import { fileProblemOf } from '../../core/files/fileErrors';
import { asObject } from '../../core/parse';
import { OtherAccount } from './accountFiles';
import type { Log } from '../messages/log';
import { showActions } from '../messages/showActions';
import { failureText } from '../messages/showFailure';

/**
 * A failure as the editor tells them apart. What cannot be reached is `Unavailable`, never `FileNotFound`: the editor would
 * take it for deleted.
 */
export function fileSystemError(error: unknown, uri: Uri): unknown {
  if (error instanceof FileSystemError) return error;
  if (error instanceof OtherAccount) return FileSystemError.Unavailable(error.message);
  if (isMissingCode(error)) return FileSystemError.Unavailable(failureText(error));
  if (!RuntimeError.is(error)) return error;
  switch (fileProblemOf(error)) {
    case undefined:
      return FileSystemError.Unavailable(failureText(error));
    case 'file_missing':
    case 'file_link_broken':
      return FileSystemError.FileNotFound(uri);
    case 'file_exists':
      return FileSystemError.FileExists(uri);
    case 'file_is_folder':
      return FileSystemError.FileIsADirectory(uri);
    case 'file_not_folder':
      return FileSystemError.FileNotADirectory(uri);
    case 'file_denied':
    case 'file_read_only':
      return FileSystemError.NoPermissions(failureText(error));
    default:
      return new FileSystemError(failureText(error));
  }
}

/** For these the editor's own words are "unexpected error", and that its log says more. */
const unsaid: readonly unknown[] = [
  'file_special',
  'file_denied',
  'file_too_large',
  'file_link_broken',
  'file_link_loop',
  'file_failed',
];

/** Says why a file that has a tab could not be read for it. What others read unseen is not told of. */
export function tellWhyNotOpened(error: unknown, uri: Uri, log: Log): void {
  if (!unsaid.includes(fileProblemOf(error))) return;
  const address = uri.toString();
  const isShown = window.tabGroups.all.some(({ tabs }) =>
    tabs.some(({ input }) => String(asObject(input)?.['uri']) === address),
  );
  if (isShown) showActions('warning', failureText(error), [], log);
}

/** Offers to compare an unsaved text with what is there, where the editor saw no change before it saved: of a refusal it has no more than the words. */
export function offerComparison(error: unknown, uri: Uri, log: Log): void {
  const address = uri.toString();
  if (!workspace.textDocuments.some((document) => document.isDirty && document.uri.toString() === address)) return;
  const compare = l10n.t('Compare');
  window.showWarningMessage(failureText(error), compare).then(
    async (chosen) => {
      if (chosen === compare) await commands.executeCommand('workbench.files.action.compareWithSaved', uri);
    },
    (failure: unknown) => log.failure('Comparing a file with what is in the devbox', failure),
  );
}
