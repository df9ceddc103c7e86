import { readFile, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { ActionFields } from '../actionRequest';
import { isBinaryFile } from '../files/binaryTest';
import { decodeText, encodeText } from '../files/textEncoding';
import type { TextEncoding } from '../files/textEncoding';
import type { DevboxPaths } from '../paths';
import { EditHistory } from './editHistory';
import { EditorError } from './editorError';
import { directoryView, numbered } from './editorView';
import { insertLines, parseInsertLine, replaceOnce } from './textEdits';
import { unifiedDiff } from './unifiedDiff';

const largestFile = 10 * 1024 * 1024;
/** Lines shown around a change. */
const snippetLines = 4;
const review = 'Check the change, and edit the file again if it is not what you want.';

/** What an edit did: a text for the client, and the change as a diff. */
export interface EditOutcome {
  readonly text: string;
  readonly diff: string;
}

interface LoadedFile {
  readonly path: string;
  readonly shown: string;
  readonly text: string;
  readonly encoding: TextEncoding;
}

/** The editor behind `edit` actions: small exact changes that can be undone. */
export class FileEditor {
  readonly #paths: DevboxPaths;
  readonly #workingDir: string;
  readonly #history = new EditHistory();

  /**
   * @param paths where a client's paths lie
   * @param workingDir the server's working directory, named in hints
   */
  constructor(paths: DevboxPaths, workingDir: string) {
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
          `Unrecognized command ${command}. The allowed commands are view, create, str_replace, insert, undo_edit.`,
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
      if (range !== null) throw EditorError.invalid('view_range', range, 'It cannot be used with a directory.');
      return directoryView(path, shown);
    }
    const file = await this.#load(path, shown);
    const lines = file.text.split('\n');
    if (range === null) return numbered(lines, `File ${shown}`, 1);
    const count = file.text.endsWith('\n') ? lines.length - 1 : lines.length;
    const [first, last] = parseRange(range, count);
    const note = last > count ? `NOTE: The file has only ${count} lines; the view ends there.\n` : '';
    const end = last === -1 ? count : Math.min(last, count);
    return note + numbered(lines.slice(first - 1, end), `File ${shown}`, first);
  }

  async #create(shown: string, text: string): Promise<EditOutcome> {
    this.#requireAbsolute(shown);
    const path = this.#paths.toHost(shown);
    if ((await kindOf(path)) !== 'missing') {
      throw EditorError.invalid('path', shown, 'It exists already; `create` makes new files only.');
    }
    await store(path, shown, Buffer.from(text, 'utf8'));
    this.#history.push(path, text);
    return { text: `File created successfully at: ${shown}`, diff: unifiedDiff('', text, shown) };
  }

  async #replace(shown: string, oldText: string, newText: string | null): Promise<EditOutcome> {
    if (oldText === newText) {
      throw EditorError.invalid('new_str', newText, 'It is the same as `old_str`, so nothing would change.');
    }
    const file = await this.#loadFile(shown);
    const { text, firstLine, addedLines } = replaceOnce(file.text, oldText, newText ?? '', shown);
    return this.#change(file, text, firstLine, addedLines);
  }

  async #insert(shown: string, after: number, newText: string): Promise<EditOutcome> {
    const file = await this.#loadFile(shown);
    const { text, addedLines } = insertLines(file.text, after, newText);
    return this.#change(file, text, after, addedLines);
  }

  async #undo(shown: string): Promise<EditOutcome> {
    const file = await this.#loadFile(shown);
    const earlier = this.#history.pop(file.path);
    if (earlier === undefined) throw new EditorError(`No edit history found for ${shown}.`);
    await store(file.path, shown, encodeText(earlier, file.encoding));
    return {
      text: `Last edit to ${shown} undone successfully. ${numbered(earlier.split('\n'), `File ${shown}`, 1)}`,
      diff: unifiedDiff(file.text, earlier, shown),
    };
  }

  /** @param firstLine index of the first changed line */
  async #change(file: LoadedFile, text: string, firstLine: number, addedLines: number): Promise<EditOutcome> {
    await store(file.path, file.shown, encodeText(text, file.encoding));
    this.#history.push(file.path, file.text);
    const from = Math.max(0, firstLine - snippetLines);
    const snippet = text.split('\n').slice(from, firstLine + addedLines + snippetLines);
    const shownPart = numbered(snippet, `Part of ${file.shown}`, from + 1);
    return {
      text: `The file ${file.shown} has been edited. ${shownPart}${review}`,
      diff: unifiedDiff(file.text, text, file.shown),
    };
  }

  async #loadFile(shown: string): Promise<LoadedFile> {
    const path = await this.#locate(shown);
    if ((await kindOf(path)) === 'directory') {
      throw EditorError.invalid('path', shown, 'It is a directory, which can only be viewed.');
    }
    return this.#load(path, shown);
  }

  async #load(path: string, shown: string): Promise<LoadedFile> {
    const { size } = await stat(path);
    if (size > largestFile) {
      throw new EditorError(`File validation failed for ${shown}: it has ${size} bytes, the limit is ${largestFile}.`);
    }
    if (await isBinaryFile(path)) {
      throw new EditorError(`File validation failed for ${shown}: it is a binary file, which cannot be edited as text.`);
    }
    try {
      return { path, shown, ...decodeText(await readFile(path)) };
    } catch (error) {
      throw new EditorError(`Ran into ${reasonOf(error)} while trying to read ${shown}`);
    }
  }

  #requireAbsolute(shown: string): void {
    if (isAbsolute(shown)) return;
    const suggestion = join(this.#paths.toDevbox(this.#workingDir), shown);
    throw EditorError.invalid('path', shown, `The path must be absolute; perhaps ${suggestion} is meant.`);
  }

  async #locate(shown: string): Promise<string> {
    this.#requireAbsolute(shown);
    const path = this.#paths.toHost(shown);
    if ((await kindOf(path)) === 'missing') throw EditorError.invalid('path', shown, 'It does not exist.');
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
    throw EditorError.invalid('view_range', range, 'It must be a list of two whole numbers.');
  }
  const [from, to] = [Number(first), Number(last)];
  if (from < 1 || from > Math.max(count, 1)) {
    throw EditorError.invalid('view_range', range, `Its first line must be within [1, ${count}].`);
  }
  if (to !== -1 && to < from) {
    throw EditorError.invalid('view_range', range, 'Its last line must not come before its first; -1 means the end.');
  }
  return [from, to];
}

async function store(path: string, shown: string, bytes: Buffer): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (error) {
    throw new EditorError(`Ran into ${reasonOf(error)} while trying to write to ${shown}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

async function kindOf(path: string): Promise<'directory' | 'file' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'missing';
    throw error;
  }
}
