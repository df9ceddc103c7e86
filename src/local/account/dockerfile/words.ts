import type { Refuse } from './refusal';

/** Cuts at white space, whatever is quoted: how COPY, ADD, FROM, EXPOSE and VOLUME are read. */
export function plainWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Cuts at white space outside of quotes; quotes and escapes stay: how ENV, ARG and LABEL are read. */
export function quotedWords(text: string, escape: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (quote === '' && /\s/.test(letter)) {
      if (word !== undefined) {
        words.push(word);
      }
      word = undefined;
      continue;
    }
    word = (word ?? '') + letter;
    if (letter === escape && quote !== "'" && at + 1 < text.length) {
      at += 1;
      word += text[at] ?? '';
    } else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter;
    } else if (letter === quote) {
      quote = '';
    }
  }
  return word === undefined ? words : [...words, word];
}

/** The flags in front of an instruction's words, and what follows them. */
export function splitFlags(text: string, escape: string): { readonly flags: readonly string[]; readonly rest: string } {
  const flags: string[] = [];
  let rest = text.trimStart();
  while (rest.startsWith('--')) {
    const [flag = ''] = quotedWords(rest, escape);
    rest = rest.slice(flag.length).trimStart();
    if (flag === '--') {
      break;
    }
    flags.push(flag.replaceAll(/["']/g, ''));
  }
  return { flags, rest };
}

/** The words of a JSON list; undefined for a text that is none, which is then words for a shell. */
export function jsonWords(text: string, refuse: Refuse): readonly string[] | undefined {
  if (!text.trimStart().startsWith('[')) {
    return undefined;
  }
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    // `RUN [ -d /etc ] && …` is for a shell.
    return undefined;
  }
  if (!Array.isArray(list)) {
    return undefined;
  }
  return list.map((word) => {
    if (typeof word !== 'string') {
      throw refuse('a list of words in JSON can have only strings.');
    }
    return word;
  });
}
