/*
 * Whether a new shell waits for a command. Until then its start files may ask for something, and what is typed would be the
 * answer. A `read` of theirs prints no more than its question; a line editor says so when it begins to edit, and draws its line
 * anew whenever the terminal's size changes, so that it is found also where its prompt came while nobody was connected.
 */

const escape = '\u001b';
/** What a terminal does not show: sequences that begin with an escape, and other control characters. */
const unseen = new RegExp(
  `${escape}\\[[0-?]*[ -/]*[@-~]|${escape}\\][^\\u0007${escape}]*(?:\\u0007|${escape}\\\\)|${escape}[^[\\]]|[\\0-\\x08\\x0e-\\x1f]`,
  'g',
);
/** Bracketed paste, which line editors switch on with their prompt, and off with the line's end. */
const editing = `${escape}[?2004h`;
const edited = `${escape}[?2004l`;
/** A program that draws the whole screen. */
const wholeScreen = new RegExp(`${escape}\\[(?:\\?1049h|\\d*;\\d*H|H)`);

/**
 * @param output what the shell has printed so far, or the end of it
 * @param redrawn what it has printed since the terminal's size was changed, and changed back
 */
export function waitsForCommand(output: string, redrawn: string): boolean {
  const line = output
    .slice(output.lastIndexOf('\n') + 1)
    .replace(unseen, '')
    .trimEnd();
  // Nobody's prompt, as a rule: also `read -e` has a line editor.
  if (/[?:\]]$/.test(line)) return false;
  if (output.lastIndexOf(editing) > output.lastIndexOf(edited)) return true;
  if (line !== '' && isRepeated(redrawn) && !wholeScreen.test(redrawn)) return true;
  // Shells without a line editor.
  return /[$#%]$/.test(line);
}

/** Whether it ends in a line that is not complete, as a question does. */
export function maybeAsks(output: string): boolean {
  return (
    output
      .slice(output.lastIndexOf('\n') + 1)
      .replace(unseen, '')
      .trim() !== ''
  );
}

/** The same again, from the beginning of a line on: what a start file goes on to print is not. */
function isRepeated(text: string): boolean {
  return text.length <= 2_048 && /^(\r[^]+?)\1+$/.test(text);
}
