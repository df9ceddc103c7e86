import { DevboxRun } from '../devbox/devboxRun';
import { DevboxError } from '../devbox/errors';
import { DevboxFiles } from '../devbox/files';
import { furnish, systemFiles } from '../devbox/furnish';
import { LoopbackAddresses } from '../devbox/loopback';
import type { MountSurroundings } from '../devbox/mounts';
import { mountAll, mountObject } from '../devbox/mounts';
import type { SandboxChoice } from '../devbox/probe';
import type { Provisions } from '../devbox/provisions';
import { limitsOf } from '../devbox/sizes';
import type { DevboxSpec } from '../devbox/spec';
import { UsageWatch } from '../devbox/usageWatch';
import type { BuildJob, RunBuild } from './blueprints';
import { BuildFailure } from './blueprints';
import { copyScript } from './copyScript';
import type { BuildStep, CopyStep } from './dockerfile';
import { contextsOf } from './dockerfile';

const home = '/home/user';

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
    const run = new DevboxRun({ sandbox: sandboxes.create(id, disk, spec.limits, spec.network?.fenced === true), spec, log, tools: sandboxes.tools, addresses, fences: provisions.fences });
    const stop = (): void => run.abort();
    signal.addEventListener('abort', stop);
    let excess: BuildFailure | undefined;
    let overdrawn = (): boolean => false;
    try {
      await furnish(disk, run.sandbox.prefix, job.openhands, sandboxes.tools, await systemFiles());
      await run.open(job.secrets);
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
      const files = new DevboxFiles(() => run, home);
      await runSteps(job, run, { run, files, log, spec, disk, provisions });
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

function specOf({ environment, fileMounts, codeMounts, network }: BuildJob): DevboxSpec {
  return {
    name: undefined,
    metadata: {},
    environment,
    secrets: {},
    fileMounts,
    objectMounts: [],
    codeMounts,
    launchCommands: [],
    username: 'user',
    home,
    lifetime: { onIdle: 'shutdown' as const },
    hooks: { suspendCommands: [], suspendDeadlineMs: 0 },
    limits: limitsOf({ size: 'LARGE' }),
    network,
    tunnel: undefined,
    launchParameters: {},
  };
}

async function runSteps({ steps, contexts, log, signal }: BuildJob, run: DevboxRun, mounting: MountSurroundings): Promise<void> {
  const { prefix } = run.sandbox;
  for (const name of contextsOf(steps)) {
    const objectId = contexts.get(name) ?? '';
    await mountObject({ objectId, path: folderOf(name) }, mounting);
  }
  const variables: Record<string, string> = {};
  let folder = home;
  for (const [index, step] of steps.entries()) {
    signal.throwIfAborted();
    const absolute = (path: string): string => (path.startsWith('/') ? path : `${folder}/${path}`);
    log.append({ source: 'setup_commands', level: 'info', message: `Step ${index + 1} of ${steps.length}: ${describe(step)}` });
    let code = 0;
    switch (step.kind) {
      case 'env':
        variables[step.name] = step.value;
        break;
      case 'workdir':
        folder = absolute(step.path);
        ({ code } = await run.shell('setup_commands', 'mkdir -p -- "$1"', variables, (argv) => [...argv, 'workdir', prefix + folder]));
        break;
      case 'run':
        ({ code } = await run.shell('setup_commands', step.command, variables, (argv) => ['/bin/bash', '--norc', '-c', cdScript, 'run', prefix + folder, ...argv]));
        break;
      case 'copy': {
        const words = [prefix + folderOf(step.from), prefix + absolute(step.target), step.mode ?? '', ...step.sources];
        ({ code } = await run.shell('setup_commands', copyScript, {}, (argv) => [...argv, 'copy', ...words]));
        break;
      }
      case 'mounts':
        await mountAll(mounting);
        break;
      case 'openhands':
        // Furnished before the first step, and again at every start.
        break;
    }
    if (code !== 0) {
      throw new DevboxError('failed', `Step ${index + 1} ended with exit code ${code}, so the blueprint cannot be built.`);
    }
  }
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
