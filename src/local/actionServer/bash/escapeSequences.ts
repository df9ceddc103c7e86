/** One control sequence found in terminal output. */
export type EscapeSequence =
  | { readonly kind: 'csi'; readonly final: string; readonly parameters: string }
  | { readonly kind: 'osc'; readonly text: string }
  | { readonly kind: 'single'; readonly final: string }
  | { readonly kind: 'ignored' };

/** A sequence and where the text behind it begins; `incomplete` when the end has not arrived yet. */
export type ScanResult = { readonly sequence: EscapeSequence; readonly next: number } | 'incomplete';

const ESC = '\u001b';
const csi = new RegExp(`${ESC}\\[([0-?]*)[ -/]*([@-~])?`, 'y');
const intermediate = new RegExp(`${ESC}[ -/]+([0-~])?`, 'y');
const stringStarts = new Set(['P', '^', '_', 'X']);

/**
 * Reads the escape sequence that begins at `start`. An ESC inside a sequence always begins a new one, as in real
 * terminals: a program's unfinished sequence can then never swallow a later one.
 *
 * @param text terminal output
 * @param start index of an ESC character
 */
export function scanEscape(text: string, start: number): ScanResult {
  const kind = text.charAt(start + 1);
  if (kind === '') return 'incomplete';
  if (kind === '[') return scanCsi(text, start);
  if (kind === ']') return scanString(text, start, true);
  if (stringStarts.has(kind)) return scanString(text, start, false);
  if (kind >= ' ' && kind <= '/') {
    intermediate.lastIndex = start;
    const match = intermediate.exec(text);
    if (match === null) return { sequence: { kind: 'ignored' }, next: start + 1 };
    const next = start + match[0].length;
    if (match[1] === undefined && next === text.length) return 'incomplete';
    return { sequence: { kind: 'ignored' }, next };
  }
  if (kind >= '0' && kind <= '~') return { sequence: { kind: 'single', final: kind }, next: start + 2 };
  return { sequence: { kind: 'ignored' }, next: start + 1 };
}

function scanCsi(text: string, start: number): ScanResult {
  csi.lastIndex = start;
  const match = csi.exec(text);
  if (match === null) return { sequence: { kind: 'ignored' }, next: start + 1 };
  const [whole, parameters = '', final] = match;
  const next = start + whole.length;
  if (final !== undefined) return { sequence: { kind: 'csi', final, parameters }, next };
  return next === text.length ? 'incomplete' : { sequence: { kind: 'ignored' }, next };
}

function scanString(text: string, start: number, isOsc: boolean): ScanResult {
  const body = start + 2;
  const escape = text.indexOf(ESC, body);
  const bell = isOsc ? text.indexOf('\u0007', body) : -1;
  if (bell !== -1 && (escape === -1 || bell < escape)) {
    return { sequence: { kind: 'osc', text: text.slice(body, bell) }, next: bell + 1 };
  }
  if (escape === -1 || escape + 1 === text.length) return 'incomplete';
  if (text.charAt(escape + 1) !== '\\') return { sequence: { kind: 'ignored' }, next: escape };
  const sequence: EscapeSequence = isOsc ? { kind: 'osc', text: text.slice(body, escape) } : { kind: 'ignored' };
  return { sequence, next: escape + 2 };
}
