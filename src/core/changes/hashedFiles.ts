import { createHash } from 'node:crypto';
import { MalformedOutput, pathIn } from './porcelain';
import type { TimeSlicer } from '../../ground/timeSlicer';

/** A file whose name can be written on one line. */
interface HashedFile {
  /** The time of its last change, which nobody can set, its facts and its name. */
  readonly line: string;
  /** Of its content. */
  readonly id: string;
  readonly size: number;
  readonly isExecutable: boolean;
}

/**
 * A file with the same line as at a look before has the same content, as long as that look was later than the second of its
 * change. So it is not read again, and nothing of that is kept where others could change it.
 */
export interface HashedFiles {
  /** By path, as they are listed. */
  readonly byPath: ReadonlyMap<string, HashedFile>;
  /** The time in seconds up to which these hashes stay as long as the lines do; empty for none. */
  readonly until: string;
}

/** What a look has told of such files: those that were not changed after the time that it was asked for, and the others with hashes. */
export interface ToldFiles {
  /** Lines, or the hash of them where whoever looks should know them. */
  readonly before: Buffer | string;
  readonly after: Buffer;
  readonly ids: Buffer;
  readonly until: string;
  /** All that may have lines, in the order of these. */
  readonly paths: readonly string[];
}

/** Characters that are hashed at once. */
const hashedAtOnce = 64 * 1024;

/**
 * @param known what the look before has told
 * @returns undefined where something is not known that should be
 * @throws MalformedOutput
 */
export async function hashedFiles(
  { before, after, ids, until, paths }: ToldFiles,
  known: HashedFiles | undefined,
  slicer: TimeSlicer,
): Promise<HashedFiles | undefined> {
  const [lines, told] = [await linesIn(after, slicer), await linesIn(ids, slicer)];
  if (lines.length !== told.length) throw new MalformedOutput('ids');
  const news = new Map<string, HashedFile>();
  for (const [at, line] of lines.entries()) {
    if (slicer.isDue) await slicer.rest();
    const id = told[at] ?? '';
    if (!/^[0-9a-f]{40,64}$/.test(id)) throw new MalformedOutput('ids');
    news.set(pathOf(line), fileIn(line, id));
  }
  const old = typeof before === 'string' ? undefined : new Map<string, string>();
  for (const line of typeof before === 'string' ? [] : await linesIn(before, slicer)) {
    if (slicer.isDue) await slicer.rest();
    old?.set(pathOf(line), line);
  }
  const byPath = new Map<string, HashedFile>();
  const kept: string[] = [];
  for (const path of paths) {
    if (slicer.isDue) await slicer.rest();
    const [now, was, line] = [news.get(path), known?.byPath.get(path), old?.get(path)];
    if (now !== undefined) byPath.set(path, now);
    else if (old === undefined && was !== undefined) kept.push(was.line);
    else if (line !== undefined && line !== was?.line) return undefined;
    if (now === undefined && was !== undefined && (old === undefined || line !== undefined)) byPath.set(path, was);
  }
  if (typeof before === 'string') {
    const hash = await hashOfAll(kept, (line) => `${line}\n`, slicer);
    if (hash !== before) return undefined;
  }
  return { byPath, until: /^\d+$/.test(until) ? until : '' };
}

function pathOf(line: string): string {
  return pathIn(line.slice(line.indexOf('/') + 1));
}

/** Its time, mode and size, and more that only tells it from others. */
function fileIn(line: string, id: string): HashedFile {
  const [, bits = '', size = ''] = line.slice(0, line.indexOf('/')).split(' ');
  return { line, id, size: Number(size), isExecutable: isExecutable(bits) };
}

/** @param bits a mode in octal digits */
export function isExecutable(bits: string): boolean {
  return (Number.parseInt(bits, 8) & 0o100) !== 0;
}

/** Another one after every change of one of them. */
export function hashOfFiles({ byPath }: HashedFiles, slicer: TimeSlicer): Promise<string> {
  return hashOfAll(byPath.values(), ({ line, id }) => `${line}\n${id}\n`, slicer);
}

async function hashOfAll<T>(all: Iterable<T>, textOf: (one: T) => string, slicer: TimeSlicer): Promise<string> {
  const hash = createHash('sha256');
  let text = '';
  for (const one of all) {
    if (slicer.isDue) await slicer.rest();
    text += textOf(one);
    if (text.length < hashedAtOnce) continue;
    // One character a byte.
    hash.update(text, 'latin1');
    text = '';
  }
  return hash.update(text, 'latin1').digest('hex');
}

async function linesIn(section: Buffer, slicer: TimeSlicer): Promise<string[]> {
  // One character a byte.
  const text = section.toString('latin1');
  const lines: string[] = [];
  for (let from = 0, to = text.indexOf('\n'); to >= 0; from = to + 1, to = text.indexOf('\n', from)) {
    if (slicer.isDue) await slicer.rest();
    lines.push(text.slice(from, to));
  }
  return lines;
}
