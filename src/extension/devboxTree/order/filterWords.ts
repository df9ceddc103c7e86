import { hasEnded, type Devbox } from '../../../core/platform/devbox';
import { stripControls } from '../../../core/safeText';

/** Words of a filter that are about a devbox's state, or where it was started, not its texts. */
const filterMarks = ['@running', '@suspended', '@failed', '@ended', '@here'] as const;
export type FilterMark = (typeof filterMarks)[number];

/** A filter as it was typed, taken apart. */
export interface FilterWords {
  readonly words: readonly string[];
  readonly marks: readonly FilterMark[];
}

/**
 * A text as it is compared with others: without what cannot be seen, in small letters, and each letter written in one way, as a
 * name may spell `é` in two.
 */
export function searchable(text: string): string {
  // Ten thousand texts are looked through at once; most have nothing to strip.
  return /^[\x20-\x7e\n]*$/.test(text) ? text.toLowerCase() : stripControls(text).toLowerCase().normalize('NFKC');
}

export function filterWords(filter: string): FilterWords {
  const all = searchable(filter)
    .split(/\s+/)
    .filter((word) => word !== '');
  const isMark = (word: string): word is FilterMark => filterMarks.some((mark) => mark === word);
  return { words: all.filter((word) => !isMark(word)), marks: all.filter(isMark) };
}

/** Looks for words in devboxes. What it looks through is made once for each state of a devbox. */
export class WordSearch {
  readonly #texts = new WeakMap<Devbox, string>();

  /**
   * True if all words are in the devbox's name, id or metadata, and it is in one of the states and started where the marks
   * say.
   */
  finds({ words, marks }: FilterWords, devbox: Devbox, isStartedHere: (devboxId: string) => boolean): boolean {
    if (marks.includes('@here') && !isStartedHere(devbox.id)) return false;
    const states = marks.filter((mark) => mark !== '@here');
    if (states.length > 0 && !states.some((state) => isIn(devbox.status, state))) return false;
    if (words.length === 0) return true;
    const text = this.#textOf(devbox);
    return words.every((word) => text.includes(word));
  }

  #textOf(devbox: Devbox): string {
    let text = this.#texts.get(devbox);
    if (text === undefined) {
      const parts = [devbox.name ?? '', devbox.id, ...Object.entries(devbox.metadata).flat()];
      text = searchable(parts.join('\n').slice(0, 20_000));
      this.#texts.set(devbox, text);
    }
    return text;
  }
}

function isIn(status: string, state: Exclude<FilterMark, '@here'>): boolean {
  switch (state) {
    case '@failed':
      return status === 'failure';
    case '@ended':
      return hasEnded(status);
    case '@running':
      return status === 'running';
    case '@suspended':
      return status === 'suspended';
  }
}
