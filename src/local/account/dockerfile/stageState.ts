import { posix } from 'node:path';
import type { Instruction } from './instructions';
import type { Refuse } from './refusal';
import type { Scope } from './scope';
import type { CopySource, DockerfileStep, RunMount, StepUser } from './steps';

/** The shell of RUN, until SHELL names another. */
export const usualShell: readonly string[] = ['/bin/sh', '-c'];

/** What a stage begins with. */
export interface StageStart {
  readonly index: number;
  readonly escape: string;
  readonly scope: Scope;
  readonly folder: string;
  readonly user: StepUser;
  readonly shell: readonly string[];
  /** The caller's build arguments. */
  readonly given: Readonly<Record<string, string>>;
  /** Finds what `--from` names; makes sure that it is built before. */
  readonly sourceOf: (name: string, refuse: Refuse) => CopySource;
}

/** One stage while its instructions are gone through. */
export class StageState {
  readonly index: number;
  readonly escape: string;
  readonly scope: Scope;
  readonly given: Readonly<Record<string, string>>;
  readonly steps: DockerfileStep[] = [];
  /** What ONBUILD keeps for stages that are made of this one. */
  readonly triggers: Instruction[] = [];
  /** Set by a USER of this stage, or of one it is made of. */
  lastUser: StepUser | undefined;
  /** A WORKDIR has said the folder. */
  namesFolder = false;
  shell: readonly string[];
  folder: string;
  user: StepUser;
  readonly sourceOf: StageStart['sourceOf'];

  constructor(start: StageStart) {
    this.index = start.index;
    this.escape = start.escape;
    this.scope = start.scope;
    this.given = start.given;
    this.folder = start.folder;
    this.user = start.user;
    this.shell = start.shell;
    this.sourceOf = start.sourceOf;
  }

  push(step: DockerfileStep): void {
    this.steps.push(step);
  }

  /** Tells the log of something that changes nothing. */
  note(title: string): void {
    this.steps.push({ kind: 'note', title });
  }

  run(argv: readonly string[], title: string, mounts: readonly RunMount[]): void {
    this.steps.push({
      kind: 'run',
      title,
      argv,
      variables: this.scope.variables(this.given),
      folder: this.folder,
      user: this.user,
      keepHome: Object.hasOwn(this.scope.environment, 'HOME'),
      mounts,
    });
  }

  /** A path as seen from the working folder. */
  absolute(path: string): string {
    return posix.resolve('/', this.folder, path);
  }
}
