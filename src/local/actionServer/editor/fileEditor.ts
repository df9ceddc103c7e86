import { stat } from 'node:fs/promises';
import { extname, isAbsolute, join } from 'node:path';
import type { ActionFields } from '../actionRequest';
import { isBinaryFile } from '../files/binaryTest';
import { LegacyEncodings } from '../files/legacyEncodings';
import { splitLines } from '../files/lineWindow';
import { adapted, withEndsOf, withLf } from '../files/lineEnds';
import { type LoadedFile, replaceAdapted, requireStorable, save, store } from './loadedFile';
import { readRegularFile } from '../files/regularFile';
import { decodeText } from '../files/textEncoding';
import type { DevboxPaths } from '../paths';
import { errorText } from '../pythonText';
import { EditHistory } from './editHistory';
import { EditorError } from './editorError';
import { directoryView, numbered } from './editorView';
import { insertLines, parseInsertLine } from './textEdits';
import { unifiedDiff } from './unifiedDiff';

const mebibyte = 1024 * 1024;
const largestFile = 10 * mebibyte;
/** Documents, which clients do not expect to be editable as text. */
const documents = new Set(['.docx', '.xlsx', '.pptx', '.pdf', '.mp3', '.wav', '.m4a', '.flac']);
/** Lines shown around a change. */
const snippetLines = 4;
const review = 'Check the change, and edit the file again if it is not what you want.';

/** What an edit did: a text for the client, and the change as a diff. */
export interface EditOutcome {
  readonly text: string;
  readonly diff: string;
}

/** The editor behind `edit` actions: small exact changes that can be undone. */
export class FileEditor {
  /** Those of the files that it has read. */
  readonly encodings = new LegacyEncodings();
  readonly #paths: DevboxPaths;
  readonly #workingDir: string;
  readonly #chown: (path: string) => Promise<void>;
  readonly #history = new EditHistory();

  /**
   * @param paths where a client's paths lie
   * @param workingDir the server's working directory, named in hints
   * @param chown is called with each file that was made
   */
  constructor(paths: DevboxPaths, workingDir: string, chown: (path: string) => Promise<void>) {
    this.#chown = chown;
    this.#paths = paths;
    this.#workingDir = workingDir;
  }

  /**
   * Executes an edit action's command.
   *
   * @param shown the path as the client named it
   * @throws EditorError when the edit cannot be made; the file is unchanged then
   */
  async edit(shown: string, fields: ActionFields): Promise<EditOutcome> {
    const command = fields.optionalText('command') ?? '';
    switch (command) {
      case 'view':
        return { text: await this.view(shown, null), diff: '' };
      case 'create':
        return this.#create(shown, required(fields, 'file_text', command));
      case 'str_replace':
        return this.#replace(shown, required(fields, 'old_str', command), fields.optionalText('new_str'));
      case 'insert': {
        const line = parseInsertLine(fields.raw('insert_line'));
        return this.#insert(shown, line, required(fields, 'new_str', command));
      }
      case 'undo_edit':
        return this.#undo(shown);
      default:
        throw new EditorError(
          `Unrecognized command ${command}. The allowed commands for the oh_editor tool are: view, create, str_replace, insert, undo_edit`,
        );
    }
  }

  /**
   * Shows a file with line numbers, or a directory.
   *
   * @param shown the path as the client named it
   * @param range `[first, last]`, from 1, -1 for the end; null for everything
   * @throws EditorError when it cannot be shown
   */
  async view(shown: string, range: unknown): Promise<string> {
    const path = await this.#locate(shown);
    if ((await kindOf(path)) === 'directory') {
      if (range !== null) {
        throw EditorError.invalid(
          'view_range',
          range,
          'The `view_range` parameter is not allowed when `path` points to a directory.',
        );
      }
      return directoryView(path, shown);
    }
    const file = await this.#load(path, shown);
    if (range === null) return numbered(file.text, `File ${shown}`, 1);
    const lines = splitLines(file.text);
    const [first, last] = parseRange(range, lines.length);
    const note = last > lines.length ? `NOTE: The file has only ${lines.length} lines; the view ends there.\n` : '';
    const end = last === -1 ? lines.length : last;
    return (
      note +
      numbered(
        lines
          .slice(first - 1, end)
          .join('')
          .replace(/\n$/, ''),
        `File ${shown}`,
        first,
      )
    );
  }

  async #create(shown: string, text: string): Promise<EditOutcome> {
    await this.#requireAbsolute(shown);
    const path = this.#paths.toHost(shown);
    if ((await kindOf(path)) !== 'missing') {
      throw EditorError.invalid(
        'path',
        shown,
        `File already exists at: ${shown}. Cannot overwrite files using command \`create\`.`,
      );
    }
    await store(path, shown, Buffer.from(text, 'utf8'));
    await this.#chown(path);
    this.#history.push(path, text);
    return { text: `File created successfully at: ${shown}`, diff: unifiedDiff('', text, shown) };
  }

  async #replace(shown: string, oldText: string, newText: string | null): Promise<EditOutcome> {
    if (oldText === newText) {
      throw EditorError.invalid(
        'new_str',
        newText,
        'No replacement was performed. `new_str` and `old_str` must be different.',
      );
    }
    const file = await this.#loadFile(shown);
    requireStorable(newText ?? '', file);
    const { text, line, addedLines } = replaceAdapted(file, oldText, newText ?? '');
    return this.#change(file, text, { after: line, upTo: line + snippetLines + addedLines });
  }

  async #insert(shown: string, after: number, newText: string): Promise<EditOutcome> {
    const file = await this.#loadFile(shown);
    requireStorable(newText, file);
    const { text, addedLines } = insertLines(file.text, after, adapted(newText, file.raw));
    return this.#change(file, text, { after, upTo: after + snippetLines + addedLines });
  }

  async #undo(shown: string): Promise<EditOutcome> {
    const file = await this.#loadFile(shown);
    const earlier = this.#history.pop(file.path);
    if (earlier === undefined) throw new EditorError(`No edit history found for ${shown}.`);
    try {
      await save(file, earlier);
    } catch (error) {
      this.#history.push(file.path, earlier);
      throw error;
    }
    const text = withLf(earlier);
    return {
      text: `Last edit to ${shown} undone successfully. ${numbered(text, `File ${shown}`, 1)}`,
      diff: unifiedDiff(file.text, text, shown),
    };
  }

  /** @param shown the lines to show: from some in front of the line `after` to the line `upTo` */
  async #change(
    file: LoadedFile,
    text: string,
    shown: { readonly after: number; readonly upTo: number },
  ): Promise<EditOutcome> {
    await save(file, withEndsOf(file.raw, text));
    this.#history.push(file.path, file.raw);
    const from = Math.max(0, shown.after - snippetLines);
    const snippet = splitLines(text).slice(from, shown.upTo).join('');
    const shownPart = numbered(snippet, `Part of ${file.shown}`, from + 1);
    return {
      text: `The file ${file.shown} has been edited. ${shownPart}${review}`,
      diff: unifiedDiff(file.text, text, file.shown),
    };
  }

  async #loadFile(shown: string): Promise<LoadedFile> {
    const path = await this.#locate(shown);
    if ((await kindOf(path)) === 'directory') {
      throw EditorError.invalid(
        'path',
        shown,
        `The path ${shown} is a directory and only the \`view\` command can be used on directories.`,
      );
    }
    const suffix = extname(shown);
    if (documents.has(suffix.toLowerCase())) {
      throw EditorError.invalid(
        'path',
        shown,
        `The path ${shown} points to a binary file (${suffix}) and only the \`view\` command can be used on supported binary files.`,
      );
    }
    return this.#load(path, shown);
  }

  async #load(path: string, shown: string): Promise<LoadedFile> {
    const found = await stat(path);
    if (!found.isFile()) {
      throw new EditorError(`The path ${shown} is not a regular file, and only files can be viewed and edited.`);
    }
    const { size } = found;
    if (size > largestFile) {
      throw new EditorError(
        `File validation failed for ${shown}: File is too large (${(size / mebibyte).toFixed(1)}MB). Maximum allowed size is ${largestFile / mebibyte}MB.`,
      );
    }
    if (await isBinaryFile(path, this.encodings)) {
      throw new EditorError(
        `File validation failed for ${shown}: File appears to be binary and this file type cannot be read or edited by this tool.`,
      );
    }
    try {
      const { text, encoding } = decodeText(await readRegularFile(path), this.encodings);
      return { path, shown, encoding, raw: text, text: withLf(text) };
    } catch (error) {
      throw new EditorError(`Ran into ${errorText(error, shown)} while trying to read ${shown}`);
    }
  }

  async #requireAbsolute(shown: string): Promise<void> {
    if (isAbsolute(shown)) return;
    const isThere = (await kindOf(join(this.#workingDir, shown))) !== 'missing';
    const suggestion = isThere ? ` Maybe you meant ${join(this.#paths.toDevbox(this.#workingDir), shown)}?` : '';
    throw EditorError.invalid(
      'path',
      shown === '' ? '.' : shown,
      `The path should be an absolute path, starting with \`/\`.${suggestion}`,
    );
  }

  async #locate(shown: string): Promise<string> {
    await this.#requireAbsolute(shown);
    const path = this.#paths.toHost(shown);
    if ((await kindOf(path)) === 'missing') {
      throw EditorError.invalid('path', shown, `The path ${shown} does not exist. Please provide a valid path.`);
    }
    return path;
  }
}

function required(fields: ActionFields, name: string, command: string): string {
  const value = fields.optionalText(name);
  if (value === null) throw EditorError.missing(name, command);
  return value;
}

function parseRange(range: unknown, count: number): [number, number] {
  const [first, last, ...more] = Array.isArray(range) ? (range as unknown[]) : [];
  if (!Number.isInteger(first) || !Number.isInteger(last) || more.length > 0) {
    throw EditorError.invalid('view_range', range, 'It should be a list of two integers.');
  }
  const [from, to] = [Number(first), Number(last)];
  if (from < 1 || from > count) {
    throw EditorError.invalid(
      'view_range',
      range,
      `Its first element \`${from}\` should be within the range of lines of the file: [1, ${count}].`,
    );
  }
  const end = to === -1 ? count : Math.min(to, count);
  if (end < from) {
    throw EditorError.invalid(
      'view_range',
      range,
      `Its second element \`${end}\` should be greater than or equal to the first element \`${from}\`.`,
    );
  }
  return [from, to];
}

async function kindOf(path: string): Promise<'directory' | 'file' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'missing';
    throw error;
  }
}
