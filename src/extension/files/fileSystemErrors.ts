import { FileSystemError, type Uri } from 'vscode';
import { isMissingCode } from '../messages/missingCode';
import { RuntimeError } from '../../core/errors';
import { fileProblemOf } from '../../core/files/fileErrors';
import { OtherAccount } from './accountFiles';
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
