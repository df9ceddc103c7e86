const escape = '\u001b';
const ends = `(?:${escape}\\\\|\u0007)`;
/** Reports of cursor, device, modes, keyboard, size and focus, and strings such as the terminal's version. */
const report = `${escape}(?:\\[[?>]?[\\d;]*[cRnt]|\\[\\?\\d+u|\\[\\??[\\d;]*\\$y|\\[[IO]|[P\\]][^${escape}]*${ends})`;
const reports = new RegExp(`^(?:${report})+$`);

/** True for what a terminal answers to programs by itself: nobody has pressed a key. */
export function isOwnAnswer(input: string): boolean {
  return reports.test(input);
}

/** What the clipboard of this computer holds, as an answer to a program that has asked the terminal for it. */
const clipboard = new RegExp(`${escape}\\]52;[^${escape}\u0007]*${ends}`, 'g');

/** Without what no program of a devbox is to read: it would get whatever somebody has copied, a password perhaps. */
export function withoutClipboard(input: string): string {
  return input.replace(clipboard, '');
}
