import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ControlGroups } from './controlGroups/controlGroups';
import type { DevboxGroup } from './controlGroups/devboxGroup';
import { DevboxError } from '../errors';
import { requireProgram, systemPath } from '../host/hostPrograms';
import { startProgram } from '../host/startProgram';
import { translatePaths } from './plainPaths';
import { type FileStep, shellWords } from './hands/fileStep';
import { hostSide } from '../host/hostSide';
import type { Pipes } from '../host/pipes';
import type { ProcessScope } from '../host/scopeProcesses';
import type { Sandbox, SandboxCommand, SandboxProcess } from './sandbox';
import type { Limits } from './limits/limits';
import { enterScript, spawnCommand } from './spawnCommand';

/**
 * Waits until the platform's pipe closes, then ends the devbox's processes: those that carry the devbox's mark, those
 * that live in its home, the sessions the platform started for it, and all their children. They are first stopped, so
 * that none can start another one between being found and being killed.
 * Arguments: the devbox's id and its folder. Lines on stdin: the id of a session that was started, or with a minus in
 * front one whose first process has ended (its number may then come to mean another program's session).
 */
const keeperScript = String.raw`
id=$1 root=$2 sessions=' '
while read -r pid; do
  case $pid in
    -*) sessions=\${sessions/ \${pid#-} / } ;;
    *) sessions="$sessions$pid " ;;
  esac
done
find_all() {
  # One pass over /proc for marks and homes, one for parents and sessions.
  local marked=' ' pid sid file stat found="$1" more
  for file in $(grep -lszE "^(RUNLOOP_LOCAL_DEVBOX=$id|HOME=$root/.*)$" /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}
    marked="$marked\${pid%/environ} "
  done
  declare -A parent=()
  for file in /proc/[0-9]*/stat; do
    read -r stat < "$file" 2>/dev/null || continue
    pid=\${stat%% *}
    stat=\${stat##*) }
    set -- $stat
    [ "$1" = Z ] && continue
    parent[$pid]=$2
    sid=$4
    case "$sessions" in *" $sid "*) marked="$marked$pid " ;; esac
  done
  for pid in $marked; do [ -n "\${parent[$pid]-}" ] && case "$found" in *" $pid "*) ;; *) found="$found$pid " ;; esac; done
  more=1
  while [ $more = 1 ]; do
    more=0
    for pid in "\${!parent[@]}"; do
      case "$found" in *" $pid "*) continue ;; esac
      case "$found" in *" \${parent[$pid]} "*) found="$found$pid " more=1 ;; esac
    done
  done
  all=\${found// $$ / }
}
for round in 1 2 3 4 5 6 7 8 9 10; do
  all=' '
  before=
  while [ "$all" != "$before" ]; do
    before=$all
    find_all "$all"
    [ "$all" = ' ' ] || kill -STOP $all 2>/dev/null
  done
  [ "$all" = ' ' ] && exit 0
  kill -KILL $all 2>/dev/null
  sleep 0.02
done
exit 1
`.replaceAll('\\$', '$');

/** Where namespaces are forbidden: plain processes in a folder of their own, found and ended by their mark. */
export class PlainSandbox implements Sandbox {
  readonly prefix: string;
  readonly hasUsers = false;
  readonly pipes: Pipes;
  readonly ended: Promise<void>;
  readonly scope: ProcessScope;
  readonly #id: string;
  readonly #limits: Limits;
  readonly #groups: ControlGroups | undefined;
  #group: DevboxGroup | undefined;
  #keeper: ChildProcess | undefined;
  #stopped: Promise<void> | undefined;
  readonly #sessions = new Set<number>();
  #markEnded: () => void = () => undefined;

  /**
   * @param id the devbox's id, the mark of its processes
   * @param root the devbox's folder on the host, absolute and free of characters that need quoting
   * @param groups holds its processes, where that is allowed
   */
  constructor(id: string, root: string, limits: Limits, groups: ControlGroups | undefined, pipes: Pipes) {
    this.pipes = pipes;
    this.#id = id;
    this.#limits = limits;
    this.#groups = groups;
    this.prefix = root;
    this.scope = { kind: 'mark', mark: id };
    this.ended = new Promise((resolve) => (this.#markEnded = resolve));
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#group = await this.#groups?.make(this.#id, this.#limits);
    const keeper = this.#startKeeper();
    await once(keeper, 'spawn');
    keeper.once('exit', () => this.#markEnded());
    this.#keeper = keeper;
  }

  run(command: SandboxCommand): SandboxProcess {
    if (this.#keeper?.stdin?.writable !== true) {
      throw new DevboxError('wrong_state', 'The devbox has no running sandbox.');
    }
    // Not tied to the platform's life one by one: the keeper ends them all, while it can still see who started whom.
    const argv = [
      ...hostSide(),
      ...(this.#group?.enter ?? []),
      requireProgram('bash'),
      '--norc',
      '-c',
      enterScript,
      'devbox',
      command.cwd,
      ...command.argv,
    ];
    const started = spawnCommand(argv, {
      ...command,
      environment: { ...command.environment, RUNLOOP_LOCAL_DEVBOX: this.#id, RUNLOOP_LOCAL_ROOT: this.prefix },
    });
    const { pid } = started;
    if (pid !== undefined) {
      this.#sessions.add(pid);
      this.#tellKeeper(String(pid));
      void started.exited.then(() => {
        this.#sessions.delete(pid);
        this.#tellKeeper(`-${pid}`);
      });
    }
    return started;
  }

  reach({ input, user, ...step }: FileStep): SandboxProcess {
    return this.run({
      argv: shellWords({ ...step, user }, this.prefix),
      environment: { PATH: systemPath },
      cwd: `${this.prefix}/`,
      ...(input === undefined ? {} : { input }),
    });
  }

  get group(): DevboxGroup | undefined {
    return this.#group;
  }

  translate(command: string): string {
    return translatePaths(command, this.prefix);
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#keeper === undefined ? Promise.resolve() : this.#sweep(this.#keeper);
    await this.#stopped;
    this.#markEnded();
    if (this.#group !== undefined) {
      await this.#groups?.remove(this.#group);
    }
  }

  /** Lets the keeper do its work; if somebody killed it, a second one does. */
  async #sweep(keeper: ChildProcess): Promise<void> {
    if ((await finish(keeper)) === 0) {
      return;
    }
    const second = this.#startKeeper();
    for (const pid of this.#sessions) {
      second.stdin?.write(`${pid}\n`);
    }
    if ((await finish(second)) !== 0) {
      throw new DevboxError(
        'failed',
        `Not every process of devbox ${this.#id} could be ended. Look for them with: ps axe | grep ${this.#id}`,
      );
    }
  }

  #startKeeper(): ChildProcess {
    // In a session of its own and without a mark, it outlives both the devbox's processes and a killed platform.
    const keeper = startProgram(
      requireProgram('bash'),
      ['--norc', '-c', keeperScript, 'devbox-keeper', this.#id, this.prefix],
      {
        env: { PATH: systemPath, LC_ALL: 'C' },
        cwd: '/',
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    keeper.stdin?.on('error', () => undefined);
    return keeper;
  }

  #tellKeeper(line: string): void {
    if (this.#keeper?.stdin?.writable === true) {
      this.#keeper.stdin.write(`${line}\n`);
    }
  }
}

/** Closes a keeper's input and waits for its exit code; null when a signal ended it. */
function finish(keeper: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    if (keeper.exitCode !== null || keeper.signalCode !== null) {
      resolve(keeper.exitCode);
      return;
    }
    keeper.once('exit', resolve);
    keeper.once('error', reject);
    keeper.stdin?.end();
  });
}
