/** How installers say that a disk, a share of it or its inodes are used up: npm, pip, cargo, curl, tar, git and what is written in C. */
const roomWords = [
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
  return output.split('\n').some((line) => roomWords.some((word) => word.test(line)) && !otherwise.test(line));
}

/** How installers say that nothing can be reached: curl, wget, git, npm, pip, Go, Rust and what is written in C. */
const networkWords = [
  /\bcurl: \((?:5|6|7|28|35|56)\)/,
  /\b(?:could not|couldn't|unable to) resolve (?:host|proxy)\b/i,
  /temporary failure in name resolution|name or service not known/i,
  /\b(?:EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT)\b/,
  /\b(?:network is unreachable|no route to host|connection (?:refused|timed out|reset by peer))\b/i,
  /\bfailed to (?:establish a new connection|connect to)\b/i,
  /\bdial tcp\b|\berror sending request\b|\bCONNECT tunnel failed\b/i,
];

/** Whether an installer's output says that it could not reach what it asked for. Hostile text. */
export function saysNoNetwork(output: string): boolean {
  return networkWords.some((word) => word.test(output));
}
