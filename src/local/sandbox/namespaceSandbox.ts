import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ControlGroups } from './controlGroups/controlGroups';
import type { DevboxGroup } from './controlGroups/devboxGroup';
import { messageOf, codeOf, DevboxError } from '../errors';
import { startProgram } from '../host/startProgram';
import { dieWithParent, findProgram, requireProgram, systemPath } from '../host/hostPrograms';
import { systemCalls } from '../host/systemCalls';
import { platformFolder } from './devboxTools';
import type { HostMask } from './rootfs/hostMask';
import { layerWords } from './rootfs/layers';
import { hostNameOf } from './rootfs/ownNames';
import { WaysIn, endGroup, firstProcessOf } from './firstProcess';
import { namespaceScript } from './namespaceScript';
import { type FileStep, shellWords } from './hands/fileStep';
import { Hands } from './hands/hands';
import { hostSide } from '../host/hostSide';
import type { Pipes } from '../host/pipes';
import type { ProcessScope } from '../host/scopeProcesses';
import type { ReadOnlyBind, Sandbox, SandboxCommand, SandboxProcess } from './sandbox';
import { type Limits, hasProcessLimit } from './limits/limits';
import { type NamespaceOptions, type UserSpace, lessPower } from './namespaceOptions';
import { limitNumbers, rlimits } from './limits/rlimits';
import { type Held, carried, childOf, enterCarriedScript, spawnCommand } from './spawnCommand';
import { type DevboxUser, becomeScript } from './users';
import { unshareWith } from './userSpace';

/** The way to the platform's own group is none of a devbox's business either. */
const ownGroupView = existsSync('/proc/self/ns/cgroup') ? ['--cgroup'] : [];

/** Pause before the first process is killed instead of asked, in milliseconds. */
const stopLimit = 2_000;

/**
 * A devbox made of Linux namespaces: its own mounts, processes and users, the host's network.
 * The kernel ends everything inside when the first process ends, and that one ends with the platform.
 */
export class NamespaceSandbox implements Sandbox {
  readonly prefix = '';
  readonly hasUsers: boolean;
  readonly pipes: Pipes;
  readonly ended: Promise<void>;
  readonly #id: string;
  readonly #root: string;
  readonly #users: UserSpace;
  readonly #binds: readonly ReadOnlyBind[];
  readonly #limits: Limits;
  readonly #isolatedNetwork: boolean;
  readonly #groups: ControlGroups | undefined;
  readonly #nsenter: string;
  readonly #hands: Hands | undefined;
  readonly #mask: HostMask;
  readonly #waysIn = new WaysIn();
  #group: DevboxGroup | undefined;
  #outer: ChildProcess | undefined;
  #firstProcess = 0;
  #markEnded: () => void = () => undefined;

  /**
   * @param id names its control group
   * @param root the devbox's folder on the host, absolute
   */
  constructor(
    id: string,
    root: string,
    { users, binds, limits, lendsUsers, isolatedNetwork, groups, nsenter, pipes, hands, mask }: NamespaceOptions,
  ) {
    this.#id = id;
    this.#root = root;
    this.#groups = groups;
    this.#nsenter = nsenter;
    this.pipes = pipes;
    this.#mask = mask;
    this.#hands = hands ? new Hands() : undefined;
    this.#users = users;
    this.#binds = binds;
    this.#limits = limits;
    this.hasUsers = lendsUsers;
    this.#isolatedNetwork = isolatedNetwork;
    this.ended = new Promise((resolve) => (this.#markEnded = resolve));
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#group = await this.#groups?.make(this.#id, this.#limits);
    const shown = this.#group?.shown ?? [];
    const [file, ...args] = [
      ...dieWithParent(),
      ...this.#held().words,
      ...unshareWith(this.#users, this.#id),
      '--mount',
      '--ipc',
      '--uts',
      ...(this.#isolatedNetwork ? ['--net'] : []),
      ...ownGroupView,
      '--pid',
      '--fork',
      '--kill-child',
      '--',
      requireProgram('bash'),
      // With its input on a socket bash would otherwise read the user's start-up file.
      '--norc',
      '-c',
      namespaceScript,
      'devbox',
      this.#root,
      this.#users,
      String(hasProcessLimit() ? this.#limits.processes : 0),
      String(this.#limits.memory / 4),
      this.#isolatedNetwork ? requireProgram('ip') : '',
      // Root of this computer owns the system's files; for others the kernel refuses. Not without a user namespace: there a
      // changed system program would be run with this computer's rights.
      this.#users !== 'root' && process.getuid?.() === 0 ? layerWords() : '',
      this.hasUsers ? requireProgram('setpriv') : '',
      await this.#mask.current(),
      hostNameOf(this.#id),
      ...(systemCalls === undefined ? ['', ''] : [findProgram('perl') ?? '', String(systemCalls.mount)]),
      String(shown.length),
      ...shown.flat(),
      ...this.#binds.flatMap((bind) => [bind.source, bind.target]),
    ];
    if (file === undefined) {
      return;
    }
    const outer = startProgram(file, args, {
      // The programs that map users are the platform's own, fresh on the devbox's disk.
      env: {
        PATH: this.#users === 'users' ? `${this.#root}${platformFolder}/bin:${systemPath}` : systemPath,
        LC_ALL: 'C',
      },
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#outer = outer;
    outer.once('exit', () => {
      endGroup(outer.pid);
      this.#markEnded();
    });
    outer.stdin?.on('error', () => undefined);
    try {
      this.#firstProcess = await firstProcessOf(outer, signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  run(command: SandboxCommand): SandboxProcess {
    const outer = this.#outer?.pid;
    if (outer === undefined || this.#firstProcess === 0) {
      throw new DevboxError('wrong_state', 'The devbox has no running sandbox.');
    }
    const nsenter = this.#nsenter;
    const enter = [
      nsenter,
      '--target',
      String(this.#firstProcess),
      '--mount',
      '--ipc',
      '--uts',
      '--pid',
      ...(this.#isolatedNetwork ? ['--net'] : []),
      ...ownGroupView,
    ];
    const way =
      this.#users !== 'root'
        ? // Through the outer user namespace: only its owner may enter the process namespace that belongs to it.
          [
            nsenter,
            '--target',
            String(outer),
            '--user',
            '--preserve-credentials',
            '--',
            ...enter,
            '--user',
            '--preserve-credentials',
            '--',
          ]
        : [...enter, '--'];
    // In a session of its own, so that a signal to the command's group reaches what is inside and not the way in.
    const inside = [
      requireProgram('setsid'),
      ...(this.#users === 'root' ? lessPower : []),
      ...this.#become(command.user),
      '/bin/bash',
      '--norc',
      '-c',
      enterCarriedScript,
      'devbox',
      command.cwd,
      ...command.argv,
    ];
    const environment = carried(command.environment);
    return this.#waysIn.add(spawnCommand([...way, ...inside], { ...command, environment }, childOf, this.#held()));
  }

  reach(step: FileStep): SandboxProcess {
    const outer = this.#outer?.pid;
    // Without a user namespace what reaches in would keep the rights of this computer's root.
    const hand =
      outer === undefined || this.#firstProcess === 0 || this.#users === 'root'
        ? undefined
        : this.#hands?.start(step, {
            held: this.#held(),
            outer,
            first: this.#firstProcess,
            spaces: ['mnt', 'ipc', ...(this.#isolatedNetwork ? ['net'] : [])],
            hasUsers: this.hasUsers,
          });
    return (
      hand ??
      this.run({
        argv: shellWords(step, ''),
        environment: { PATH: systemPath },
        cwd: '/',
        user: step.user,
        ...(step.input === undefined ? {} : { input: step.input }),
      })
    );
  }

  #held(): Held {
    const words = [...hostSide(), ...(this.#group?.enter ?? []), ...rlimits(this.#limits)];
    return { pipes: this.pipes, groups: this.#group?.entrances ?? [], limits: limitNumbers(this.#limits), words };
  }

  /** Words in front of a command that make it another user's than root's. */
  #become(user: DevboxUser | undefined): readonly string[] {
    if (!this.hasUsers || user === undefined || user.uid === 0) {
      return [];
    }
    return [
      '/bin/bash',
      '--norc',
      '-c',
      becomeScript,
      'devbox',
      requireProgram('setpriv'),
      user.name,
      String(user.uid),
      String(user.gid),
    ];
  }

  enterNetwork(): readonly string[] {
    const outer = this.#outer?.pid;
    if (outer === undefined) {
      throw new DevboxError('wrong_state', 'The devbox has no running sandbox.');
    }
    return [
      this.#nsenter,
      '--target',
      String(outer),
      ...(this.#users === 'root' ? [] : ['--user', '--preserve-credentials']),
      '--net',
      '--',
    ];
  }

  get group(): DevboxGroup | undefined {
    return this.#group;
  }

  get scope(): ProcessScope {
    return { kind: 'namespace', firstProcess: this.#firstProcess };
  }

  translate(command: string): string {
    return command;
  }

  async stop(): Promise<void> {
    await this.#hands?.end();
    const outer = this.#outer;
    if (outer?.pid === undefined) {
      this.#markEnded();
    } else {
      outer.stdin?.end();
      const timer = setTimeout(() => this.#kill(), stopLimit);
      await this.#waysIn.keepAwake(this.ended);
      clearTimeout(timer);
    }
    if (this.#group !== undefined) {
      await this.#groups?.remove(this.#group);
    }
  }

  #kill(): void {
    try {
      // While its parent has not ended, the number still belongs to this devbox.
      process.kill(this.#firstProcess === 0 ? (this.#outer?.pid ?? 0) : this.#firstProcess, 'SIGKILL');
    } catch (error) {
      if (codeOf(error) !== 'ESRCH') {
        process.emitWarning(`A devbox's first process could not be killed: ${messageOf(error)}`);
      }
    }
  }
}
