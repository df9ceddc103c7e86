import type { LegacyEncoding, LegacyEncodings } from './legacyEncodings';

/**
 * The encoding that a file is kept in: one of Unicode's, another one, or `bytes` for a file whose encoding
 * nobody can tell; each of its bytes is one letter then.
 */
export type TextEncoding = 'utf-8' | 'utf-8-bom' | 'utf-16le' | 'utf-16be' | 'bytes' | LegacyEncoding;

/**
 * Decodes UTF-8, keeping every character.
 *
 * @returns undefined when the bytes are no UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Decodes a text file in whichever encoding it has; encoded again, it has the same bytes. */
export function decodeText(bytes: Buffer, encodings: LegacyEncodings): { text: string; encoding: TextEncoding } {
  if (bytes.length % 2 === 0 && bytes[0] === 0xff && bytes[1] === 0xfe) {
    return { text: bytes.toString('utf16le', 2), encoding: 'utf-16le' };
  }
  if (bytes.length % 2 === 0 && bytes[0] === 0xfe && bytes[1] === 0xff) {
    return { text: Buffer.from(bytes.subarray(2)).swap16().toString('utf16le'), encoding: 'utf-16be' };
  }
  const text = decodeUtf8(bytes);
  if (text !== undefined) {
    return text.startsWith('\ufeff') ? { text: text.slice(1), encoding: 'utf-8-bom' } : { text, encoding: 'utf-8' };
  }
  return encodings.read(bytes) ?? { text: bytes.toString('latin1'), encoding: 'bytes' };
}

/**
 * Encodes a text the way the file had it.
 *
 * @returns undefined when the encoding has not all of its letters
 */
export function encodeText(text: string, encoding: TextEncoding): Buffer | undefined {
  switch (encoding) {
    case 'utf-8':
      return Buffer.from(text, 'utf8');
    case 'utf-8-bom':
      return Buffer.from(`\ufeff${text}`, 'utf8');
    case 'utf-16le':
      return Buffer.from(`\ufeff${text}`, 'utf16le');
    case 'utf-16be':
      return Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    case 'bytes':
      return /[^\0-\xff]/.test(text) ? undefined : Buffer.from(text, 'latin1');
    default:
      return encoding.encode(text);
  }
}

/** True if a text can be put into such a file and means there what it means to its writer. */
export function isStorable(text: string, encoding: TextEncoding): boolean {
  return encoding === 'bytes' ? !/[^\0-\x7f]/.test(text) : encodeText(text, encoding) !== undefined;
}

/** An encoding's name, for messages. */
export function encodingName(encoding: TextEncoding): string {
  return typeof encoding === 'object' ? encoding.label : encoding === 'bytes' ? 'an unknown encoding' : encoding;
}
