import { mkdtemp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { deadline } from '../../ground/deadline';
import type { ControlGroups } from './controlGroups/controlGroups';
import { DevboxError, messageOf } from '../errors';
import { type DevboxTools, type HostTools, boundTools, platformFolder, unboundTools } from './devboxTools';
import { HostMask } from './rootfs/hostMask';
import { prepareRootfs } from './rootfs/prepareRootfs';
import { hasHands } from './hands/hands';
import { guardProgram } from '../host/guardedProgram';
import { makeSpareKeyring } from '../host/hostSide';
import { requireProgram, systemPath } from '../host/hostPrograms';
import { Pipes } from '../host/pipes';
import type { NamespaceOptions, UserSpace } from './namespaceOptions';
import { NamespaceSandbox } from './namespaceSandbox';
import { isPlainPath } from './plainPaths';
import { PlainSandbox } from './plainSandbox';
import { removeFolder } from '../host/removeFolder';
import { type Limits, limitsOf } from './limits/limits';
import type { Sandbox, SandboxMode } from './sandbox';
import { usualUser } from './users';

/** The way in which this computer's devboxes are closed off, found by trying. */
export interface SandboxChoice {
  readonly mode: SandboxMode;
  readonly tools: DevboxTools;
  /**
   * Makes the sandbox of a devbox from its id, its folder on the host and what it may use.
   * @param isolatedNetwork with a network of its own in which there is nothing yet; not where namespaces cannot be used
   */
  create(id: string, root: string, limits: Limits, isolatedNetwork: boolean): Sandbox;
  /** Clears away what all sandboxes share, once they have ended. */
  close(): Promise<void>;
}

/**
 * Finds the strongest way that works here by building a sandbox and running the platform's Node in it.
 * @param dataDir where the trial's folder is made and removed again
 * @param groups holds the sandboxes' processes, where that is allowed
 * @param logLine gets a sentence when only a weaker way is possible
 * @throws DevboxError `invalid` when even plain processes cannot be offered
 */
export async function chooseSandbox(
  wanted: 'auto' | 'plain',
  dataDir: string,
  tools: HostTools,
  groups: ControlGroups | undefined,
  logLine: (line: string) => void,
): Promise<SandboxChoice> {
  const reasons: string[] = [];
  const pipes = new Pipes();
  await pipes.starter.open();
  const mask = new HostMask(dataDir, logLine);
  await makeSpareKeyring();
  if (wanted === 'auto') {
    const spaces: readonly (readonly [UserSpace, boolean])[] =
      process.getuid?.() === 0
        ? [
            ['users', true],
            ['users', false],
            ['user', false],
            ['root', false],
          ]
        : [['user', false]];
    for (const [users, lendsUsers] of spaces) {
      // Root inside is root of this computer to its files, but for what belongs to nobody inside.
      const shared = users !== 'root' && process.getuid?.() === 0;
      const nsenter = shared ? await guardProgram(requireProgram('nsenter'), dataDir) : requireProgram('nsenter');
      let choice = namespaceChoice({ users, lendsUsers, groups, nsenter, pipes, mask, hands: true }, tools);
      let reason = await tryOut(choice, dataDir);
      if (reason !== undefined && hasHands()) {
        choice = namespaceChoice({ users, lendsUsers, groups, nsenter, pipes, mask, hands: false }, tools);
        reason = await tryOut(choice, dataDir);
        if (reason === undefined) logLine(noHands('Perl cannot enter them'));
      } else if (reason === undefined && users !== 'root' && !hasHands()) {
        logLine(noHands('Perl is missing'));
      }
      if (reason === undefined) {
        if (users === 'root') {
          logLine(
            'User namespaces are forbidden here: devboxes are closed off by mount and process namespaces only, and root inside a devbox is root of this computer.',
          );
        }
        if (users !== 'root' && !lendsUsers && reasons.length > 0) {
          logLine(
            `Every process in a devbox is root of that devbox, because other users cannot work here (${reasons.join('; ').replaceAll(/\s+/g, ' ')}).`,
          );
        }
        return choice;
      }
      reasons.push(reason);
    }
  }
  if (!isPlainPath(dataDir)) {
    throw new DevboxError(
      'invalid',
      `Without namespaces the data folder's name may only have letters, digits and . _ @ - in it: ${dataDir}. Give another one with --data-dir.`,
    );
  }
  const because =
    reasons.length === 0
      ? 'as asked for by --sandbox plain'
      : `because Linux namespaces cannot be used here (${[...new Set(reasons)].join('; ')})`;
  logLine(
    `Devboxes are plain processes in a folder of their own, ${because}: they see this computer's files and processes. Run only what you trust.`,
  );
  const plainTools = unboundTools(tools);
  return {
    mode: 'plain',
    tools: plainTools,
    create: (id, root, limits) => new PlainSandbox(id, root, limits, groups, pipes),
    close: () => mask.close(),
  };
}

function namespaceChoice(
  how: Pick<NamespaceOptions, 'users' | 'lendsUsers' | 'groups' | 'nsenter' | 'pipes' | 'hands' | 'mask'>,
  tools: HostTools,
): SandboxChoice {
  const bound = boundTools(tools);
  const mode = how.users === 'root' ? 'root-namespace' : 'user-namespace';
  return {
    mode,
    tools: bound,
    create: (id, root, limits, isolatedNetwork) =>
      new NamespaceSandbox(id, root, { ...how, binds: bound.binds, limits, isolatedNetwork }),
    close: () => how.mask.close(),
  };
}

function noHands(why: string): string {
  return `Files of devboxes are read and written with the devboxes' own programs, because ${why} (on Debian: apt-get install perl-base): a devbox that spoils its own spoils its files API.`;
}

/** A user must be one, be able to run what the platform brings, and become root. */
const userTrial = '[ "$UID" = 1000 ] && "$1" -e "$2" && [ "$(sudo id -u)" = 0 ]';

/** Why a choice does not work here, or undefined if it does. */
async function tryOut(choice: SandboxChoice, dataDir: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(dataDir, 'trial-'));
  const root = join(folder, 'root');
  const sandbox = choice.create('trial', root, limitsOf({}), false);
  try {
    await mkdir(root);
    const user = await prepareRootfs(root, {
      id: 'trial',
      prefix: sandbox.prefix,
      user: sandbox.hasUsers ? usualUser : undefined,
      blueprint: undefined,
      tools: choice.tools,
    });
    await sandbox.start(deadline(20_000));
    let complaint = '';
    const node = sandbox.run({
      argv: [
        '/bin/bash',
        '--norc',
        '-c',
        sandbox.hasUsers ? userTrial : 'exec "$1" -e "$2"',
        'trial',
        choice.tools.node,
        "require('node:fs').writeFileSync('/workspace/trial', '')",
      ],
      user,
      environment: {
        PATH: `${platformFolder}/bin:${systemPath}`,
        ...(choice.tools.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {}),
      },
      cwd: '/workspace',
      onStdout: () => undefined,
      onStderr: (chunk) => (complaint = (complaint + chunk.toString()).slice(-300)),
    });
    const { code } = await node.exited;
    if (code !== 0) {
      return `Node ended with exit code ${code} in it: ${complaint.trim()}`;
    }
    const reading = sandbox.reach({ what: 'read', path: `${sandbox.prefix}/workspace/trial`, user });
    complaint = '';
    reading.stdout.resume();
    reading.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-300)));
    return (await reading.exited).code === 0 ? undefined : `Its files cannot be read: ${complaint.trim()}`;
  } catch (error) {
    return messageOf(error);
  } finally {
    await sandbox.stop();
    await removeFolder(folder);
  }
}
