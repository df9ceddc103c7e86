import { createHash } from 'node:crypto';
import { quote } from '../../ground/shellWords';
import type { DevboxCommands } from '../channel/devboxCommands';
import { KeptScripts } from '../channel/keptScripts';
import { RuntimeError } from '../errors';
import { fieldsOf } from '../files/fileFacts';
import { bytesOfPath, shownName, textOfPath } from '../files/pathText';
import { unexpected } from '../platform/answers';
import { changesReport, knownHashes, type ChangesReport, type KnownReport } from './changesReport';
import { changeGroups, type ChangeGroups, type ChangeSide } from './compare';
import { MalformedOutput } from './porcelain';
import { lookAsOwner } from './discardScript';
import { folderScript } from './folderScript';
import { TimeSlicer } from '../../ground/timeSlicer';
import { scriptProblem } from './scriptProblems';
import { findScript, readScript as plainReadScript } from './scripts';
import type { SideContent } from './sides/sideContent';
import { SideReader } from './sides/sideReader';
import { sideSource, type SideHere } from './sides/sideSource';

const readScript = lookAsOwner(plainReadScript);

/** Milliseconds that one look may take in all; each step of git's has a limit of its own. */
const lookMs = 90_000;
/** Seconds that a step of git's may take. */
const stepSeconds = 25;
/** Bytes up to which a file's content is compared and kept; larger ones are known by size and time. */
export const keptBytes = 5 * 1024 * 1024;
/** Bytes up to which a file goes into a patch. */
const patchedBytes = 30 * 1024 * 1024;
/** How often a folder that changes meanwhile is read anew. */
const mostReads = 4;
const none = Buffer.of();
/** Files that are still to be taken away; beyond, the oldest are forgotten. */
const mostLeft = 100;

export interface DevboxChangesContext {
  readonly devboxId: string;
  readonly commands: DevboxCommands;
  /**
   * Asked before every request, so that none of them wakes a devbox.
   *
   * @throws RuntimeError unless the devbox runs
   */
  readonly requireRunning: (signal: AbortSignal, isDoubtful: boolean) => Promise<void>;
  /** Seconds that a step of git's may take, where it is not the usual. */
  readonly stepSeconds?: number;
}

/** What there is to look at in and around a folder. */
export interface FoundFolders {
  /** Folders of repositories. */
  readonly repositories: readonly string[];
  /** The folder itself, if no repository is in its place or around it. */
  readonly plain: string | undefined;
  /** Whether it was looked at before as one without git. */
  readonly isNoted: boolean;
  /** Places of repositories beyond those that are looked into. */
  readonly more: number;
  /** Whether not all folders were looked into, as that took too long. */
  readonly isCut: boolean;
}

/** One repository, or a folder without git, as it is now. */
export interface RepositoryChanges {
  /** Its folder, as `pathText` writes it. */
  readonly top: string;
  readonly report: ChangesReport;
  readonly groups: ChangeGroups;
  /** Another one after every change of what was read. */
  readonly digest: string;
}

/** The changes in the repositories of one devbox. Paths are absolute, in the writing of `pathText`. */
export class DevboxChanges {
  readonly #context: DevboxChangesContext;
  readonly #seconds: number;
  /** By folder, what the last look has told. */
  readonly #known = new Map<string, KnownReport>();
  readonly #sides: SideReader<SideHere>;
  readonly #scripts: KeptScripts;
  /** Files of ours in the devbox that could not be taken away. */
  #left: readonly string[] = [];

  constructor(context: DevboxChangesContext) {
    this.#context = context;
    this.#scripts = new KeptScripts(context.commands);
    this.#sides = new SideReader(context.devboxId, sideSource(this, context.devboxId));
    this.#seconds = context.stepSeconds ?? stepSeconds;
  }

  /** The repositories in a folder, below it and around it, each by its folder, and the folder itself if it is in none. */
  async find(root: string, signal: AbortSignal): Promise<FoundFolders> {
    const inputs = [bytesOfPath(root), Buffer.from(this.#ours)];
    const fields = fieldsOf(await this.run(findScript, root, inputs, { signal })).map(textOfPath);
    const word = fields.findIndex((field) => !field.startsWith('/'));
    const [, more, cut] = /^(\d{1,9})(\+?)$/.exec(fields[word] ?? '') ?? [];
    if (more === undefined) throw unexpected('an execution', this.#context.devboxId);
    const repositories = [...new Set(fields.slice(0, word))].sort();
    const [kind, plain] = fields.slice(word + 1);
    return { repositories, plain, isNoted: kind === 'noted', more: Number(more), isCut: cut === '+' };
  }

  /** What differs in a repository from its last commit, and from how it was when somebody first looked. */
  async read(top: string, signal: AbortSignal): Promise<RepositoryChanges> {
    return this.#read(readScript, top, signal);
  }

  /**
   * The same of a folder without git: what differs from how it was when somebody first looked, by size, time and content.
   *
   * @throws RuntimeError `changes_folder_many` where it holds more than can be compared
   */
  async readFolder(top: string, signal: AbortSignal): Promise<RepositoryChanges> {
    return this.#read(folderScript, top, signal);
  }

  async #read(script: string, top: string, signal: AbortSignal): Promise<RepositoryChanges> {
    const inputs = [bytesOfPath(top), Buffer.from(this.keyOf(top)), text(keptBytes), none];
    return this.#whileItChanges(async () => {
      const slicer = new TimeSlicer(64);
      for (let known = this.#known.get(top); ; known = undefined) {
        const { hashed, sections = new Map() } = known ?? {};
        const words = [hashed?.until ?? '', knownHashes(sections)].map((word) => Buffer.from(word));
        const output = await this.run(script, top, [...inputs, ...words], { signal, isLarge: true });
        const told = await changesReport(output, { slicer, known });
        // Something has a time of before, as what came from somewhere else.
        if (told === undefined && known !== undefined) continue;
        if (told === undefined) throw new MalformedOutput('ids');
        const { report, digest } = told;
        this.#known.set(top, told);
        return { top, report, groups: await changeGroups(report, slicer), digest };
      }
    });
  }

  /**
   * Keeps what a repository, or a folder without git, holds now as the beginning of a turn of an agent, in place of the one before.
   */
  async noteTurn(top: string, signal: AbortSignal, { hasGit = true } = {}): Promise<void> {
    const inputs = [bytesOfPath(top), Buffer.from(this.keyOf(top)), text(keptBytes), Buffer.from('note'), none, none];
    await this.#whileItChanges(() => this.run(hasGit ? readScript : folderScript, top, inputs, { signal }));
  }

  /**
   * What is not committed, or what differs from the start or since a turn began, as a patch that `git apply` takes: binaries, modes and links too.
   *
   * @throws RuntimeError `patch_large` for more than one may hold
   */
  async patch(top: string, against: 'head' | 'start' | 'turn', signal: AbortSignal): Promise<Buffer> {
    const to = Buffer.from(against);
    const inputs = [bytesOfPath(top), Buffer.from(this.keyOf(top)), text(patchedBytes), to, none, none];
    return this.run(readScript, top, inputs, { signal, isLarge: true });
  }

  /** The same of a folder without git. */
  async folderPatch(top: string, against: 'start' | 'turn', signal: AbortSignal): Promise<Buffer> {
    const inputs = [bytesOfPath(top), Buffer.from(this.keyOf(top)), text(keptBytes), Buffer.from(against), none];
    return this.#whileItChanges(() => this.run(folderScript, top, inputs, { signal, isLarge: true }));
  }

  /**
   * What is on one side of a change.
   *
   * @param most bytes from which on it is not read
   */
  async content(
    { top, report }: Pick<RepositoryChanges, 'top'> & { readonly report: Pick<ChangesReport, 'format' | 'common'> },
    { path, side }: { readonly path: string; readonly side: Pick<ChangeSide, 'mode' | 'id' | 'isWork'> },
    { most, signal }: { readonly most: number; readonly signal: AbortSignal },
  ): Promise<SideContent> {
    if (side.mode === '160000') return { kind: 'commit', id: side.id };
    if (!side.isWork && !/^[0-9a-f]{40,64}$/.test(side.id)) return { kind: 'missing' };
    const place = [top, report.format, report.common].join('\0');
    return this.#sides.read({ place, top, report, path, side, most }, signal);
  }

  /** Where in our folder of the devbox the start of a repository is kept: a devbox made of a snapshot has its own. */
  keyOf(top: string): string {
    return `${this.#ours}/${createHash('sha256').update(bytesOfPath(top)).digest('hex').slice(0, 20)}`;
  }

  /**
   * Runs one of the scripts of this room.
   *
   * @param about the folder that it is about
   * @param words what a script may end with that is an answer
   * @throws RuntimeError for what went wrong by another word
   */
  async run(
    script: string,
    about: string,
    inputs: readonly Buffer[],
    {
      signal,
      words,
      seconds = this.#seconds,
      deadlineMs = lookMs,
      onStarted,
      isLarge = false,
    }: {
      readonly signal: AbortSignal;
      readonly onStarted?: () => void;
      /** Whether it may print much, and nothing is lost by running it again. */
      readonly isLarge?: boolean;
      readonly words?: RegExp;
      /** That one step of git's may take. */
      readonly seconds?: number;
      readonly deadlineMs?: number;
    },
  ): Promise<Buffer> {
    const { commands, devboxId, requireRunning } = this.#context;
    if (inputs.some((input) => input.includes(0))) throw this.#problem('gone', about);
    const stdin = Buffer.concat([text(seconds), ...inputs].flatMap((input) => [input, Buffer.of(0)]));
    return this.whileRunning(signal, async () => {
      const left = this.#left;
      const tidying = left.map((path) => `command -p rm -f -- ${quote(path)}\n`).join('');
      const beforeFetch = isLarge ? () => requireRunning(signal, false) : undefined;
      const options = { stdin, signal, deadlineMs, onStarted, beforeFetch };
      const result = await (isLarge
        ? this.#scripts.run(script, options, tidying)
        : commands.run(`${tidying}${script}`, options));
      this.#left = this.#left.filter((path) => !left.includes(path));
      const { buffer, byteOffset, byteLength } = result.stdout;
      const output = Buffer.from(buffer, byteOffset, byteLength);
      if (result.exitCode === 0) return output;
      const word = fieldsOf(output).at(-1)?.toString() ?? '';
      if (result.exitCode === 3 && words?.test(word) === true) return output;
      throw result.exitCode === 3 ? this.#problem(word, about) : unexpected('an execution', devboxId);
    });
  }

  /**
   * Asks something of the devbox, if it runs.
   *
   * @throws RuntimeError for its status where that explains how it went: it was refused, or ended in the midst of it
   */
  async whileRunning<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { requireRunning } = this.#context;
    await requireRunning(signal, false);
    try {
      return await work();
    } catch (error) {
      const isDoubtful =
        RuntimeError.is(error, 'unexpected_answer') ||
        (RuntimeError.is(error) && [400, 404, 409].includes(error.status ?? 0));
      if (isDoubtful) await requireRunning(signal, true);
      throw error;
    }
  }

  /** Has a file of ours taken away by the next script, as the devbox cannot be reached now. */
  leave(path: string): void {
    this.#left = [...this.#left, path].slice(-mostLeft);
  }

  /** The name of what we keep in this devbox. */
  get #ours(): string {
    return this.#context.devboxId.replace(/[^\w-]/g, '_');
  }

  async #whileItChanges<T>(work: () => Promise<T>): Promise<T> {
    for (let count = 1; ; count += 1) {
      try {
        return await work();
      } catch (error) {
        const isPassing = RuntimeError.is(error, 'file') && error.problem.id === 'changes_again';
        if (isPassing && count < mostReads) continue;
        if (error instanceof MalformedOutput) throw this.#unexpected(error);
        throw error;
      }
    }
  }

  #problem(word: string, about: string): RuntimeError {
    const { devboxId } = this.#context;
    const name = shownName(about.slice(about.lastIndexOf('/') + 1) || about);
    const problem = scriptProblem(word, { name, seconds: this.#seconds });
    return problem === undefined ? unexpected('an execution', devboxId) : new RuntimeError({ problem, devboxId });
  }

  #unexpected(cause: unknown): RuntimeError {
    const { devboxId } = this.#context;
    return new RuntimeError({ problem: unexpected('an execution').problem, devboxId, cause });
  }
}

function text(value: number): Buffer {
  return Buffer.from(String(value));
}
