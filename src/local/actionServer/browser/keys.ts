/** What Chromium wants to know about a key. */
export interface Key {
  readonly key: string;
  readonly code: string;
  readonly keyCode: number;
  /** What it types, if anything. */
  readonly text: string | undefined;
}

/** Bits of the keys that are held meanwhile. */
const modifierBits = new Map([
  ['Alt', 1],
  ['Control', 2],
  ['ControlOrMeta', 2],
  ['Meta', 4],
  ['Shift', 8],
]);

const named = new Map<string, readonly [number, string?]>([
  ['Enter', [13, '\r']],
  ['Tab', [9]],
  ['Backspace', [8]],
  ['Delete', [46]],
  ['Escape', [27]],
  ['Home', [36]],
  ['End', [35]],
  ['PageUp', [33]],
  ['PageDown', [34]],
  ['ArrowLeft', [37]],
  ['ArrowUp', [38]],
  ['ArrowRight', [39]],
  ['ArrowDown', [40]],
  ['Insert', [45]],
  ...Array.from({ length: 12 }, (_, index): [string, readonly [number]] => [`F${index + 1}`, [112 + index]]),
]);

/**
 * Parses a combination such as `Control+a`, `Shift+Tab` or `Enter`.
 *
 * @returns undefined when there is no such key
 */
export function parseKeys(combination: string): { readonly modifiers: number; readonly key: Key } | undefined {
  const parts = combination === '+' ? ['+'] : combination.replace(/\+\+$/, '+Plus').split('+');
  const last = parts.pop() ?? '';
  let modifiers = 0;
  for (const part of parts) {
    const bit = modifierBits.get(part);
    if (bit === undefined) return undefined;
    modifiers |= bit;
  }
  const key = keyOf(last === 'Plus' ? '+' : last, modifiers);
  return key === undefined ? undefined : { modifiers, key };
}

function keyOf(name: string, modifiers: number): Key | undefined {
  const known = named.get(name);
  if (known !== undefined) return { key: name, code: name, keyCode: known[0], text: known[1] };
  const letter = name === 'Space' ? ' ' : name;
  if (!/^.$/su.test(letter)) return undefined;
  const upper = letter.toUpperCase();
  const code = /[A-Z]/.test(upper)
    ? `Key${upper}`
    : /\d/.test(letter)
      ? `Digit${letter}`
      : letter === ' '
        ? 'Space'
        : '';
  // Held with Control, Alt or Meta a key is a command and types nothing.
  return { key: letter, code, keyCode: upper.charCodeAt(0), text: (modifiers & 7) === 0 ? letter : undefined };
}
