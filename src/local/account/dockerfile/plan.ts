import { type UserRequest, homeOf, userName, usualUser } from '../../sandbox/users';
import { DevboxError } from '../../errors';
import { type Instruction, readInstructions } from './instructions';
import { passedOver } from './passedOver';
import { planCopy } from './planCopy';
import { planRun } from './planRun';
import {
  argumentsOf,
  pairsOf,
  planArg,
  planEnv,
  planFolder,
  planShell,
  planTrigger,
  planUser,
  planVolume,
  unusedArguments,
} from './planWords';
import { type Refuse, refusalAt } from './refusal';
import { Scope, platformArguments } from './scope';
import { Stages } from './stages';
import type { StageState } from './stageState';
import type { Stage } from './steps';

/** What a Dockerfile is read with. */
export interface DockerfileInput {
  readonly text: string;
  /** Values of build arguments. */
  readonly given: Readonly<Record<string, string>>;
  /** Names of build contexts; they come before stages and images of the same name. */
  readonly contexts: ReadonlySet<string>;
  /** The search path of a devbox. */
  readonly path: string;
  /** Variables of the blueprint that is built on. */
  readonly inherited?: Readonly<Record<string, string>>;
}

/** What a Dockerfile comes to. */
export interface Dockerfile {
  /** Those that are needed, each behind what it is made of; the last one is what is built. */
  readonly stages: readonly Stage[];
  /** The variables of what is built. */
  readonly environment: Readonly<Record<string, string>>;
  /** The user whose devboxes are made of it: the last one that USER named, unless that is root or a number. */
  readonly user: UserRequest | undefined;
  /** The last WORKDIR; undefined without one. */
  readonly folder: string | undefined;
}

type Handler = (instruction: Instruction, stage: StageState, refuse: Refuse) => void;

const handlers: Readonly<Record<string, Handler>> = {
  RUN: planRun,
  COPY: planCopy,
  ADD: planCopy,
  ENV: planEnv,
  WORKDIR: planFolder,
  USER: planUser,
  SHELL: planShell,
  VOLUME: planVolume,
  ONBUILD: planTrigger,
  LABEL: (instruction, stage, refuse) => {
    pairsOf(instruction, stage, refuse);
    stage.note(`LABEL ${instruction.rest}: passed over, blueprints have metadata instead`);
  },
  ...passedOver,
};

/**
 * Reads a Dockerfile and decides each of its instructions.
 * @throws DevboxError `invalid` that names the line
 */
export function planDockerfile({ text, given, contexts, path, inherited = {} }: DockerfileInput): Dockerfile {
  const { escape, list } = readInstructions(text);
  const begin = list.findIndex(({ keyword }) => keyword === 'FROM');
  for (const [at, { keyword, line }] of list.entries()) {
    if (keyword !== 'FROM' && keyword !== 'ARG' && !Object.hasOwn(handlers, keyword)) {
      throw refusalAt(line)(`${keyword} is no instruction of a Dockerfile.`);
    }
    if ((begin === -1 || at < begin) && keyword !== 'ARG') {
      throw refusalAt(line)('it must begin with FROM.');
    }
  }
  if (begin === -1) {
    throw new DevboxError('invalid', 'The Dockerfile has no FROM.');
  }
  const global = globalArguments(list.slice(0, begin), escape, given);
  const stages = new Stages({
    groups: groupsOf(list.slice(begin)),
    escape,
    given,
    global,
    contexts,
    path,
    inherited,
    home: homeOf(usualUser),
    apply: (instruction, stage) => {
      const refuse = refusalAt(instruction.line);
      if (instruction.keyword === 'ARG') {
        planArg(instruction, stage, global.arguments, refuse);
      } else {
        handlers[instruction.keyword]?.(instruction, stage, refuse);
      }
    },
  });
  const target = stages.build();
  const declared = new Set(
    list.flatMap((instruction) =>
      instruction.keyword === 'ARG'
        ? argumentsOf(instruction, escape, refusalAt(instruction.line)).map(({ name }) => name)
        : [],
    ),
  );
  const unused = unusedArguments(given, declared);
  if (unused.length > 0) {
    target.note(`Build arguments that no ARG asks for: ${unused.join(', ')}`);
  }
  return {
    stages: stages.finished,
    environment: withoutBase(target, path),
    user: devboxUser(target),
    folder: target.namesFolder ? target.folder : undefined,
  };
}

/** The build contexts that a plan copies from; `''` is the build's own. */
export function contextsOf(stages: readonly Stage[]): ReadonlySet<string> {
  const names = stages
    .flatMap(({ steps }) => steps)
    .flatMap((step) => {
      if (step.kind === 'copy') {
        return step.from.kind === 'context' && step.sources.length > 0 ? [step.from.name] : [];
      }
      return step.kind === 'run'
        ? step.mounts.flatMap(({ from }) => (from?.kind === 'context' ? [from.name] : []))
        : [];
    });
  return new Set(names);
}

/** Cuts the instructions at each FROM. */
function groupsOf(list: readonly Instruction[]): readonly (readonly Instruction[])[] {
  const groups: Instruction[][] = [];
  for (const instruction of list) {
    if (instruction.keyword === 'FROM') {
      groups.push([]);
    }
    groups.at(-1)?.push(instruction);
  }
  return groups;
}

/** ARG in front of the first FROM: for FROM itself, and for stages that ask again. */
function globalArguments(list: readonly Instruction[], escape: string, given: Readonly<Record<string, string>>): Scope {
  const scope = new Scope(escape, {}, platformArguments());
  for (const instruction of list) {
    const refuse = refusalAt(instruction.line);
    for (const { name, value } of argumentsOf(instruction, escape, refuse)) {
      const chosen = given[name] ?? (value === undefined ? undefined : scope.fill(value, refuse));
      if (chosen !== undefined) {
        scope.setArgument(name, chosen);
      }
    }
  }
  return scope;
}

/** The environment without a search path that nobody has changed. */
function withoutBase({ scope }: StageState, path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(scope.environment).filter(([name, value]) => name !== 'PATH' || value !== path),
  );
}

function devboxUser({ lastUser }: StageState): UserRequest | undefined {
  const { name } = lastUser ?? {};
  return name === undefined || name === 'root' || !userName.test(name) ? undefined : { name };
}
