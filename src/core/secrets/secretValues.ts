/** Shorter ones are ignored: removing them would shred ordinary text. */
const leastLength = 6;
/** A coded form shorter than this may be anything. */
const leastCodedLength = 8;
/** Where `base64` breaks its lines, and PEM. */
const codedLines = [76, 64];

/**
 * The values that are secret, in the forms in which they turn up in logs: as they are, line by line, in JSON, in URLs,
 * quoted for a shell, in base64 (wherever in a longer text they stand) and in hexadecimal.
 */
export function secretForms(values: Iterable<string>): string[] {
  const forms = new Set<string>();
  for (const value of values) {
    for (const line of new Set([value, ...value.split(/\r?\n/)])) {
      const bare = line.trim();
      if (bare.length < leastLength) continue;
      for (const form of plainForms(bare)) forms.add(form);
      for (const form of codedForms(bare)) if (form.length >= leastCodedLength) forms.add(form);
    }
  }
  return [...forms];
}

function plainForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const oneLined = value.replaceAll('\n', '\\n');
  return [
    value,
    json,
    // JSON in JSON.
    JSON.stringify(json).slice(1, -1),
    json.replaceAll('/', '\\/'),
    ...urlForms(value),
    // A shell's: in single quotes, in double quotes, with a backslash each, as $'…'.
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", `'"'"'`),
    value.replace(/["\\$`]/g, '\\$&'),
    value.replace(/[^A-Za-z0-9_./:=@%+,\n-]/g, '\\$&'),
    oneLined.replaceAll("'", "\\'"),
    value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll("'", "\\'"),
    // In markup.
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  ];
}

function codedForms(value: string): string[] {
  const bytes = Buffer.from(value);
  const forms: string[] = [bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
  for (const before of [0, 1, 2]) {
    const coded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Letters at the edges that also encode the bytes before or behind the value are left out.
    const ownEnd = Math.floor(((before + bytes.length) * 8) / 6);
    const own = coded.slice(Math.ceil((before * 8) / 6), ownEnd);
    forms.push(own, own.replaceAll('+', '-').replaceAll('/', '_'));
    if (before === 0) {
      for (const width of codedLines) {
        for (let at = 0; own.length > width && at < own.length; at += width) forms.push(own.slice(at, at + width));
      }
    }
  }
  return forms;
}

/** As browsers and other programs write it in addresses and forms. */
function urlForms(value: string): string[] {
  const url = uriComponent(value);
  const strict = url.replace(/[!'()*~]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  return [url, strict, form, url.replace(/%(?:3B|2C|2F|3F|3A|40|26|3D|2B|24|23)/g, decodeURIComponent)]
    .flatMap((one) => [one, one.replaceAll('%20', '+')])
    .flatMap((one) => [one, one.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())])
    .filter((one) => one !== '');
}

function uriComponent(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    // Half a character has no form in a URL.
    return value;
  }
}

/**
 * Finds many values at once, in a time that does not depend on how many they are: a table tells of each pair of letters
 * how far the next place is at which any of them can begin (Wu and Manber's way).
 */
export class ValueMatcher {
  readonly #shift = new Uint8Array(1 << 16);
  readonly #byPair = new Map<number, string[]>();
  readonly #least: number;

  constructor(forms: readonly string[]) {
    this.#least = forms.reduce((least, { length }) => Math.min(least, length), forms.length === 0 ? 0 : 64);
    this.#shift.fill(Math.max(this.#least - 1, 0));
    for (const form of forms) {
      for (let at = 1; at < this.#least; at += 1) {
        const pair = pairAt(form, at);
        this.#shift[pair] = Math.min(this.#shift[pair] ?? 0, this.#least - 1 - at);
        if (at < this.#least - 1) continue;
        const same = this.#byPair.get(pair);
        if (same === undefined) this.#byPair.set(pair, [form]);
        else same.push(form);
      }
    }
  }

  /** Where values stand in a text, as pairs of begin and end, in order; what overlaps or touches is one. */
  find(text: string): (readonly [begin: number, end: number])[] {
    const found: [number, number][] = [];
    const least = this.#least;
    if (least === 0) return found;
    for (let last = least - 1; last < text.length;) {
      const pair = pairAt(text, last);
      const shift = this.#shift[pair] ?? 1;
      if (shift > 0) {
        last += shift;
        continue;
      }
      const begin = last - least + 1;
      let end = -1;
      for (const form of this.#byPair.get(pair) ?? []) {
        if (begin + form.length > end && text.startsWith(form, begin)) end = begin + form.length;
      }
      if (end !== -1) {
        const before = found.at(-1);
        if (before !== undefined && before[1] >= begin) before[1] = Math.max(before[1], end);
        else found.push([begin, end]);
      }
      last += 1;
    }
    return found;
  }

  /** The text without the values. */
  remove(text: string): string {
    const found = this.find(text);
    if (found.length === 0) return text;
    const parts: string[] = [];
    let at = 0;
    for (const [begin, end] of found) {
      parts.push(text.slice(at, begin), '[removed]');
      at = end;
    }
    parts.push(text.slice(at));
    return parts.join('');
  }
}

function pairAt(text: string, last: number): number {
  return ((text.charCodeAt(last - 1) << 5) ^ text.charCodeAt(last)) & 0xffff;
}
