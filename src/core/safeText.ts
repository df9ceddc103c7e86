/*
 * Names, logs and files of a devbox are hostile text. What is shown as one line must not be able to colour a
 * terminal, reorder the line (right-to-left marks), or push everything else off the screen.
 */

// ANSI: CSI sequences, OSC strings (ended by BEL or ESC \), and two-character escapes.
const ansi = new RegExp(
  ['\\u001b\\[[0-?]*[ -/]*[@-~]', '\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?', '\\u001b[@-Z\\\\-_]'].join(
    '|',
  ),
  'g',
);
const controls = /(?![\t\n])\p{Cc}/gu;
const bidi = /[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/g;

/** Removes terminal escape sequences and control characters; tabs and newlines stay. */
export function stripControls(text: string): string {
  return text.replace(ansi, '').replace(controls, '').replace(bidi, '');
}

/**
 * One safe line from outside text: no control characters, no line breaks, cut to `limit` characters with an
 * ellipsis.
 */
export function oneLine(text: string, limit = 200): string {
  const flat = stripControls(text)
    .replace(/[\s\u2028\u2029]+/g, ' ')
    .trim();
  const characters = Array.from(flat);
  return characters.length > limit ? `${characters.slice(0, limit - 1).join('')}…` : flat;
}
