/** Columns that a name takes in a row at the most: in a side bar of usual width the facts behind it are still to be seen. */
const mostColumns = 20;
/** Of these, how many are for its end: names of one run differ there. */
const endColumns = 9;

/** A name that fits into a row: what is too long loses its middle, never half a character. */
export function shortName(name: string): string {
  if (columnsOf(name) <= mostColumns) return name;
  const characters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment);
  const end = taken([...characters].reverse(), endColumns).reverse();
  const begin = taken(characters.slice(0, characters.length - end.length), mostColumns - endColumns - 1);
  return `${begin.join('').trimEnd()}…${end.join('').trimStart()}`;
}

/** As many of the first characters as fit. */
function taken(characters: readonly string[], columns: number): string[] {
  let left = columns;
  const end = characters.findIndex((character) => (left -= columnsOf(character)) < 0);
  return characters.slice(0, end < 0 ? characters.length : end);
}

/** Columns of a text, nearly: East Asian characters and pictures take two. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
  return columns;
}
