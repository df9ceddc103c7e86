import { RuntimeError } from '../errors';
import { oneLine } from '../safeText';
import { filesProblem } from '../problems/files';

/*
 * Names of files are bytes, and paths of the editor are text. Bytes that are not UTF-8 are written as characters of a
 * private range, one a byte; a name that has such a character itself has the bytes of it written so. Both ways lose nothing.
 */

const first = 0xf700;
const escaped = /[\uf780-\uf7ff]/;
/** Half a character, which no bytes stand for. */
const halves = /\p{Surrogate}/u;
/** The longest name that Linux takes, in bytes. */
const longestName = 255;

/** A name or path of a devbox as text. */
export function textOfPath(bytes: Uint8Array): string {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = whole.toString('utf8');
  // As many characters as bytes, each of them read: nearly every name, and there may be many.
  if (text.length === whole.length && !text.includes('\ufffd')) return text;
  if (!escaped.test(text) && Buffer.from(text).equals(whole)) return text;
  let result = '';
  for (let at = 0; at < whole.length;) {
    const length = characterLength(whole, at);
    const character = length === 0 ? '' : whole.toString('utf8', at, at + length);
    if (length > 0 && !escaped.test(character)) result += character;
    else for (const byte of whole.subarray(at, at + Math.max(1, length))) result += String.fromCharCode(first + byte);
    at += Math.max(1, length);
  }
  return result;
}

/** The bytes that a text of {@link textOfPath} stands for. */
export function bytesOfPath(text: string): Buffer {
  if (!escaped.test(text)) return Buffer.from(text);
  return Buffer.concat(
    Array.from(text, (character) =>
      escaped.test(character) ? Buffer.from([character.charCodeAt(0) - first]) : Buffer.from(character),
    ),
  );
}

/** Whether a path can be named in JSON: executions and file transfer of Runloop's API speak UTF-8. */
export function isPlainPath(text: string): boolean {
  return !escaped.test(text) && !halves.test(text);
}

/** A name as it is shown: on one line, with the sign for what is no character in place of such bytes. */
export function shownName(text: string): string {
  return oneLine(onOneLine(text), 300);
}

/** A path on one line, not cut: Linux knows none that is longer. */
export function shownPath(text: string): string {
  return oneLine(onOneLine(text), 4_096);
}

function onOneLine(text: string): string {
  return text.replaceAll(/[\uf780-\uf7ff]/g, '\ufffd').replaceAll(/[\r\n\t]/g, '\u2424');
}

/** @throws RuntimeError `file` unless a file can be called so */
export function requireName(name: string): string {
  if (bytesOfPath(name).length > longestName) {
    throw new RuntimeError({ problem: filesProblem('file_name_too_long', { name: oneLine(shownName(name), 60) }) });
  }
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name) || halves.test(name)) {
    throw new RuntimeError({ problem: filesProblem('file_name_refused', { name: shownName(name) }) });
  }
  return name;
}

/** Bytes of the UTF-8 character that begins here; 0 if none does. */
function characterLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const piece = bytes.subarray(at, at + length);
  return Buffer.from(piece.toString('utf8')).equals(piece) ? length : 0;
}
