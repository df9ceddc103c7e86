import { readdir } from 'node:fs/promises';

/** Names of the files of a folder that are notes of starts; none where the folder is not there yet. */
export async function noteFiles(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.json'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
