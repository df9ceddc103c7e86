const escape = '\u001b';
const ends = `(?:${escape}\\\\|\u0007)`;
/** Reports of cursor, device, modes and focus, and strings such as the terminal's version. */
const report = `${escape}(?:\\[[?>]?[\\d;]*[cRn]|\\[\\??[\\d;]*\\$y|\\[[IO]|[P\\]][^${escape}]*${ends})`;
const reports = new RegExp(`^(?:${report})+$`);

/** True for what a terminal answers to programs by itself: nobody has pressed a key. */
export function isOwnAnswer(input: string): boolean {
  return reports.test(input);
}
