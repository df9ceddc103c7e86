/** The globs that a person typed into one field. */
export interface Globs {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * The globs of a text, divided by commas as the editor's own search divides them: not by those in braces or brackets, however
 * deep. A folder's name alone means all that is in it, and "!" before a glob leaves out what it matches.
 */
export function globsIn(text: string): Globs {
  const globs = divided(text)
    .map((glob) => glob.trim())
    .filter((glob) => glob !== '' && glob !== '!');
  return {
    include: globs.filter((glob) => !glob.startsWith('!')).flatMap(whole),
    exclude: globs.filter((glob) => glob.startsWith('!')).flatMap((glob) => whole(glob.slice(1))),
  };
}

function divided(text: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let braces = 0;
  let isBracket = false;
  for (const character of text) {
    if (character === ',' && braces === 0 && !isBracket) {
      parts.push(part);
      part = '';
      continue;
    }
    if (character === '{') braces += 1;
    if (character === '}') braces = Math.max(0, braces - 1);
    if (character === '[') isBracket = true;
    if (character === ']') isBracket = false;
    part += character;
  }
  // What is opened and never closed is a letter of a name, and divides as other names do.
  return braces === 0 && !isBracket ? [...parts, part] : text.split(',');
}

function whole(glob: string): readonly string[] {
  const plain = glob.replace(/^\.\//, '').replace(/\/$/, '');
  return /[*?[{]/.test(plain) ? [plain] : [plain, `**/${plain}/**`];
}
