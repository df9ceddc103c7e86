import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { ActionFields } from '../actionRequest';
import { EditorError } from '../editor/editorError';
import type { FileEditor } from '../editor/fileEditor';
import { errorObservation, readObservation, type Observation } from '../observations';
import type { DevboxPaths } from '../paths';
import { isBinaryFile } from './binaryTest';
import { lineWindow, splitLines } from './lineWindow';
import { readRegularFile, SpecialFileError } from './regularFile';
import { decodeUtf8 } from './textEncoding';

const mediaTypes = new Map([
  ['.png', 'image/png'],
  ['.jpg', 'image/jpeg'],
  ['.jpeg', 'image/jpeg'],
  ['.bmp', 'image/bmp'],
  ['.gif', 'image/gif'],
  ['.pdf', 'application/pdf'],
  ['.mp4', 'video/mp4'],
  ['.webm', 'video/webm'],
  ['.ogg', 'audio/ogg'],
]);

/** What file actions need to know of their surroundings. */
export interface FileContext {
  readonly paths: DevboxPaths;
  /** The shell's directory, as this process uses it. */
  readonly shellDir: string;
  /** Is told of each file and folder that was made. */
  readonly chown: (path: string) => Promise<void>;
}

/**
 * Executes `read`. What is wrong with the file is an observation; what is wrong with the request is thrown.
 *
 * @throws Error when the file may not be read
 */
export async function readAction(fields: ActionFields, context: FileContext, editor: FileEditor): Promise<Observation> {
  const named = fields.requiredText('path');
  const path = context.paths.resolve(named, context.shellDir);
  const shown = context.paths.toDevbox(path);
  const useEditor = fields.optionalText('impl_source') === 'oh_aci';
  const mediaType = mediaTypes.get(extname(path).toLowerCase());
  // The name decides before the contents do: an image is wanted as an image.
  if (!useEditor && mediaType !== undefined) return readMedia(path, shown, mediaType, context);
  if (await isBinaryFile(path, editor.encodings)) return errorObservation('ERROR_BINARY_FILE');
  if (useEditor) {
    return readObservation(named, await viewed(editor, named, fields.raw('view_range')), 'oh_aci');
  }
  const bytes = await readBytes(path, shown, context);
  if (!Buffer.isBuffer(bytes)) return bytes;
  const text = decodeUtf8(bytes);
  if (text === undefined) return errorObservation(`File could not be decoded as utf-8: ${shown}.`);
  const lines = lineWindow(
    splitLines(text.replace(/\r\n?/g, '\n')),
    fields.wholeNumber('start', 0),
    fields.wholeNumber('end', -1),
  );
  return readObservation(shown, lines.join(''), 'default');
}

async function readMedia(path: string, shown: string, type: string, context: FileContext): Promise<Observation> {
  const bytes = await readBytes(path, shown, context);
  if (!Buffer.isBuffer(bytes)) return bytes;
  return readObservation(shown, `data:${type};base64,${bytes.toString('base64')}`, 'default');
}

async function readBytes(path: string, shown: string, context: FileContext): Promise<Buffer | Observation> {
  try {
    if ((await stat(path)).isDirectory()) {
      return errorObservation(`Path is a directory: ${shown}. You can only read files`);
    }
    return await readRegularFile(path);
  } catch (error) {
    if (error instanceof SpecialFileError) {
      return errorObservation(`Path is not a regular file: ${shown}. You can only read files`);
    }
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))) {
      throw error;
    }
    const dir = context.paths.toDevbox(context.shellDir);
    return errorObservation(`File not found: ${shown}. Your current working directory is ${dir}.`);
  }
}

async function viewed(editor: FileEditor, path: string, viewRange: unknown): Promise<string> {
  try {
    return await editor.view(path, viewRange);
  } catch (error) {
    if (error instanceof EditorError) return `ERROR:\n${error.message}`;
    throw error;
  }
}
