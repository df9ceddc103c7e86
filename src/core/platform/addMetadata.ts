import type { Devboxes } from './devboxes';

/** What became of a pair that was to be added: `unsure` where nothing was written, as nobody knows what is there. */
export type Added = 'added' | 'there' | 'lost' | 'unsure';

/**
 * Adds one pair to a devbox's metadata and leaves all others. The API takes the whole map only, and has no condition: what
 * another program writes between the last read and the write would be undone. So it is read twice, written right after, and not at
 * all where somebody writes just then; and what somebody writes afterwards stays, even if it is without the pair.
 */
export async function addMetadata(
  devboxes: Pick<Devboxes, 'metadata' | 'replaceMetadata'>,
  devboxId: string,
  [key, value]: readonly [key: string, value: string],
  signal: AbortSignal,
): Promise<Added> {
  const read = () => devboxes.metadata(devboxId, { signal });
  const first = await read();
  if (first === undefined) return 'unsure';
  if (first[key] !== undefined) return 'there';
  const before = await read();
  if (before === undefined || !isSame(first, before)) return 'unsure';
  await devboxes.replaceMetadata(devboxId, { ...before, [key]: value }, { signal });
  const after = await read();
  return after?.[key] === undefined ? 'lost' : 'added';
}

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
