import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccountResources } from '../../devbox/accountResources';
import { DevboxFiles } from '../../devbox/run/devboxFiles';
import { mountAll } from '../../devbox/run/mounts';
import { placedVariables } from '../../devbox/run/searchPath';
import { DevboxError } from '../../errors';
import { UsageWatch } from '../../sandbox/limits/usageWatch';
import { LoopbackAddresses } from '../../sandbox/loopbackAddresses';
import { mountedFoldersIn } from '../../sandbox/rootfs/layers';
import type { SandboxChoice } from '../../sandbox/chooseSandbox';
import { homeOf } from '../../sandbox/users';
import type { BuildJob, RunBuild } from './blueprintBuild';
import type { LaterStep, Stage } from '../dockerfile/steps';
import { BuildRoom, type RoomContext } from './buildRoom';
import { DockerfileSteps } from './dockerfileSteps';

/** Numbers of a user that is not there. */
const nobody = { uid: 65_534, gid: 65_534 };

/** Builds without a Dockerfile have one stage that nothing is done in. */
const emptyStage: Stage = { index: 0, base: undefined, openhands: false, asFound: false, steps: [] };

/**
 * Builds blueprints in sandboxes like those of devboxes, with the limits of a large one.
 * @param logLine gets sentences for the platform's own output
 */
export function builderIn(
  sandboxes: SandboxChoice,
  resources: AccountResources,
  logLine: (line: string) => void,
): RunBuild {
  const context = { sandboxes, resources, addresses: new LoopbackAddresses(), usage: new UsageWatch(logLine) };
  return (job) => new Build(context, job).run();
}

/** One build: its stages one after another, each in a room of its own that stays until the end, to be copied from. */
class Build {
  readonly #context: RoomContext;
  readonly #job: BuildJob;
  readonly #rooms = new Map<number, BuildRoom>();
  /** The disks of all stages but the last. */
  readonly #scratch: string;
  readonly #stages: readonly Stage[];
  readonly #steps: number;
  #done = 0;

  constructor(context: RoomContext, job: BuildJob) {
    this.#context = context;
    this.#job = job;
    this.#scratch = job.scratch;
    this.#stages = job.dockerfile?.stages ?? [emptyStage];
    this.#steps = this.#stages.reduce((sum, { steps }) => sum + steps.length, job.steps.length);
  }

  async run(): Promise<void> {
    const { signal, steps } = this.#job;
    const stop = (): void => this.#rooms.forEach((room) => room.abort());
    signal.addEventListener('abort', stop);
    try {
      for (const stage of this.#stages) {
        await this.#build(stage, stage === this.#stages.at(-1));
      }
      const room = this.#rooms.get(this.#stages.at(-1)?.index ?? 0);
      if (room !== undefined) {
        await this.#within(room, () => this.#finish(room, steps));
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await Promise.all([...this.#rooms.values()].map(({ run }) => run.stop()));
    }
  }

  async #build(stage: Stage, isLast: boolean): Promise<void> {
    const { id, disk, signal } = this.#job;
    signal.throwIfAborted();
    const place = isLast ? disk : join(this.#scratch, String(stage.index));
    await mkdir(place, { recursive: true });
    if (stage.base !== undefined) {
      await this.#job.copyDisk(join(this.#scratch, String(stage.base)), place, signal);
    }
    const room = new BuildRoom(this.#context, this.#job, {
      id: isLast ? id : `${id}-${stage.index}`,
      disk: place,
      asFound: stage.asFound,
    });
    this.#rooms.set(stage.index, room);
    const steps = new DockerfileSteps({
      job: this.#job,
      room,
      rooms: this.#rooms,
      resources: this.#context.resources,
    });
    await this.#within(room, async () => {
      await room.open(this.#job, stage.openhands || isLast);
      await steps.open(stage);
      for (const step of stage.steps) {
        await this.#step(step, () => steps.carryOut(step));
      }
    });
  }

  /** What comes behind the Dockerfile: file and code mounts, and setup commands. */
  async #finish(room: BuildRoom, steps: readonly LaterStep[]): Promise<void> {
    const { log, laterUser, dockerfile } = this.#job;
    const { resources } = this.#context;
    const { run, spec } = room;
    const later = laterUser !== undefined && run.sandbox.hasUsers ? laterUser : undefined;
    if (later !== undefined) {
      // Its numbers are the ones that the disk says.
      run.become({ name: later.name, ...nobody });
    }
    const home = laterUser === undefined ? spec.home : homeOf(laterUser);
    if (room.asFound && later === undefined && steps.length > 0) {
      const user = await room.makeUser();
      if (run.sandbox.hasUsers) {
        run.become(user);
      }
    }
    const files = new DevboxFiles(() => run, home);
    const variables = placedVariables(dockerfile?.environment ?? {}, run.sandbox.prefix);
    for (const step of steps) {
      await this.#step(step, async () => {
        if (step.kind === 'mounts') {
          await mountAll({ run, files, log, spec: { ...spec, home }, resources });
          return 0;
        }
        const { code } = await run.shell('setup_commands', step.command, variables, (argv) => [
          '/bin/bash',
          '--norc',
          '-c',
          'if [ -d "$1" ]; then cd -- "$1"; fi && shift && exec "$@"',
          'setup',
          run.sandbox.prefix + (dockerfile?.folder ?? home),
          ...argv,
        ]);
        return code;
      });
    }
  }

  async #step(step: { readonly title: string }, carryOut: () => Promise<number>): Promise<void> {
    const { log, signal } = this.#job;
    signal.throwIfAborted();
    this.#done += 1;
    const message = `Step ${this.#done} of ${this.#steps}: ${step.title}`;
    log.append({ source: 'setup_commands', level: 'info', message });
    const code = await carryOut();
    if (code !== 0) {
      const [mounted] = mountedFoldersIn(step.title);
      const hint =
        mounted === undefined
          ? ''
          : ` Here something is mounted at ${mounted}: it can be emptied, but neither removed nor moved.`;
      throw new DevboxError(
        'failed',
        `Step ${this.#done} ended with exit code ${code}, so the blueprint cannot be built.${hint}`,
      );
    }
  }

  /** What was ended for using too much fails with an exit code that tells nothing. */
  async #within(room: BuildRoom, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw room.excess() ?? error;
    }
  }
}
