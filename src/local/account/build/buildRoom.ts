import { Listeners } from '../../host/sockets/listeners';
import { DevboxFiles } from '../../devbox/run/devboxFiles';
import type { DevboxRun } from '../../devbox/run/devboxRun';
import { newRun } from '../../devbox/run/newRun';
import type { AccountResources } from '../../devbox/accountResources';
import type { DevboxSpec } from '../../devbox/spec';
import { makeFolder } from '../../sandbox/rootfs/diskPaths';
import { prepareRootfs, systemFiles } from '../../sandbox/rootfs/prepareRootfs';
import type { LoopbackAddresses } from '../../sandbox/loopbackAddresses';
import { limitsOf } from '../../sandbox/limits/limits';
import type { UsageWatch } from '../../sandbox/limits/usageWatch';
import type { SandboxChoice } from '../../sandbox/chooseSandbox';
import { type DevboxUser, homeOf, root, usualUser } from '../../sandbox/users';
import { type BuildJob, BuildFailure } from './blueprintBuild';
import { userScript } from './stepUser';

/** What rooms are made with. */
export interface RoomContext {
  readonly sandboxes: SandboxChoice;
  readonly resources: AccountResources;
  readonly addresses: LoopbackAddresses;
  readonly usage: UsageWatch;
}

/** A sandbox like a devbox's, with the limits of a large one, in which one stage is built. */
export class BuildRoom {
  readonly run: DevboxRun;
  readonly files: DevboxFiles;
  readonly spec: DevboxSpec;
  readonly #context: RoomContext;
  readonly #id: string;
  readonly #disk: string;
  /** Its image has other users than devboxes have. */
  readonly asFound: boolean;
  #excess: BuildFailure | undefined;
  #isOver: () => boolean = () => false;

  /**
   * @param id names its control group
   * @param disk its folder on the host
   * @param asFound its image has other users than devboxes have
   */
  constructor(
    context: RoomContext,
    job: BuildJob,
    { id, disk, asFound }: { readonly id: string; readonly disk: string; readonly asFound: boolean },
  ) {
    this.#context = context;
    this.#id = id;
    this.#disk = disk;
    this.asFound = asFound;
    this.spec = specOf(job);
    const room = { id, disk, spec: this.spec, log: job.log, folder: asFound ? '/' : undefined };
    this.run = newRun(room, { ...context, listeners: new Listeners() });
    this.files = new DevboxFiles(() => this.run, this.spec.home);
  }

  /**
   * Fills the disk and starts the sandbox on it.
   * @param openhands with what the blueprint is to have of OpenHands
   */
  async open(job: BuildJob, openhands: boolean): Promise<void> {
    const { prefix, hasUsers } = this.run.sandbox;
    const user = await prepareRootfs(this.#disk, {
      id: this.#id,
      prefix,
      user: hasUsers ? job.user : undefined,
      blueprint: openhands ? job.openhands : undefined,
      tools: this.#context.sandboxes.tools,
      asFound: this.asFound,
      systemFiles: await systemFiles(),
    });
    if (!this.asFound) {
      await makeFolder(this.#disk, this.spec.home, 'keep');
    }
    await this.run.open(job.secrets, this.asFound ? root : user);
    this.#isOver = this.#context.usage.watch({
      scope: this.run.sandbox.scope,
      group: this.run.sandbox.group,
      folder: this.#disk,
      limits: this.spec.limits,
      signal: this.run.signal,
      onExcess: (reason, message) => {
        this.#excess = new BuildFailure(reason, message);
        void this.run.sandbox.stop();
      },
    });
  }

  /**
   * Makes the devbox's user and its home, where the image of a Dockerfile has no such user.
   * @returns the user
   */
  async makeUser(): Promise<DevboxUser> {
    const { sandbox } = this.run;
    const { username: name, uid = usualUser.uid ?? root.uid, home } = this.spec;
    const words = [name, sandbox.hasUsers ? String(uid) : '', sandbox.prefix + home];
    await this.run.shell('setup_commands', userScript, {}, (argv) => [...argv, 'user', ...words], root);
    return { name, uid, gid: uid };
  }

  /** Why the room was ended for using too much; undefined if it was not. */
  excess(): BuildFailure | undefined {
    this.#isOver();
    return this.#excess;
  }

  /** Ends at once what runs in it. */
  abort(): void {
    this.run.abort();
    void this.run.sandbox.stop();
  }
}

function specOf({ environment, fileMounts, codeMounts, network, user }: BuildJob): DevboxSpec {
  return {
    name: undefined,
    metadata: {},
    environment,
    secrets: {},
    fileMounts,
    objectMounts: [],
    codeMounts,
    launchCommands: [],
    username: user.name,
    uid: user.uid,
    home: homeOf(user),
    lifetime: { onIdle: 'shutdown' as const },
    hooks: { suspendCommands: [], suspendDeadlineMs: 0 },
    limits: limitsOf({ size: 'LARGE' }),
    network,
    tunnel: undefined,
    launchParameters: {},
  };
}
