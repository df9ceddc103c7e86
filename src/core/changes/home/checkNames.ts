/** Why the name of a file is no name for a local clone. */
export type NameFault =
  /** It is git's own folder on some system, or leads out of the repository: no clone takes it. */
  | 'unsafe'
  /** Windows cannot hold it. */
  | 'windows'
  /** The same as another one but for case, or for how its characters are composed: macOS and Windows hold one of them. */
  | 'case'
  /** A link that leads out of the repository. */
  | 'linkOut'
  /** Another repository, which does not come along. */
  | 'submodule';

/** What Windows keeps for itself, with or without an ending. */
const reserved = /^(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]|conin\$|conout\$)(?:\..*)?$/i;
/** Characters that macOS leaves out when it compares names. */
const ignorable = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** What is wrong with a path of a tree, if something is. */
export function nameFault(path: string): 'unsafe' | 'windows' | undefined {
  const parts = path.split('/');
  if (parts.some(isUnsafe)) return 'unsafe';
  return parts.some(isNoWindowsName) ? 'windows' : undefined;
}

/** Whether a link of a tree leads out of it. */
export function leadsOut(path: string, target: string): boolean {
  const plain = target.replaceAll('\\', '/');
  if (plain.startsWith('/') || /^[a-z]:/i.test(plain)) return true;
  let depth = path.split('/').length - 1;
  for (const part of plain.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
    // Into git's own folder, which a link may not show either.
    if (isUnsafe(part) && part !== '..' && part !== '.' && part !== '') return true;
  }
  return false;
}

/**
 * One of some names that is, or lies below, the same file or folder as one that is written otherwise, where case does not count. A
 * link written one way and a folder written the other lead out of a clone.
 *
 * @param all of the tree that these are in
 */
export function sameButForCase(names: Iterable<string>, all: Iterable<string>): string | undefined {
  const spellings = new Map<string, string>();
  const doubled = new Set<string>();
  for (const name of all) {
    for (const one of withFolders(name)) {
      const folded = fold(one);
      if ((spellings.get(folded) ?? one) !== one) doubled.add(folded);
      spellings.set(folded, one);
    }
  }
  for (const name of names) if (withFolders(name).some((one) => doubled.has(fold(one)))) return name;
  return undefined;
}

function withFolders(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

function fold(name: string): string {
  return name.normalize('NFD').replace(ignorable, '').toUpperCase().toLowerCase();
}

/** git's own folder in any writing that some file system takes for it, or a part that leads elsewhere. */
function isUnsafe(part: string): boolean {
  if (part === '' || part === '.' || part === '..') return true;
  const folded = part.replace(ignorable, '').toLowerCase();
  const onWindows = folded.split(/[\\:]/);
  return (
    onWindows.some((piece) => {
      const bare = piece.replace(/[. ]+$/, '');
      return bare === '.git' || /^git~\d+$/.test(bare);
    }) || part.split('\\').some((piece) => piece === '..')
  );
}

function isNoWindowsName(part: string): boolean {
  // eslint would take a range of control characters in a pattern for a slip.
  const hasControl = Array.from(part).some((character) => character < ' ');
  return hasControl || /[<>:"|?*\\]/.test(part) || /[. ]$/.test(part) || reserved.test(part);
}
