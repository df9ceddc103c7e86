import type { DevboxUser } from '../users';

/** What the platform itself does to a file of a devbox. */
export interface FileStep {
  /**
   * - `read` gives `folder`, or the size on a line of its own and then the bytes
   * - `write` takes bytes and makes the folders above
   * - `receive` takes bytes for a file that is not there yet, `place` gives it the place in `path`, `discard` removes it
   */
  readonly what: 'read' | 'write' | 'receive' | 'place' | 'discard';
  /** The file, as the sandbox understands it. */
  readonly path: string;
  readonly user: DevboxUser;
  /** Bytes that are taken; `open` when they come later. */
  readonly input?: Buffer | 'open';
  /** Of what is written: octal permissions, or nothing to leave them to the devbox. */
  readonly mode?: string | undefined;
  /** Of what is written: whose it is then, if not the writer's. */
  readonly owner?: DevboxUser | undefined;
  /** Of what is placed: the file that was received. */
  readonly received?: string;
}

/** What a step takes beside the path. */
export function moreOf({ what, mode = '', owner, received = '' }: FileStep): readonly string[] {
  switch (what) {
    case 'write':
      return [mode, owner?.name ?? ''];
    case 'place':
      return [received];
    default:
      return [];
  }
}

const scripts: Readonly<Record<FileStep['what'], string>> = {
  // Files of the kernel's have no size; they are read to their end.
  read: `if [ -d "$file" ]; then echo "folder"; exit; fi
[ -f "$file" ] || { echo "there is no such file" >&2; exit 1; }
exec < "$file" || exit 1
size=$(stat -Lc %s -- /proc/self/fd/0) || exit 1
echo "$size"
if [ "$size" = 0 ]; then exec cat; else exec head -c "$size"; fi`,
  write: `mkdir -p -- "$(dirname -- "$file")" || exit 1
if [ -n "$1" ]; then umask 077; : >> "$file" && chmod "$1" -- "$file" || exit 1; fi
cat > "$file" || exit 1
[ -z "$2" ] || chown "$2": -- "$file"`,
  receive: `mkdir -p -- "$(dirname -- "$file")" && exec cat > "$file"`,
  place: `[ ! -d "$file" ] || { echo "it is a folder" >&2; exit 1; }
target=$(realpath -m -- "$file") || exit 1
mkdir -p -- "$(dirname -- "$target")" || exit 1
if [ -e "$target" ]; then chmod --reference="$target" -- "$1"; fi
exec mv -f -- "$1" "$target"`,
  discard: 'rm -f -- "$file"',
};

const stayInside = `real=$(realpath -m -- "$file") || exit 1
case $real in "$prefix"/*) ;; *) echo "it leads out of the devbox" >&2; exit 1 ;; esac
`;

/**
 * The words of a step where it takes programs: those of the computer in a devbox without a view of its own, those of the
 * devbox where there is no Perl.
 * @param prefix in front of every path of the devbox
 */
export function shellWords(step: FileStep, prefix: string): readonly string[] {
  const script = `file=$1 prefix=$2\nshift 2\n${prefix === '' ? '' : stayInside}${scripts[step.what]}`;
  return ['/bin/bash', '--norc', '-c', script, 'devbox-files', step.path, prefix, ...moreOf(step)];
}
