import { MalformedOutput } from './porcelain';
import type { TimeSlicer } from '../../ground/timeSlicer';

/**
 * Files whose names can be written on one line, each by such a line: the time of its last change, which nobody can set, its facts
 * and its name. A file with the same line as at a look before has the same content, as long as that look was later than the second
 * of its change. So it is not read again, and nothing of that is kept where others could change it.
 */
export interface HashedFiles {
  /** By line, in the order of the times: the hash of the content. */
  readonly ids: ReadonlyMap<string, string>;
  /** The time in seconds up to which these hashes stay as long as the lines do; empty for none. */
  readonly until: string;
}

/**
 * What a look has told of such files: the lines of all, and the hashes of the last ones.
 *
 * @param known what the look before has told
 * @returns undefined where one of the others is not known
 * @throws MalformedOutput
 */
export async function hashedFiles(
  { lines, ids, rest }: { readonly lines: Buffer | undefined; readonly ids: Buffer | undefined; readonly rest: string },
  known: HashedFiles | undefined,
  slicer: TimeSlicer,
): Promise<HashedFiles | undefined> {
  const all = await linesIn(lines, slicer);
  const told = await linesIn(ids, slicer);
  const first = all.length - told.length;
  if (first < 0) throw new MalformedOutput('ids');
  const found = new Map<string, string>();
  for (const [at, line] of all.entries()) {
    if (slicer.isDue) await slicer.rest();
    const id = at < first ? known?.ids.get(line) : told[at - first];
    if (id === undefined) return undefined;
    if (at >= first && !/^[0-9a-f]{40,64}$/.test(id)) throw new MalformedOutput('ids');
    found.set(line, id);
  }
  return { ids: found, until: /^\d+$/.test(rest) ? rest : '' };
}

async function linesIn(section: Buffer | undefined, slicer: TimeSlicer): Promise<string[]> {
  // One character a byte.
  const text = section?.toString('latin1') ?? '';
  const lines: string[] = [];
  for (let from = 0, to = text.indexOf('\n'); to >= 0; from = to + 1, to = text.indexOf('\n', from)) {
    if (slicer.isDue) await slicer.rest();
    lines.push(text.slice(from, to));
  }
  return lines;
}
