import { redactShapes } from '../redactShapes';
import { brokenSecret } from './brokenSecrets';
import { KeyLines } from './privateKeys';
import { BlockLines } from './secretPlaces';
import { secretForms, ValueMatcher } from './secretValues';
import { tokenEnd } from './tokenShapes';

/** Sources that are told apart; a devbox names them. */
const mostSources = 64;
/** Characters of the lines before that are remembered, at most. */
const longestTail = 4096;
const leastTail = 200;

/** A line without its secrets. */
export interface RedactedLine {
  readonly text: string;
  /** The end of the line before, where a secret begins that goes on in this line; else empty. */
  readonly earlier: string;
}

interface Source {
  readonly keyLines: KeyLines;
  readonly blockLines: BlockLines;
  /** The end of what came before, without line ends. */
  tail: string;
  /** The characters of it that are of the last line. */
  lastLength: number;
  /** The characters of the last line. */
  width: number;
}

/**
 * `redact` for lines that come one by one: a private key that spans lines is removed to its end, and a secret that a
 * program or the platform has broken over lines is found as well.
 */
export class LineRedactor {
  readonly #forms: Set<string>;
  #matcher: ValueMatcher;
  #tailLength = leastTail;
  readonly #sources = new Map<string, Source>();

  /** @param values further values known to be secret, for example those of variables that we set */
  constructor(values: Iterable<string> = []) {
    this.#forms = new Set(secretForms(values));
    this.#matcher = this.#build();
  }

  /** Removes further values from now on. */
  add(values: readonly string[]): void {
    const before = this.#forms.size;
    for (const form of secretForms(values)) this.#forms.add(form);
    if (this.#forms.size > before) this.#matcher = this.#build();
  }

  /** @param source keeps lines of different origin apart, as they interleave */
  redact(text: string, source: string): string {
    return this.take(text, source).text;
  }

  /** As {@link redact}, and tells what of the line before has turned out to be secret. */
  take(text: string, source: string): RedactedLine {
    const from = this.#source(source);
    const [begun, earlier] = this.#crossing(from, text);
    this.#remember(from, text);
    const head = begun > 0 ? '[removed]' : '';
    const lines = text.slice(begun).split('\n');
    const bare = lines.map((line) => from.keyLines.take(line) ?? from.blockLines.take(line) ?? line).join('\n');
    return { text: head + redactShapes(this.#matcher.remove(bare)), earlier };
  }

  /** Lines that came together, as {@link redact}; what turns out to have begun in one before is removed there as well. */
  redactAll(lines: readonly { readonly text: string; readonly source: string }[]): string[] {
    const shown: string[] = [];
    for (const line of lines) {
      const { text, earlier } = this.take(line.text, line.source);
      const last = shown.at(-1);
      if (earlier !== '' && last?.endsWith(earlier) === true) {
        shown[shown.length - 1] = `${last.slice(0, -earlier.length)}[removed]`;
      }
      shown.push(text);
    }
    return shown;
  }

  /** How many characters of a line belong to a secret that began in a line before, and its beginning. */
  #crossing({ tail, lastLength, width }: Source, text: string): [begun: number, earlier: string] {
    if (tail === '') return [0, ''];
    const joint = tail + text.slice(0, longestTail);
    let [begin, end] = [tail.length, tail.length];
    for (const found of this.#matcher.find(joint)) {
      if (found[0] < tail.length && found[1] > tail.length) [begin, end] = found;
    }
    if (end === tail.length) end += tokenEnd(tail, text);
    if (end === tail.length) {
      const broken = brokenSecret(tail.slice(tail.length - lastLength), text, width);
      if (broken === undefined) return [0, ''];
      return [broken[1], tail.slice(tail.length - lastLength + broken[0])];
    }
    if (begin === tail.length) begin = tail.length - (/[A-Za-z0-9_.-]{0,200}$/.exec(tail)?.[0].length ?? 0);
    return [Math.min(end - tail.length, text.length), tail.slice(Math.max(begin, tail.length - lastLength))];
  }

  #remember(from: Source, text: string): void {
    const keep = this.#tailLength;
    const last = text.slice(text.lastIndexOf('\n') + 1);
    from.tail = last.length >= keep ? last.slice(-keep) : (from.tail + last).slice(-keep);
    from.lastLength = Math.min(last.length, keep);
    from.width = last.length;
  }

  #source(name: string): Source {
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = { keyLines: new KeyLines(), blockLines: new BlockLines(), tail: '', lastLength: 0, width: 0 };
      const [oldest] = this.#sources.keys();
      if (this.#sources.size >= mostSources && oldest !== undefined) this.#sources.delete(oldest);
      this.#sources.set(name, source);
    }
    return source;
  }

  #build(): ValueMatcher {
    const longest = Math.max(...[...this.#forms].map(({ length }) => length), leastTail);
    this.#tailLength = Math.min(longest, longestTail);
    return new ValueMatcher([...this.#forms]);
  }
}
