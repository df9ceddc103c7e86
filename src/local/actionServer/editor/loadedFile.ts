import { adapted, withLf } from '../files/lineEnds';
import { writeRegularFile } from '../files/regularFile';
import { encodeText, encodingName, isStorable, type TextEncoding } from '../files/textEncoding';
import { errorText } from '../pythonText';
import { EditorError } from './editorError';
import { type Replacement, replaceOnce } from './textEdits';

/** A file as the editor works on it. */
export interface LoadedFile {
  readonly path: string;
  readonly shown: string;
  /** Its lines end with LF here, whatever they do in the file. */
  readonly text: string;
  readonly encoding: TextEncoding;
  /** The text as it is in the file. */
  readonly raw: string;
}

/** Where the client's line ends are not the file's, the text is looked for with the file's too. */
export function replaceAdapted(file: LoadedFile, oldText: string, newText: string): Replacement {
  const [wanted, substitute] = [adapted(oldText, file.raw), adapted(newText, file.raw)];
  if (wanted.includes('\r\n') && !file.text.includes(wanted)) {
    return replaceOnce(file.text, withLf(wanted), withLf(substitute), file.shown);
  }
  return replaceOnce(file.text, wanted, substitute, file.shown);
}

/** @throws EditorError for a text that the file's encoding has no letters for; the file is unchanged then */
export function requireStorable(text: string, { encoding, shown }: LoadedFile): void {
  if (!isStorable(text, encoding)) {
    throw new EditorError(
      `No change was made: ${shown} is in ${encodingName(encoding)}, which cannot hold all characters of the new text.`,
    );
  }
}

/** @param text with the line ends that the file is to have */
export async function save({ path, shown, encoding }: LoadedFile, text: string): Promise<void> {
  const bytes = encodeText(text, encoding);
  if (bytes === undefined) {
    throw new EditorError(
      `No change was made: ${shown} is in ${encodingName(encoding)}, which cannot hold all characters of the new text.`,
    );
  }
  await store(path, shown, bytes);
}

/** @throws EditorError when the file cannot be written */
export async function store(path: string, shown: string, bytes: Buffer): Promise<void> {
  try {
    await writeRegularFile(path, bytes);
  } catch (error) {
    throw new EditorError(`Ran into ${errorText(error, shown)} while trying to write to ${shown}`);
  }
}
