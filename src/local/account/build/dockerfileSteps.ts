import type { AccountResources } from '../../devbox/accountResources';
import { placedVariables } from '../../devbox/run/searchPath';
import { mountObject } from '../../devbox/run/mounts';
import { requireProgram } from '../../host/hostPrograms';
import { root } from '../../sandbox/users';
import type { BuildJob } from './blueprintBuild';
import { contextsOf } from '../dockerfile/plan';
import { pathPattern } from '../dockerfile/patterns';
import type {
  BaseStep,
  CopySource,
  CopyStep,
  DockerfileStep,
  FolderStep,
  RunMount,
  RunStep,
  Stage,
} from '../dockerfile/steps';
import { baseScript } from './baseScript';
import type { BuildRoom } from './buildRoom';
import { applyIgnoreFile } from './contextFiles';
import { copyScript } from './copyScript';
import { fetchScript } from './fetchScript';
import { type PreparedMount, mountScript } from './mountScript';
import { bringFromStage } from './stageFiles';
import { folderScript, stepUserScript } from './stepUser';

/** Where a build sees its contexts and what else it copies from; not part of what is kept. */
const contextFolder = '/run/devbox/contexts';

/** What the steps of one stage are carried out with. */
export interface StageContext {
  readonly job: BuildJob;
  readonly room: BuildRoom;
  /** The rooms of the stages, by their place. */
  readonly rooms: ReadonlyMap<number, BuildRoom>;
  readonly resources: AccountResources;
}

/** Carries out the steps of one stage in its room. */
export class DockerfileSteps {
  readonly #context: StageContext;
  #prepared = 0;

  constructor(context: StageContext) {
    this.#context = context;
  }

  /** Brings in the build contexts that the stage copies from. */
  async open(stage: Stage): Promise<void> {
    const { room, job, resources } = this.#context;
    const { run, files, spec } = room;
    for (const name of contextsOf([stage])) {
      const path = folderOf(name);
      await mountObject({ objectId: job.contexts.get(name) ?? '', path }, { run, files, spec, resources });
      await applyIgnoreFile(room, path);
    }
  }

  /** @returns the exit code of what was run */
  async carryOut(step: DockerfileStep): Promise<number> {
    const { room } = this.#context;
    if (room.asFound && whoseOf(step) === room.spec.username) {
      // Docker's images do not have it, but here it is what every devbox has.
      await room.makeUser();
    }
    switch (step.kind) {
      case 'base':
        return this.#base(step);
      case 'run':
        return this.#run(step);
      case 'copy':
        return this.#copy(step);
      case 'folder':
        return this.#folder(step);
      case 'note':
        return 0;
    }
  }

  #base({ image, remark, python, version, programs, user, folder, path }: BaseStep): Promise<number> {
    const { prefix } = this.#context.room.run.sandbox;
    const words = [image, remark, python ?? '-', version, prefix + folder, user, ...programs];
    return this.#script(baseScript, words, placedVariables({ PATH: path }, prefix));
  }

  #folder({ path, user }: FolderStep): Promise<number> {
    const { prefix, hasUsers } = this.#context.room.run.sandbox;
    return this.#script(folderScript, [prefix + path, hasUsers ? user.name : '', user.group ?? '']);
  }

  async #run({ argv, user, keepHome, folder, variables, mounts }: RunStep): Promise<number> {
    const { run } = this.#context.room;
    const { prefix, hasUsers } = run.sandbox;
    const own = hasUsers
      ? [
          stepUserScript,
          'run',
          requireProgram('setpriv'),
          user.name,
          user.group ?? '',
          keepHome ? 'keep' : '',
          prefix + folder,
        ]
      : ['cd -- "$1" && shift && exec "$@"', 'run', prefix + folder];
    const secrets: Record<string, string> = {};
    const prepared = await Promise.all(mounts.map((mount) => this.#prepare(mount, secrets)));
    const before = prepared.length === 0 ? [] : ['/bin/bash', '--norc', '-c', mountScript(prepared), 'mounts'];
    const words = argv.map((word) => run.sandbox.translate(word));
    const { code } = await run.shell(
      'setup_commands',
      '',
      { ...placedVariables(variables, prefix), ...secrets },
      () => [...before, '/bin/bash', '--norc', '-c', ...own, ...words],
      root,
    );
    return code;
  }

  async #prepare(mount: RunMount, secrets: Record<string, string>): Promise<PreparedMount> {
    if (mount.type === 'secret') {
      const { job } = this.#context;
      const secret = Object.hasOwn(job.secrets, mount.id) ? job.secrets[mount.id] : undefined;
      const secretIn = `__devbox_secret_${Object.keys(secrets).length}`;
      if (secret === undefined) {
        return { mount };
      }
      secrets[secretIn] = secret;
      return { mount, secretIn };
    }
    if (mount.from === undefined) {
      return { mount };
    }
    const { folder, sources } = await this.#bring(mount.from, [mount.source ?? '.'], 'bind');
    return { mount, source: `${this.#context.room.run.sandbox.prefix}${folder}/${sources[0] ?? ''}` };
  }

  async #copy(step: CopyStep): Promise<number> {
    const { room } = this.#context;
    const { prefix, hasUsers } = room.run.sandbox;
    const from: { folder: string; sources: readonly string[]; unpack: boolean }[] = [];
    if (step.sources.length > 0) {
      from.push({ ...(await this.#bring(step.from, step.sources, 'copy')), unpack: step.unpack });
    }
    if (step.documents.length > 0) {
      const folder = this.#newFolder();
      for (const { name, content } of step.documents) {
        await room.files.write(`${folder}/${name}`, Buffer.from(content), { user: root });
      }
      from.push({ folder, sources: step.documents.map(({ name }) => name), unpack: false });
    }
    if (step.addresses.length > 0) {
      const folder = this.#newFolder();
      const code = await this.#script(fetchScript, [
        prefix + folder,
        step.checksum ?? '',
        step.keepsGit ? 'keep' : '',
        ...step.addresses,
      ]);
      if (code !== 0) {
        return code;
      }
      from.push({ folder, sources: step.addresses.map((_, at) => `${at}-*/*`), unpack: step.unpack });
    }
    const owner =
      hasUsers && step.owner !== undefined
        ? [step.owner.name, step.owner.group].filter((part) => part !== undefined).join(':')
        : '';
    for (const { folder, sources, unpack } of from) {
      const how = [
        ...(unpack ? ['unpack'] : []),
        ...(step.parents ? ['parents'] : []),
        ...(step.from.kind === 'stage' ? ['keep'] : []),
        ...(hasUsers ? [] : ['alone']),
      ];
      const excluded = step.excluded.map(pathPattern).join('\n');
      const code = await this.#script(copyScript, [
        prefix + folder,
        prefix + step.target,
        step.mode ?? '',
        owner,
        how.join(' '),
        excluded,
        ...sources,
      ]);
      if (code !== 0) {
        return code;
      }
    }
    return 0;
  }

  /** Makes sure that what is copied from is in the room. */
  async #bring(
    from: CopySource,
    sources: readonly string[],
    use: 'copy' | 'bind',
  ): Promise<{ readonly folder: string; readonly sources: readonly string[] }> {
    if (from.kind === 'context') {
      return { folder: folderOf(from.name), sources };
    }
    const { room, rooms } = this.#context;
    const folder = this.#newFolder();
    return { folder, sources: await bringFromStage({ from: rooms.get(from.index), to: room, folder, sources, use }) };
  }

  #newFolder(): string {
    this.#prepared += 1;
    return `${contextFolder}/step-${this.#prepared}`;
  }

  async #script(
    script: string,
    words: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const { run } = this.#context.room;
    const { code } = await run.shell('setup_commands', script, variables, (argv) => [...argv, 'build', ...words], root);
    return code;
  }
}

/** The user that a step names. */
function whoseOf(step: DockerfileStep): string | undefined {
  switch (step.kind) {
    case 'run':
    case 'folder':
      return step.user.name;
    case 'copy':
      return step.owner?.name;
    case 'base':
    case 'note':
      return undefined;
  }
}

function folderOf(context: string): string {
  return `${contextFolder}/${context === '' ? 'build' : `named-${Buffer.from(context).toString('hex')}`}`;
}
