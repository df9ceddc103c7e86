import { mkdir } from 'node:fs/promises';
import type { DevboxLog } from '../devboxLog';
import type { DevboxRun } from '../run/devboxRun';
import { makeFolder } from '../../sandbox/rootfs/diskPaths';
import { DevboxError } from '../../errors';
import type { DevboxFiles } from '../run/devboxFiles';
import { prepareRootfs, systemFiles } from '../../sandbox/rootfs/prepareRootfs';
import { mountAll } from '../run/mounts';
import type { DevboxSpec } from '../spec';
import type { Ending } from './status';
import type { DevboxContext } from '../devboxContext';

/** What is brought up. */
export interface BootingDevbox {
  readonly id: string;
  readonly name: string | undefined;
  readonly spec: DevboxSpec;
  readonly files: DevboxFiles;
  readonly log: DevboxLog;
  /** Host folder that is its disk. */
  readonly disk: string;
}

/** How it is brought up. */
export interface BootOptions {
  readonly run: DevboxRun;
  /** True for the first start: the disk is still empty. */
  readonly first: boolean;
  /** Called when its processes are there and its launch commands are about to run. */
  readonly onInitializing: () => void;
}

/**
 * Brings a devbox up, to where its entrypoint can be started: disk, sandbox, mounts, launch commands.
 * @throws DevboxError when something of it fails, BootFailure when that was ordered, the run's abort reason when it is over
 */
export async function bringUp(
  devbox: BootingDevbox,
  { run, first, onInitializing }: BootOptions,
  context: DevboxContext,
): Promise<void> {
  const { id, spec, log, disk } = devbox;
  const { resources, sandboxes, faultHooks } = context;
  await faultHooks?.boot(devbox, 'provisioning', run.signal);
  await mkdir(disk, { recursive: true });
  if (first) {
    await resources.copyDisk(spec, disk, run.signal);
  }
  const { prefix, hasUsers } = run.sandbox;
  const user = hasUsers ? { name: spec.username, uid: spec.uid } : undefined;
  const owner = await prepareRootfs(disk, {
    id,
    prefix,
    user,
    blueprint: spec.blueprint,
    tools: sandboxes.tools,
    systemFiles: await systemFiles(),
  });
  await makeFolder(disk, spec.home, 'keep');
  await run.open(presentSecrets(devbox, context), owner);
  onInitializing();
  await faultHooks?.boot(devbox, 'initializing', run.signal);
  if (first) {
    await mountAll({ run, files: devbox.files, log, spec, resources });
  }
  for (const command of spec.launchCommands) {
    run.signal.throwIfAborted();
    log.append({ source: 'setup_commands', level: 'info', cmd: command });
    const { code } = await run.shell('setup_commands', command);
    if (code !== 0) {
      log.append({
        source: 'setup_commands',
        level: 'error',
        exitCode: code,
        message: `The launch command ended with exit code ${code}.`,
      });
      throw new DevboxError('failed', `A launch command ended with exit code ${code}, so the devbox cannot start.`);
    }
  }
  run.signal.throwIfAborted();
}

/**
 * Runs the entrypoint, which the devbox's life is bound to.
 * @param overLimit whether the devbox ends for using too much: a process that was killed for that has a mere exit code
 * @returns how the devbox ends with it; undefined when it has none, or when the run was over before
 */
export async function runEntrypoint(
  devbox: BootingDevbox,
  run: DevboxRun,
  overLimit: () => boolean,
  { faultHooks }: DevboxContext,
): Promise<Ending | undefined> {
  const { spec, log } = devbox;
  if (spec.entrypoint === undefined) {
    return undefined;
  }
  const { code } = await run.shell(
    'entrypoint',
    spec.entrypoint,
    {},
    (argv) => faultHooks?.entrypoint(devbox, argv) ?? argv,
  );
  if (run.signal.aborted || overLimit()) {
    return undefined;
  }
  const message = `The entrypoint ended with exit code ${code}; the devbox is shut down with it.`;
  log.append({ source: 'entrypoint', level: code === 0 ? 'info' : 'error', exitCode: code, message });
  return { status: 'shutdown', reason: 'entrypoint_exit' };
}

/** The values of the account's secrets as they are at this start. */
function presentSecrets({ spec, log }: BootingDevbox, { resources }: DevboxContext): Readonly<Record<string, string>> {
  const { values, missing } = resources.secrets(spec.secrets);
  for (const name of missing) {
    log.append({
      source: 'setup_commands',
      level: 'error',
      message: `The secret ${name} is not there any more; its variable is not set.`,
    });
  }
  return values;
}
