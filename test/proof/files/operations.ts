import type { Dice } from '../dice';

/** Something that a program does with files through the editor. Paths are relative to the folder of the run. */
export interface Operation {
  readonly kind: 'stat' | 'list' | 'read' | 'write' | 'folder' | 'delete' | 'rename' | 'copy';
  readonly path: string;
  /** Where it goes. */
  readonly to: string;
  /** Whether it overwrites, or is about all that is in a folder. */
  readonly yes: boolean;
  /** What is written, and how much of it. */
  readonly text: string;
  readonly bytes: number;
}

/** Names of which some are hostile. */
const names = [
  'a',
  'b',
  'c',
  'd',
  'sp ace',
  'é',
  'new\nline',
  '#?%20',
  '\'q"$(id)`',
  '-rf',
  '*',
  '\\b',
  ' ',
  'n'.repeat(255),
];
const kinds = [
  ...Array.from({ length: 3 }, () => ['write', 'rename', 'copy'] as const).flat(),
  ...(['stat', 'stat', 'list', 'read', 'read', 'folder', 'folder', 'delete', 'delete'] as const),
];

/** Draws one. */
export function drawOperation(dice: Dice): Operation {
  const kind = dice.pick(kinds);
  const large = dice.chance(0.05);
  return {
    kind,
    path: dice.chance(0.02) ? '' : drawPath(dice),
    to: drawPath(dice),
    yes: dice.chance(0.5),
    text: large ? `${dice.draw()} a line of text\n`.repeat(20_000) : `${dice.draw()}\0é\n`,
    bytes: large ? dice.whole(30_000, 500_000) : dice.whole(0, 24),
  };
}

function drawPath(dice: Dice): string {
  const name = (): string => (dice.chance(0.75) ? dice.pick(names.slice(0, 5)) : dice.pick(names));
  const depth = dice.pick([1, 1, 1, 2, 2, 3]);
  return [...Array.from({ length: depth }, name), ...(dice.chance(0.02) ? ['x'.repeat(256)] : [])].join('/');
}

/** What is in the folder before: kinds of files that the editor cannot make. */
export function seedScript(dice: Dice): string {
  const parts = [
    'printf one > a; chmod 755 a',
    'mkdir -p b/c; printf two > b/c/d',
    'mkdir -p c/b/a; ln -s ../b c/a',
    'ln -s a d',
    'ln -s b d',
    'ln -s nowhere d',
    'ln -s d d',
    'ln -s . d',
    "mkdir -p 'sp ace'; printf x > 'sp ace/a'; ln 'sp ace/a' 'sp ace/b'",
    'mkdir d; printf 600 > d/a; chmod 600 d/a; ln -s ../a d/b',
  ];
  return `{ ${
    parts
      .filter(() => dice.chance(0.5))
      .map((part) => `{ ${part}; } 2>/dev/null`)
      .join('; ') || 'true'
  }; true; }`;
}

/** Tells all that is in a folder: kinds, rights, links and contents, in an order. */
export const treeScript = `LC_ALL=C; export LC_ALL; find . -mindepth 1 -printf '%P %y %l %m\\0' | sort -z | tr '\\0\\n' '\\n?'
find . -type f -print0 | sort -z | xargs -0 -r sha256sum | tr -d '\\\\'; true`;
