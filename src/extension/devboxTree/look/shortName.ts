/** Columns of a name that is shown whole: in a side bar of usual width the facts behind it are still to be seen. */
const wholeColumns = 20;
/** Columns that are left of a longer one: a row does not know its width, and this much is seen at 200 px as well. */
const shortColumns = 15;
/** Of these, how many are for its end: names of one run differ there. */
const endColumns = 6;

/** A name that fits into a row: what is too long loses its middle, never half a character. */
export function shortName(name: string): string {
  const characters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment);
  if (characters.reduce((sum, character) => sum + columnsOf(character), 0) <= wholeColumns) return name;
  const end = taken([...characters].reverse(), endColumns).reverse();
  const begin = taken(characters.slice(0, characters.length - end.length), shortColumns - endColumns - 1);
  return `${begin.join('').trimEnd()}…${end.join('').trimStart()}`;
}

/** As many of the first characters as fit. */
function taken(characters: readonly string[], columns: number): string[] {
  let left = columns;
  const end = characters.findIndex((character) => (left -= columnsOf(character)) < 0);
  return characters.slice(0, end < 0 ? characters.length : end);
}

/** Columns of a character, nearly: East Asian ones and pictures take two, and what is put on one takes none. */
function columnsOf(character: string): number {
  return (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
}
