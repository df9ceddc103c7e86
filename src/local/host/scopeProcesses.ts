import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { codeOf } from '../errors';

/** How the processes of one devbox are told from all others. */
export type ProcessScope =
  | { readonly kind: 'namespace'; /** Its first process, as the platform numbers it. */ readonly firstProcess: number }
  | { readonly kind: 'mark'; /** The devbox's id in the environment of its processes. */ readonly mark: string };

/** What the platform itself lacks when a look fails, as opposed to what is wrong with what was looked at. */
const ownTroubles: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBADF', 'EFAULT']);

/** The processes of a devbox: those of its process namespace, or with its mark, and all that come from them. */
export function processesIn(scope: ProcessScope): readonly string[] {
  const own = linkOf('/proc/self/ns/pid');
  const namespace = scope.kind === 'namespace' ? linkOf(`/proc/${scope.firstProcess}/ns/pid`) : '';
  const parents = new Map<string, string>();
  const members = new Set<string>();
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = textOf(`/proc/${pid}/stat`);
    parents.set(pid, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '0');
    const isMember =
      scope.kind === 'namespace'
        ? namespace !== '' && namespace !== own && linkOf(`/proc/${pid}/ns/pid`) === namespace
        : `\0${textOf(`/proc/${pid}/environ`)}`.includes(`\0RUNLOOP_LOCAL_DEVBOX=${scope.mark}\0`);
    if (isMember) {
      members.add(pid);
    }
  }
  const comesFrom = (pid: string, depth = 0): boolean =>
    members.has(pid) || (depth < 1_000 && pid !== '0' && pid !== '1' && comesFrom(parents.get(pid) ?? '0', depth + 1));
  return [...parents.keys()].filter((pid) => comesFrom(pid));
}

/**
 * Looks at something of a process. Processes end while they are looked at, and some belong to other users; of one that has
 * ended and that nobody has asked how, parts are still there and others are an invalid argument. And what a devbox's have
 * open or mounted is as odd as it likes: deeper than the kernel's longest path, on a file system that answers with errors.
 * None of that may keep the platform from looking at the others.
 * @throws what the platform lacks itself
 */
export function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined || ownTroubles.has(code)) {
      throw error;
    }
    return otherwise;
  }
}

/** As `attempt`, of a look that another thread takes. */
export async function attempted<T, O>(look: Promise<T>, otherwise: O): Promise<T | O> {
  const outcome = await Promise.allSettled([look]);
  return attempt<T | O>(() => {
    if (outcome[0].status === 'rejected') throw outcome[0].reason;
    return outcome[0].value;
  }, otherwise);
}

/** Where a link of the kernel's leads; empty if it is not there any more, or leads deeper than the kernel can say. */
export function linkOf(path: string): string {
  return attempt(() => readlinkSync(path), '');
}

/** What a file of the kernel's says; empty if it is not there any more. */
export function textOf(path: string): string {
  return attempt(() => readFileSync(path, 'latin1'), '');
}

/** The names in a folder of the kernel's; none if it is not there any more. */
export function entries(path: string): readonly string[] {
  return attempt(() => readdirSync(path), []);
}
