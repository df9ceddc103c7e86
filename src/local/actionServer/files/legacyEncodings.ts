import { analyse } from 'chardet';

/** Encodings that files are looked for in, by the names that the guesser gives them. */
const labels: Readonly<Record<string, string>> = {
  GB18030: 'gbk',
  Big5: 'big5',
  Shift_JIS: 'shift_jis',
  'EUC-JP': 'euc-jp',
  'EUC-KR': 'euc-kr',
  'ISO-8859-1': 'windows-1252',
  'ISO-8859-2': 'iso-8859-2',
  'ISO-8859-5': 'iso-8859-5',
  'ISO-8859-6': 'iso-8859-6',
  'ISO-8859-7': 'iso-8859-7',
  'ISO-8859-8': 'iso-8859-8',
  'ISO-8859-9': 'windows-1254',
  'KOI8-R': 'koi8-r',
  'windows-1250': 'windows-1250',
  'windows-1251': 'windows-1251',
  'windows-1252': 'windows-1252',
  'windows-1253': 'windows-1253',
  'windows-1254': 'windows-1254',
  'windows-1255': 'windows-1255',
  'windows-1256': 'windows-1256',
};

/** As much of a file as is looked at to guess. */
const sampleBytes = 64 * 1024;

/** Guesses below this are no better than none. */
const leastConfidence = 10;

/** Encodings that are not Unicode's. What was found out about one is kept as long as this. */
export class LegacyEncodings {
  readonly #found = new Map<string, LegacyEncoding>();

  /**
   * Finds an encoding that bytes are text in. Only one that gives back exactly the same bytes counts.
   *
   * @returns undefined when there is none
   */
  read(bytes: Buffer): { readonly text: string; readonly encoding: LegacyEncoding } | undefined {
    for (const { name, confidence } of analyse(bytes.subarray(0, sampleBytes))) {
      const label = Object.hasOwn(labels, name) ? labels[name] : undefined;
      if (label === undefined || confidence < leastConfidence) continue;
      const encoding = this.#found.get(label) ?? new LegacyEncoding(label);
      this.#found.set(label, encoding);
      const text = encoding.decode(bytes);
      if (text !== undefined && encoding.encode(text)?.equals(bytes) === true) return { text, encoding };
    }
    return undefined;
  }
}

/** An encoding, by the name that decoders know. */
export class LegacyEncoding {
  /** What each letter is in it. */
  #table: ReadonlyMap<string, Buffer> | undefined;

  constructor(readonly label: string) {}

  /** @returns undefined for bytes that are no text in it */
  decode(bytes: Uint8Array): string | undefined {
    try {
      const text = new TextDecoder(this.label, { fatal: true }).decode(bytes);
      // Where an encoding has no letter, decoders give control characters.
      return /[\u0080-\u009f\ufffd]/.test(text) ? undefined : text;
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  /** @returns undefined for a text that has letters which it has not */
  encode(text: string): Buffer | undefined {
    const table = (this.#table ??= tableOf(this.label));
    const parts: Buffer[] = [];
    for (const letter of text) {
      const bytes = table.get(letter);
      if (bytes === undefined) return undefined;
      parts.push(bytes);
    }
    return Buffer.concat(parts);
  }
}

/** What each letter is in an encoding, found by decoding everything of one and two bytes. */
function tableOf(label: string): ReadonlyMap<string, Buffer> {
  const table = new Map<string, Buffer>();
  const decoder = new TextDecoder(label, { fatal: true });
  const add = (bytes: Buffer): boolean => {
    try {
      const letter = decoder.decode(bytes);
      // The first one is the usual one.
      if (Array.from(letter).length === 1 && !table.has(letter)) table.set(letter, bytes);
      return true;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return false;
    }
  };
  for (let first = 0; first < 256; first += 1) {
    const isWhole = add(Buffer.from([first]));
    if (isWhole) continue;
    for (let second = 0x30; second < 256; second += 1) add(Buffer.from([first, second]));
  }
  return table;
}
