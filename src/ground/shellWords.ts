/** Quotes one word for a POSIX shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Quotes one word for a POSIX shell if it needs that; words of harmless characters stay as people write them. */
export function quoteIfNeeded(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : quote(word);
}
