import { chmod, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ActionFields } from '../actionRequest';
import { errorObservation, writeObservation, type Observation } from '../observations';
import { usualEnd, withLf } from './lineEnds';
import { splitLines } from './lineWindow';
import { errorText } from '../pythonText';
import { makeFolder } from './makeFolder';
import type { FileContext } from './readAction';
import { readRegularFile, writeRegularFile } from './regularFile';
import { decodeUtf8 } from './textEncoding';

const newFileMode = 0o664;

/**
 * Executes `write`: the content replaces lines `start` to `end` of the file, each of its lines gets a line end.
 *
 * @throws Error when the file or its folder cannot be written
 */
export async function writeAction(fields: ActionFields, context: FileContext): Promise<Observation> {
  const path = context.paths.resolve(fields.requiredText('path'), context.shellDir);
  const shown = context.paths.toDevbox(path);
  const content = fields.requiredText('content');
  const lines = content.split('\n').map((line) => `${line}\n`);
  const start = fields.wholeNumber('start', 0);
  const end = fields.wholeNumber('end', -1);

  const kind = await kindOf(path);
  if (kind === 'directory') return errorObservation(`Path is a directory: ${shown}. You can only write to files`);
  if (kind === 'special') return errorObservation(`Path is not a regular file: ${shown}. You can only write to files`);
  if (kind === 'missing') {
    await makeFolder(dirname(path), context.chown);
    await writeRegularFile(path, lines.join(''));
    try {
      await context.chown(path);
      // Explicitly, because the mode given at creation is cut by the umask.
      await chmod(path, newFileMode);
    } catch (error) {
      return errorObservation(
        `File ${shown} written, but failed to change ownership and permissions: ${errorText(error, shown)}`,
      );
    }
    return writeObservation(shown);
  }
  const text = decodeUtf8(await readRegularFile(path));
  if (text === undefined) return errorObservation(`File could not be decoded as utf-8: ${shown}`);
  const old = splitLines(text);
  const kept = end === -1 ? [] : old.slice(Math.max(end, 0));
  const before = old.slice(0, Math.max(start, 0));
  // Among lines of the file, new ones end as those do.
  const lineEnd = before.length + kept.length === 0 ? '\n' : usualEnd(text);
  const own =
    lineEnd === '\r\n'
      ? withLf(content)
          .split('\n')
          .map((line) => line + lineEnd)
      : lines;
  await writeRegularFile(path, [...before, ...own, ...kept].join(''));
  return writeObservation(shown);
}

async function kindOf(path: string): Promise<'directory' | 'file' | 'special' | 'missing'> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? 'directory' : found.isFile() ? 'file' : 'special';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'missing';
    throw error;
  }
}
