import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { requireProgram, systemPath } from '../../host/hostPrograms';

/**
 * Waits until the platform's pipe closes, then removes its groups as soon as their last processes have ended, and takes
 * the platform's moves into groups of its own back. Arguments: how many folders there are to remove, these, and for each
 * move the group in which the platform was, the one it moved into and the controllers it gave to others for that.
 */
const keeperScript = String.raw`
while read -r _; do :; done
folders=$1 attempts=0
shift
clear() {
  left= n=$folders
  for folder; do
    [ $n -gt 0 ] || break
    n=$((n - 1))
    for group in "$folder"/*/; do [ ! -d "$group" ] || rmdir "$group"; done
    [ ! -d "$folder" ] || rmdir "$folder" || left=1
  done
}
while :; do
  clear "$@"
  attempts=$((attempts + 1))
  [ -n "$left" ] && [ $attempts -lt 200 ] || break
  sleep 0.05
done
shift "$folders"
while [ $# -gt 0 ]; do
  own=$1 leaf=$2 controllers=$3 attempts=0
  shift 3
  [ -z "$controllers" ] || echo "$controllers" > "$own/cgroup.subtree_control"
  while [ -d "$leaf" ]; do
    while read -r pid; do echo "$pid" > "$own/cgroup.procs"; done < "$leaf/cgroup.procs"
    rmdir "$leaf" && break
    attempts=$((attempts + 1))
    [ $attempts -lt 20 ] || { left=1; break; }
    sleep 0.05
  done
done
[ -z "$left" ]
`;

/** A move of the platform into a group of its own. */
export interface PlatformMove {
  readonly own: string;
  readonly leaf: string;
  readonly controllers: readonly string[];
}

/** What the keeper is to undo. */
export interface KeptGroups {
  readonly folders: readonly string[];
  readonly moves: readonly PlatformMove[];
}

/** A small process that clears the platform's groups away when the platform ends, in whatever way. */
export class GroupKeeper {
  readonly #keeper: ChildProcess;

  constructor({ folders, moves }: KeptGroups) {
    const back = moves.flatMap(({ own, leaf, controllers }) => [
      own,
      leaf,
      controllers.map((name) => `-${name}`).join(' '),
    ]);
    this.#keeper = spawn(
      requireProgram('sh'),
      ['-c', keeperScript, 'control-group-keeper', String(folders.length), ...folders, ...back],
      {
        env: { PATH: systemPath, LC_ALL: 'C' },
        cwd: '/',
        // In a session of its own it outlives a killed platform.
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    this.#keeper.stdin?.on('error', () => undefined);
    // It must not hold the platform up; if it cannot even be started, the next platform clears up.
    this.#keeper.on('error', () => undefined);
    this.#keeper.unref();
  }

  /**
   * Lets the keeper do its work and waits for it.
   * @returns false if something could not be removed
   */
  async finish(): Promise<boolean> {
    const keeper = this.#keeper;
    if (keeper.pid === undefined) {
      return false;
    }
    if (keeper.exitCode === null && keeper.signalCode === null) {
      keeper.ref();
      keeper.stdin?.end();
      await once(keeper, 'exit');
    }
    return keeper.exitCode === 0;
  }
}
