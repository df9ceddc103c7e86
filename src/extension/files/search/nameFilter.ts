/** Names that a pick shows at a time. */
const mostShown = 200;

/**
 * The names that hold the characters of a text in their order, the best first: whole, in the last part, begun with, short.
 *
 * @param names as they are, and in small letters
 */
export function namesLike(names: readonly { readonly name: string; readonly small: string }[], text: string): string[] {
  const sought = text.toLowerCase().replaceAll(/\s+/g, '');
  if (sought === '') return names.slice(0, mostShown).map(({ name }) => name);
  const found: { readonly name: string; readonly score: number }[] = [];
  for (const { name, small } of names) {
    const score = scoreOf(small, sought);
    if (score > 0) found.push({ name, score: score - small.length / 10_000 });
  }
  return found
    .sort((one, other) => other.score - one.score)
    .slice(0, mostShown)
    .map(({ name }) => name);
}

function scoreOf(small: string, sought: string): number {
  const last = small.lastIndexOf('/') + 1;
  const at = small.lastIndexOf(sought);
  if (at >= 0) return at === last ? (small.length - last === sought.length ? 6 : 5) : at > last ? 4 : 3;
  return hasInOrder(small, sought, last) ? 2 : hasInOrder(small, sought, 0) ? 1 : 0;
}

function hasInOrder(small: string, sought: string, from: number): boolean {
  let at = from - 1;
  for (const character of sought) {
    at = small.indexOf(character, at + 1);
    if (at < 0) return false;
  }
  return true;
}
