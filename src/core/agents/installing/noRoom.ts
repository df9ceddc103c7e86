/** How installers say that a disk, a share of it or its inodes are used up: npm, pip, cargo, curl, tar, git and what is written in C. */
const words = [
  /\bENOSPC\b/,
  /\bEDQUOT\b/,
  /no space left on (?:the )?device/i,
  /disk quota exceeded/i,
  /\[Errno (?:28|122)\]/,
  /\bos error (?:28|122)\b/,
  /not enough (?:free )?(?:disk )?space/i,
  /\bdisk (?:is )?full\b/i,
];

/** The same code of an error, where it is no room for files that is missing. */
const otherwise = /file watchers|inotify/i;

/** Whether an installer's output says that there was no room. Hostile text. */
export function saysNoRoom(output: string): boolean {
  return output.split('\n').some((line) => words.some((word) => word.test(line)) && !otherwise.test(line));
}
