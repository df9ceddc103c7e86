// What an editor or a terminal does not show, or shows elsewhere or as a blank: control codes, marks of direction, blanks without
// width, and those that are no blank for a shell.
const unseen = /(?![\t\n ])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Z}\p{DI}\u2800]/gu;

/** A text in which everything can be seen: what is answered with yes must not have parts that nobody sees. */
export function exactText(text: string): string {
  return text.replace(unseen, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}
