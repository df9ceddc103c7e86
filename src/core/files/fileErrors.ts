import { RuntimeError, saidBy } from '../errors';
import { oneLine } from '../safeText';
import { filesProblem, filesWords, type FileProblemId } from '../problems/files';
import { redact } from '../redact';
import { statOf, type FileStat } from './fileFacts';
import { shownName } from './pathText';

/** Those that have more parameters than a name. */
type WithReason = 'file_too_large' | 'file_failed' | 'file_maybe_saved' | 'file_maybe_done';

/** What Linux says, in the language C, and what it means for a file. */
const reasons: Readonly<Record<string, Exclude<FileProblemId, WithReason>>> = {
  'No such file or directory': 'file_missing',
  'File exists': 'file_exists',
  'Is a directory': 'file_is_folder',
  'Not a directory': 'file_not_folder',
  'Directory not empty': 'file_not_empty',
  'Permission denied': 'file_denied',
  'Operation not permitted': 'file_denied',
  'Read-only file system': 'file_read_only',
  'No space left on device': 'file_no_space',
  'Disk quota exceeded': 'file_no_space',
  'File name too long': 'file_name_too_long',
  'Too many levels of symbolic links': 'file_link_loop',
};

/** What small programs say that are in the place of those that are meant, as BusyBox has them. */
const lacksTools = /: (?:unrecognized|unknown predicate|invalid option|.*command not found)\b/;

/** What went wrong with a file, if that is what it was. */
export function fileProblemOf(error: unknown): FileProblemId | undefined {
  const id = RuntimeError.is(error, 'file') ? error.problem.id : undefined;
  return id !== undefined && isFileProblem(id) ? id : undefined;
}

function isFileProblem(id: string): id is FileProblemId {
  return id in filesWords && !id.startsWith('file_devbox_');
}

/** Says of a save that was refused that the file has its content of before, and yet is another version. */
class PutBack {
  readonly before: string;
  readonly now: FileStat;

  constructor(before: string, now: FileStat) {
    this.before = before;
    this.now = now;
  }
}

/** What a file is whose save was refused and which was written back. */
export function putBackIn(error: unknown): PutBack | undefined {
  return RuntimeError.is(error, 'file') && error.cause instanceof PutBack ? error.cause : undefined;
}

/** The error for a file that a devbox refused. */
export function fileError(
  id: Exclude<FileProblemId, WithReason>,
  path: string,
  devboxId: string,
  cause?: unknown,
): RuntimeError {
  return new RuntimeError({ problem: filesProblem(id, { name: shownPath(path) }), devboxId, cause });
}

/** The error for a script that failed: by the word that it gave itself, else by what Linux said last. */
export function scriptError(
  { said: fields, stderr }: { readonly said: readonly Buffer[]; readonly stderr: Uint8Array },
  path: string,
  devboxId: string,
): RuntimeError {
  const word = fields.at(-1)?.toString();
  const known = Object.values(reasons).find((id) => id === word);
  if (known !== undefined) return fileError(known, path, devboxId);
  if (word === 'file_changed' || word === 'file_special') return fileError(word, path, devboxId);
  // The reason stands at the end, behind whatever a name holds.
  const said = Buffer.from(stderr).toString().trimEnd();
  const reason = reasons[said.split(': ').at(-1) ?? ''];
  const [back, before = '', ...facts] = fields;
  const now = back?.toString() === 'back' ? statOf(facts) : undefined;
  const cause = now === undefined ? undefined : new PutBack(before.toString(), now);
  if (reason !== undefined) return fileError(reason, path, devboxId, cause);
  const lines = redact(said).split('\n');
  // A program that does not know what it was asked for tells at length what it knows.
  const why = oneLine(lines.find((line) => lacksTools.test(line)) ?? lines.at(-1) ?? '', 200);
  return new RuntimeError({ problem: filesProblem('file_failed', { name: shownPath(path), why }), devboxId, cause });
}

/** The error for a command that did not come to its end. */
export function killedError(path: string, devboxId: string): RuntimeError {
  return new RuntimeError({ problem: filesProblem('file_devbox_killed', { name: shownPath(path) }), devboxId });
}

/** Whether an answer is as if the devbox did not run: a refusal, or half of what is said of something that ended with it. */
export function mayNotRun(error: unknown): boolean {
  return (
    RuntimeError.is(error, 'unexpected_answer') ||
    (RuntimeError.is(error) && [400, 404, 409].includes(error.status ?? 0))
  );
}

/** The error for something of which nobody can tell whether it was done. */
export function maybeDone(
  id: 'file_maybe_saved' | 'file_maybe_done',
  path: string,
  { error, devboxId }: { readonly error: RuntimeError; readonly devboxId: string },
): RuntimeError {
  const problem = filesProblem(id, { name: shownPath(path), why: saidBy(error) });
  return new RuntimeError({ problem, devboxId, status: error.status, cause: error });
}

/** The error for a file that no editor takes. */
export function tooLarge(path: string, size: string, devboxId: string): RuntimeError {
  return new RuntimeError({ problem: filesProblem('file_too_large', { name: shownPath(path), size }), devboxId });
}

function shownPath(path: string): string {
  return shownName(path.slice(path.lastIndexOf('/') + 1) || path);
}
