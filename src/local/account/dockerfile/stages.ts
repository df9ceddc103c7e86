import { type ImageFact, factOf, imageName } from './images';
import type { Instruction } from './instructions';
import { type Refuse, refusalAt } from './refusal';
import { Scope } from './scope';
import { StageState, usualShell } from './stageState';
import type { BaseStep, CopySource, Stage } from './steps';
import { usualUser } from '../../sandbox/users';
import { plainWords, splitFlags } from './words';

/** What stages are made of. */
export interface StagesInput {
  /** Instructions, each group from its FROM on. */
  readonly groups: readonly (readonly Instruction[])[];
  readonly escape: string;
  readonly given: Readonly<Record<string, string>>;
  /** What FROM may use. */
  readonly global: Scope;
  readonly contexts: ReadonlySet<string>;
  readonly path: string;
  /** Variables of the blueprint that is built on. */
  readonly inherited: Readonly<Record<string, string>>;
  /** The working folder of Runloop's own images. */
  readonly home: string;
  /** Carries out one instruction. */
  readonly apply: (instruction: Instruction, stage: StageState) => void;
}

interface Begin {
  readonly image: string;
  readonly name: string | undefined;
  readonly refuse: Refuse;
}

/** The stages of one Dockerfile; those that nothing needs are not looked into, as with BuildKit. */
export class Stages {
  readonly #input: StagesInput;
  readonly #begins: readonly Begin[];
  readonly #planned = new Map<number, StageState>();
  /** Stages that stand for an image that is only copied from. */
  readonly #images = new Map<string, number>();
  readonly #finished: Stage[] = [];

  constructor(input: StagesInput) {
    this.#input = input;
    this.#begins = input.groups.map(([from]) => readFrom(from, input));
  }

  /** What is needed, in the order of building. */
  get finished(): readonly Stage[] {
    return this.#finished;
  }

  /** Plans the last stage and what it needs. */
  build(): StageState {
    return this.#stage(this.#begins.length - 1);
  }

  #stage(index: number): StageState {
    const planned = this.#planned.get(index);
    if (planned !== undefined) {
      return planned;
    }
    const begin = this.#begins[index];
    if (begin === undefined) {
      throw new RangeError(`There is no stage ${index}.`);
    }
    const { image, refuse } = begin;
    if (this.#input.contexts.has(image)) {
      throw refuse(`"${image}" is a build context, and only images and stages can be built on here.`);
    }
    const base = this.#named(image, index);
    const parent = base === undefined ? undefined : this.#stage(base);
    const stage = parent === undefined ? this.#onImage(begin, index) : this.#onStage(parent, begin, index);
    const [, ...instructions] = this.#input.groups[index] ?? [];
    for (const instruction of [...(parent?.triggers ?? []), ...instructions]) {
      this.#input.apply(instruction, stage);
    }
    this.#planned.set(index, stage);
    this.#finished.push({ index, base, ...kindOf(this.#imageOf(index)), steps: stage.steps });
    return stage;
  }

  /** What `--from` names, seen from a stage: a build context, a stage before it, or an image. */
  #sourceOf(name: string, before: number, refuse: Refuse): CopySource {
    if (name.includes('$')) {
      throw refuse('"from" takes no variables. Name a stage by FROM … AS, and that one here.');
    }
    if (this.#input.contexts.has(name)) {
      return { kind: 'context', name };
    }
    const index = /^\d+$/.test(name) ? Number(name) : this.#named(name, before);
    if (index !== undefined) {
      if (index >= before) {
        throw refuse(`there is no stage ${name} before this one.`);
      }
      this.#stage(index);
      return { kind: 'stage', index };
    }
    return { kind: 'stage', index: this.#image(name, refuse) };
  }

  /** A stage in front of another one by its name. */
  #named(name: string, before: number): number | undefined {
    const index = this.#begins.findLastIndex((begin, at) => at < before && begin.name === name.toLowerCase());
    return index === -1 ? undefined : index;
  }

  /** A stage of its own for an image that is only copied from. */
  #image(image: string, refuse: Refuse): number {
    const known = this.#images.get(image);
    if (known !== undefined) {
      return known;
    }
    if (!/[/:]/.test(image) && factOf(image).kind === 'refused') {
      throw refuse(
        `there is no stage or build context "${image}". Give one as named_build_contexts, or name a stage before.`,
      );
    }
    const index = -1 - this.#images.size;
    const stage = this.#onImage({ image, name: undefined, refuse }, index);
    this.#images.set(image, index);
    this.#finished.push({
      index,
      base: undefined,
      openhands: false,
      asFound: kindOf(image).asFound,
      steps: stage.steps,
    });
    return index;
  }

  #onImage({ image, name, refuse }: Begin, index: number): StageState {
    const fact = factOf(image);
    if (fact.kind === 'refused') {
      throw refuse(fact.why);
    }
    const { escape, given, path, home, inherited } = this.#input;
    const stage = new StageState({
      index,
      escape,
      given,
      scope: new Scope(escape, { PATH: [...fact.path, path].join(':'), ...fact.environment, ...inherited }),
      folder: fact.folder === '' ? home : fact.folder,
      user: { name: fact.ownUser ? usualUser.name : 'root' },
      shell: usualShell,
      sourceOf: (from, refused) => this.#sourceOf(from, index, refused),
    });
    stage.push(baseStep(image, name, fact, stage));
    return stage;
  }

  #onStage(parent: StageState, { image, name }: Begin, index: number): StageState {
    const { escape, given } = this.#input;
    const stage = new StageState({
      index,
      escape,
      given,
      scope: new Scope(escape, parent.scope.environment, parent.scope.arguments),
      folder: parent.folder,
      user: parent.user,
      shell: parent.shell,
      sourceOf: (from, refused) => this.#sourceOf(from, index, refused),
    });
    stage.lastUser = parent.lastUser;
    stage.namesFolder = parent.namesFolder;
    stage.note(`FROM ${image}${name === undefined ? '' : ` AS ${name}`}`);
    return stage;
  }

  /** The image that a stage is made on in the end. */
  #imageOf(index: number): string {
    const { image = '' } = this.#begins[index] ?? {};
    const base = this.#named(image, index);
    return base === undefined ? image : this.#imageOf(base);
  }
}

function kindOf(image: string): Pick<Stage, 'openhands' | 'asFound'> {
  const fact = factOf(image);
  const known = fact.kind === 'known';
  return { openhands: known && fact.openhands, asFound: known && !fact.openhands && !fact.ownUser };
}

function readFrom(instruction: Instruction | undefined, { escape, global }: StagesInput): Begin {
  const refuse = refusalAt(instruction?.line ?? 1);
  const { flags, rest } = splitFlags(instruction?.rest ?? '', escape);
  for (const flag of flags) {
    if (!flag.startsWith('--platform=')) {
      throw refuse(`${flag} cannot be honoured. FROM takes --platform.`);
    }
    const platform = global.fill(flag.slice('--platform='.length), refuse);
    if (platform !== '' && !platform.startsWith('linux')) {
      throw refuse(`devboxes are of Linux, and "${platform}" is something else.`);
    }
  }
  const [image = '', as, name, ...more] = plainWords(rest);
  if (image === '' || more.length > 0 || (as !== undefined && (as.toUpperCase() !== 'AS' || name === undefined))) {
    throw refuse('FROM needs an image, and behind it AS and a name, or nothing.');
  }
  if (name !== undefined && !/^[a-z][\w.-]*$/.test(name.toLowerCase())) {
    throw refuse(
      `"${name}" cannot be the name of a stage: it begins with a letter and has letters, digits, _, . and - only.`,
    );
  }
  const filled = global.fill(image, refuse);
  if (filled === '') {
    throw refuse(`"${image}" is empty. Give the ARG in front of FROM a value.`);
  }
  return { image: filled, name: name?.toLowerCase(), refuse };
}

function baseStep(
  image: string,
  name: string | undefined,
  fact: Extract<ImageFact, { kind: 'known' }>,
  { folder, scope }: StageState,
): BaseStep {
  return {
    kind: 'base',
    title: `FROM ${image}${name === undefined ? '' : ` AS ${name}`}`,
    image,
    remark: fact.remark,
    programs: fact.programs,
    python: fact.python,
    user: fact.user,
    version: imageName(image).tag,
    folder,
    path: scope.environment['PATH'] ?? '',
  };
}
