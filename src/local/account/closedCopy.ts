import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { requireProgram, systemPath } from '../host/hostPrograms';
import { copyTreeScript } from './copyTree';

const run = promisify(execFile);

/**
 * Becomes the copying script in a room where nothing is but the two folders and the programs of the system. Arguments: the
 * path of bash, that script, the folder to copy, the folder to copy into, and the names that these have in the room.
 */
const roomScript = String.raw`
set -eu
bash=$1 script=$2 from=$3 to=$4 source=$5 target=$6
# A folder that every Linux has, and that never has a disk in it.
mount -t tmpfs -o mode=755,size=64k room /sys
cd /sys
# One of this room only: by another one, links could lead out of it.
mkdir "$source" "$target" proc
mount -t proc -o nosuid,nodev,noexec proc proc
mount --bind "$from" "$source"
mount --bind "$to" "$target"
for name in bin sbin lib lib32 lib64 libx32 usr nix gnu; do
  if [ -L "/$name" ]; then
    ln -s "$(readlink "/$name")" "$name"
  elif [ -d "/$name" ]; then
    mkdir "$name"
    mount --rbind "/$name" "$name"
  fi
done
exec chroot . "$bash" --norc -c "$script" copy "/$source" "/$target"
`;

/**
 * Copies everything in a folder into another one. A program in the devbox may be changing the folder at that moment: where
 * `cp` has just seen a folder there can be a link to one of this computer's. So it runs where no such link leads anywhere,
 * if mounts of its own can be had here; without them nothing of this computer is hidden from devboxes either.
 */
export class ClosedCopy {
  /** Whether mounts can be had; tried out once. */
  #possible: Promise<boolean> | undefined;

  /** The words of a command that makes a copy. */
  async command(from: string, to: string): Promise<readonly string[]> {
    const bash = requireProgram('bash');
    this.#possible ??= tryOut();
    if (!(await this.#possible)) {
      return [bash, '--norc', '-c', copyTreeScript, 'copy', from, to];
    }
    // Nobody can guess the names: a link to the copy would be copied without end.
    const [source, target] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    const room = [...ownMounts(), requireProgram('sh'), '-c', roomScript, 'copy'];
    return [...room, bash, copyTreeScript, from, to, source, target];
  }
}

function ownMounts(): readonly string[] {
  return [
    requireProgram('unshare'),
    ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--',
  ];
}

async function tryOut(): Promise<boolean> {
  const command: readonly string[] = [
    ...ownMounts(),
    requireProgram('sh'),
    '-c',
    'mount -t tmpfs room /sys && mkdir /sys/proc && mount -t proc proc /sys/proc',
  ];
  const [file = '', ...words] = command;
  try {
    await run(file, words, { env: { PATH: systemPath, LC_ALL: 'C' } });
    return true;
  } catch {
    // Not allowed here.
    return false;
  }
}
