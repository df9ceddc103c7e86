import { screenColumns, screenRows } from './screenSize';

const ESC = '\u001b';
const stringEnd = `${ESC}\\`;

/** Where the cursor is, from 1. */
export interface CursorPosition {
  readonly row: number;
  readonly column: number;
}

/**
 * What a terminal says to a program that asks it, as tmux does; undefined for what is no question, or one that tmux does
 * not answer either.
 *
 * @param cursor gives the place, if it is asked for
 */
export function answerTo(final: string, parameters: string, cursor: () => CursorPosition): string | undefined {
  switch (`${parameters}${final}`) {
    case 'c':
    case '0c':
      return `${ESC}[?1;2c`;
    case '>c':
    case '>0c':
      return `${ESC}[>84;0;0c`;
    case '5n':
      return `${ESC}[0n`;
    case '6n': {
      const { row, column } = cursor();
      return `${ESC}[${row};${column}R`;
    }
    case '>q':
    case '>0q':
      return `${ESC}P>|tmux 3.3a${stringEnd}`;
    case '18t':
      return `${ESC}[8;${screenRows};${screenColumns}t`;
    default:
      return undefined;
  }
}

/** The colour that an operating system command asks for: of the text, behind it, or of the cursor. */
export function colourAnswer(text: string): string | undefined {
  const [, which] = /^(1[012]);\?$/.exec(text) ?? [];
  if (which === undefined) return undefined;
  const colour = which === '11' ? 'rgb:0000/0000/0000' : 'rgb:c0c0/c0c0/c0c0';
  return `${ESC}]${which};${colour}${stringEnd}`;
}
