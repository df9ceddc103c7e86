import type { Pipes } from '../host/pipes';
import type { ControlGroups } from './controlGroups/controlGroups';
import type { Limits } from './limits/limits';
import type { HostMask } from './rootfs/hostMask';
import type { ReadOnlyBind } from './sandbox';

/** Without a user namespace root inside is the host's root: take away what could undo the read-only mounts. */
export const lessPower = [
  'setpriv',
  '--bounding-set',
  '-sys_admin,-sys_module,-sys_rawio,-sys_ptrace,-sys_boot,-sys_time,-sys_resource,-mknod',
  '--',
];

/**
 * Which users there are in a devbox: all that Linux has (only root of the host can lend them), root alone, or, without a
 * user namespace, those of the host.
 */
export type UserSpace = 'users' | 'user' | 'root';

export const mapWords: Readonly<Record<UserSpace, readonly string[]>> = {
  users: ['--user', '--map-users=0,0,65536', '--map-groups=0,0,65536'],
  user: ['--user', '--map-root-user'],
  root: [],
};

/** What a sandbox of namespaces is made with. */
export interface NamespaceOptions {
  readonly users: UserSpace;
  /** Host files and folders shown read-only. */
  readonly binds: readonly ReadOnlyBind[];
  /** What its processes may use. */
  readonly limits: Limits;
  /** Its processes may belong to several users, and those who may use sudo become root with it. */
  readonly lendsUsers: boolean;
  /** With a network of its own, in which there is nothing but loopback. */
  readonly isolatedNetwork: boolean;
  /** Where the kernel may be asked to hold its processes together. */
  readonly groups: ControlGroups | undefined;
  readonly pipes: Pipes;
  /** What the platform does to its files can be done without a program of its own. */
  readonly hands: boolean;
  /** The program that enters namespaces: a file that nobody inside can change. */
  readonly nsenter: string;
  /** Says what it must not see of this computer's folders. */
  readonly mask: HostMask;
}
