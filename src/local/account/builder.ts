import { DevboxRun } from '../devbox/run/devboxRun';
import { DevboxError } from '../errors';
import { DevboxFiles } from '../devbox/run/devboxFiles';
import { furnish, systemFiles } from '../sandbox/rootfs/prepareRootfs';
import { makeFolder } from '../sandbox/rootfs/diskPaths';
import { requireProgram } from '../host/hostPrograms';
import { LoopbackAddresses } from '../sandbox/loopbackAddresses';
import { type MountSurroundings, mountAll, mountObject } from '../devbox/run/mounts';
import type { SandboxChoice } from '../sandbox/chooseSandbox';
import type { Provisions } from '../devbox/accountResources';
import { limitsOf } from '../sandbox/limits/limits';
import type { DevboxSpec } from '../devbox/spec';
import { UsageWatch } from '../sandbox/limits/usageWatch';
import { homeOf, root } from '../sandbox/users';
import { type BuildJob, type RunBuild, BuildFailure } from './blueprintBuild';
import { copyScript } from './copyScript';
import { stepUserScript } from './stepUser';
import { type BuildStep, type CopyStep, contextsOf } from './dockerfile';

/** Numbers of a user that is not there. */
const nobody = { uid: 65_534, gid: 65_534 };

/** Where a build sees its contexts; not part of what is kept. */
const contextFolder = '/run/devbox/contexts';

/** Goes to a folder and runs the words of a command there. */
const cdScript = 'cd -- "$1" && shift && exec "$@"';

/**
 * Builds blueprints in sandboxes like those of devboxes, with the limits of a large one.
 * @param say gets sentences for the platform's own output
 */
export function builderIn(sandboxes: SandboxChoice, provisions: Provisions, say: (line: string) => void): RunBuild {
  const addresses = new LoopbackAddresses();
  const usage = new UsageWatch(say);
  return async (job) => {
    const { id, disk, log, signal } = job;
    const spec = specOf(job);
    const run = new DevboxRun({
      sandbox: sandboxes.create(id, disk, spec.limits, spec.network?.fenced === true),
      spec,
      log,
      tools: sandboxes.tools,
      addresses,
      fences: provisions.fences,
    });
    const stop = (): void => {
      run.abort();
      void run.sandbox.stop();
    };
    signal.addEventListener('abort', stop);
    let excess: BuildFailure | undefined;
    let overdrawn = (): boolean => false;
    try {
      const { prefix, hasUsers } = run.sandbox;
      const user = await furnish(disk, {
        prefix,
        user: hasUsers ? job.user : undefined,
        blueprint: job.openhands,
        tools: sandboxes.tools,
        systemFiles: await systemFiles(),
      });
      await makeFolder(disk, spec.home, 'keep');
      await run.open(job.secrets, user);
      overdrawn = usage.watch({
        scope: run.sandbox.scope,
        group: run.sandbox.group,
        folder: disk,
        limits: spec.limits,
        signal: run.signal,
        onExcess: (reason, message) => {
          excess = new BuildFailure(reason, message);
          void run.sandbox.stop();
        },
      });
      const files = new DevboxFiles(() => run, spec.home);
      await runSteps(job, run, { run, files, log, spec, provisions });
    } catch (error) {
      // What was ended for using too much fails with an exit code that tells nothing.
      overdrawn();
      throw excess ?? error;
    } finally {
      signal.removeEventListener('abort', stop);
      await run.stop();
    }
  };
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

async function runSteps(
  { steps, contexts, log, laterUser, signal }: BuildJob,
  run: DevboxRun,
  mounting: MountSurroundings,
): Promise<void> {
  const { prefix, hasUsers } = run.sandbox;
  for (const name of contextsOf(steps)) {
    const objectId = contexts.get(name) ?? '';
    await mountObject({ objectId, path: folderOf(name) }, mounting);
  }
  const variables: Record<string, string> = {};
  let folder = mounting.spec.home;
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    const absolute = (path: string): string => (path.startsWith('/') ? path : `${folder}/${path}`);
    log.append({
      source: 'setup_commands',
      level: 'info',
      message: `Step ${index + 1} of ${steps.length}: ${describe(step)}`,
    });
    let code = 0;
    if (hasUsers && laterUser !== undefined && isAfterDockerfile(step)) {
      // Its numbers are the ones that the disk says.
      run.become({ name: laterUser.name, ...nobody });
    }
    switch (step.kind) {
      case 'env':
        variables[step.name] = step.value;
        break;
      case 'workdir':
        folder = absolute(step.path);
        ({ code } = await run.shell(
          'setup_commands',
          'mkdir -p -- "$1"',
          variables,
          (argv) => [...argv, 'workdir', prefix + folder],
          root,
        ));
        break;
      case 'user':
        break;
      case 'run': {
        const { user, prepare = '' } = step;
        const own = user === undefined || !hasUsers;
        const way = own
          ? [cdScript, 'run', prefix + folder]
          : [
              stepUserScript,
              'run',
              requireProgram('setpriv'),
              user.name,
              user.group ?? '',
              variables['HOME'] === undefined ? '' : 'keep',
              prefix + folder,
            ];
        const before = prepare === '' ? [] : ['/bin/bash', '--norc', '-c', `${prepare}"$@"\nexit $?`, 'prepare'];
        ({ code } = await run.shell(
          'setup_commands',
          step.command,
          variables,
          (argv) => [...before, '/bin/bash', '--norc', '-c', ...way, ...argv],
          own ? run.user : root,
        ));
        break;
      }
      case 'copy': {
        const words = [
          prefix + folderOf(step.from),
          prefix + absolute(step.target),
          step.mode ?? '',
          hasUsers ? (step.owner ?? '') : '',
          ...step.sources,
        ];
        ({ code } = await run.shell('setup_commands', copyScript, {}, (argv) => [...argv, 'copy', ...words], root));
        break;
      }
      case 'mounts':
        await mountAll(
          laterUser === undefined
            ? mounting
            : {
                ...mounting,
                files: new DevboxFiles(() => run, homeOf(laterUser)),
                spec: { ...mounting.spec, home: homeOf(laterUser) },
              },
        );
        break;
      case 'openhands':
        // Furnished before the first step, and again at every start.
        break;
    }
    if (code !== 0) {
      throw new DevboxError(
        'failed',
        `Step ${index + 1} ended with exit code ${code}, so the blueprint cannot be built.`,
      );
    }
  }
}

function isAfterDockerfile(step: BuildStep): boolean {
  return step.kind === 'mounts' || (step.kind === 'run' && step.user === undefined);
}

function folderOf(context: string): string {
  return `${contextFolder}/${context === '' ? 'build' : `named-${Buffer.from(context).toString('hex')}`}`;
}

function describe(step: BuildStep): string {
  switch (step.kind) {
    case 'openhands':
      return `FROM ${step.image}: this computer's own action server stands in for it`;
    case 'env':
      return `ENV ${step.name}`;
    case 'workdir':
      return `WORKDIR ${step.path}`;
    case 'user':
      return `USER ${step.user.name}${step.user.group === undefined ? '' : `:${step.user.group}`}`;
    case 'run':
      return step.command;
    case 'copy':
      return describeCopy(step);
    case 'mounts':
      return 'file and code mounts';
  }
}

function describeCopy({ from, sources, target }: CopyStep): string {
  return `COPY ${from === '' ? '' : `--from=${from} `}${sources.join(' ')} ${target}`;
}
