import { DevboxRun } from '../devbox/devboxRun';
import { DevboxError } from '../devbox/errors';
import { furnish, systemFiles } from '../devbox/furnish';
import { LoopbackAddresses } from '../devbox/loopback';
import type { SandboxChoice } from '../devbox/probe';
import { quote } from '../devbox/shims';
import { limitsOf } from '../devbox/sizes';
import type { RunBuild } from './blueprints';

const home = '/home/user';

/** Builds blueprints in sandboxes like those of devboxes, with the limits of a large one. */
export function builderIn(sandboxes: SandboxChoice): RunBuild {
  const addresses = new LoopbackAddresses();
  return async ({ id, disk, openhands, environment, secrets, steps, log, signal }) => {
    const limits = limitsOf({ size: 'LARGE' });
    const spec = {
      name: undefined,
      metadata: {},
      environment,
      secrets: {},
      fileMounts: [],
      objectMounts: [],
      codeMounts: [],
      launchCommands: [],
      username: 'user',
      home,
      lifetime: { onIdle: 'shutdown' as const },
      hooks: { suspendCommands: [], suspendDeadlineMs: 0 },
      limits,
      tunnel: undefined,
      launchParameters: {},
    };
    const run = new DevboxRun({ sandbox: sandboxes.create(id, disk, limits), spec, log, tools: sandboxes.tools, addresses });
    const stop = (): void => run.abort();
    signal.addEventListener('abort', stop);
    try {
      await furnish(disk, run.sandbox.prefix, openhands, sandboxes.tools, await systemFiles());
      await run.open(secrets);
      const variables: Record<string, string> = {};
      let folder = home;
      for (const [index, step] of steps.entries()) {
        signal.throwIfAborted();
        if (step.kind === 'env') {
          variables[step.name] = step.value;
          continue;
        }
        if (step.kind === 'workdir') {
          folder = step.path.startsWith('/') ? step.path : `${folder}/${step.path}`;
        }
        const command = step.kind === 'run' ? step.command : `mkdir -p -- ${quote(folder)}`;
        log.append({ source: 'setup_commands', level: 'info', message: `Step ${index + 1} of ${steps.length}: ${command}` });
        const { code } = await run.shell('setup_commands', step.kind === 'run' ? `cd ${quote(folder)} && {\n${command}\n}` : command, variables);
        if (code !== 0) {
          throw new DevboxError('failed', `Step ${index + 1} ended with exit code ${code}, so the blueprint cannot be built.`);
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await run.stop();
    }
  };
}
