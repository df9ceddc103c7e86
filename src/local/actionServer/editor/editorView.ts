import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const longestView = 16_000;

/** Cuts a text that is too long to show, and says so. */
function clipped(text: string): string {
  if (text.length <= longestView) return text;
  return `${text.slice(0, longestView)}<response clipped>Only the beginning is shown: ask for a range of lines to see the rest.</response clipped>`;
}

/**
 * Numbers lines like `cat -n`, under a heading. A line end at the end of the text gives one more, empty line.
 *
 * @param text the lines to show
 * @param title what is shown, as the beginning of a sentence
 * @param first number of the first line
 */
export function numbered(text: string, title: string, first: number): string {
  const rows = clipped(text)
    .split('\n')
    .map((line, index) => `${String(first + index).padStart(6)}\t${line}`);
  return `${title}, numbered as by \`cat -n\`:\n${rows.join('\n')}\n`;
}

/**
 * Lists a directory two levels deep, without hidden entries.
 *
 * @param path the directory as this process uses it
 * @param shown the directory as the client knows it
 */
export async function directoryView(path: string, shown: string): Promise<string> {
  const base = shown.replace(/\/+$/, '');
  const first = await entries(path);
  const visible = first.filter((entry) => !entry.name.startsWith('.'));
  const found = [`${base}/`];
  for (const entry of visible) {
    found.push(`${base}/${entry.name}${entry.isDirectory ? '/' : ''}`);
    if (!entry.isDirectory) continue;
    for (const inner of await entries(join(path, entry.name))) {
      if (inner.name.startsWith('.')) continue;
      found.push(`${base}/${entry.name}/${inner.name}${inner.isDirectory ? '/' : ''}`);
    }
  }
  const listing = found.sort((a, b) => (a < b ? -1 : 1)).join('\n');
  const hidden = first.length - visible.length;
  const note = hidden === 0 ? '' : `\n\n${hidden} hidden entries of this directory are not shown.`;
  return `Entries of ${shown}, two levels deep, without hidden ones:\n${clipped(listing)}${note}`;
}

async function entries(folder: string): Promise<{ name: string; isDirectory: boolean }[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    // A folder below the wanted one that may not be read is shown as empty.
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
  return Promise.all(names.map(async (name) => ({ name, isDirectory: await isDirectory(join(folder, name)) })));
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    // A broken link.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
