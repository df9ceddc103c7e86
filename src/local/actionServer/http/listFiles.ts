import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../actionRequest';
import type { DevboxPaths } from '../paths';
import { sendJson } from './answers';
import type { Handler } from './httpServer';
import { readJson } from './requestBody';

/**
 * `POST /list_files`: the names in one directory, directories first.
 *
 * @param workingDir what relative paths, and a missing one, start from
 */
export function listFilesHandler(paths: DevboxPaths, workingDir: string): Handler {
  return async (request, response) => {
    const body = await readJson(request);
    const path = isRecord(body) ? (body['path'] ?? null) : undefined;
    if (path !== null && typeof path !== 'string') throw new TypeError('list_files needs an object with a path.');
    sendJson(response, 200, await listed(path === null ? workingDir : paths.resolve(path, workingDir)));
  };
}

async function listed(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    // Clients expect an empty list for everything that cannot be listed.
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
  const directories: string[] = [];
  const files: string[] = [];
  for (const name of names) {
    const kind = await kindOf(join(folder, name));
    if (kind === 'directory') directories.push(name);
    else if (kind === 'file') files.push(name);
  }
  return [...directories.sort(byLowerCase).map((name) => `${name}/`), ...files.sort(byLowerCase)];
}

function byLowerCase(left: string, right: string): number {
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

async function kindOf(path: string): Promise<'directory' | 'file' | 'broken'> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'broken';
    throw error;
  }
}
