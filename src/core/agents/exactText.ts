// What an editor or a terminal does not show, or shows elsewhere: control codes, marks of direction, blanks without width.
const unseen = /(?![\t\n])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

/** A text in which everything can be seen: what is answered with yes must not have parts that nobody sees. */
export function exactText(text: string): string {
  return text.replace(unseen, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}
