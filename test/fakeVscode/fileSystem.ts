import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import type * as vscode from 'vscode';
import { FileSystemError } from './values';

/** The files of this computer, with the editor's own errors. */
export const fileSystem: Pick<typeof vscode.workspace.fs, 'stat' | 'readFile' | 'writeFile' | 'createDirectory'> = {
  stat: (uri) =>
    editorError(async () => {
      const { size, ctimeMs, mtimeMs } = await stat(uri.fsPath);
      return { type: 1, size, ctime: ctimeMs, mtime: mtimeMs };
    }),
  readFile: (uri) => editorError(async () => new Uint8Array(await readFile(uri.fsPath))),
  writeFile: (uri, content) => editorError(() => writeFile(uri.fsPath, content)),
  createDirectory: (uri) =>
    editorError(async () => {
      await mkdir(uri.fsPath, { recursive: true });
    }),
};

async function editorError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    const codes: Readonly<Record<string, string>> = { ENOENT: 'FileNotFound', ENOTDIR: 'FileNotADirectory' };
    throw new FileSystemError(error.message, codes[String(error.code)] ?? 'Unknown');
  }
}
