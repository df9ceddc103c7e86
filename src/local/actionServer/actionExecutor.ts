import { startDeadline } from '../../ground/deadline';
import { ActionError, FieldTypeError, type ActionRequest } from './actionRequest';
import { BashSession, type RunRequest } from './bash/bashSession';
import type { ShellOptions } from './bash/spawnBash';
import { BrowseActions, noBrowser } from './browser/browseAction';
import { EditorError } from './editor/editorError';
import { FileEditor } from './editor/fileEditor';
import { readAction, type FileContext } from './files/readAction';
import { writeAction } from './files/writeAction';
import { IpythonActions } from './jupyter/ipythonAction';
import type { Logger } from './logging';
import { editObservation, errorObservation, runObservation, type Observation } from './observations';
import type { DevboxPaths } from './paths';
import { errorText } from './pythonText';

/** The longest that an action may take that says nothing about it, in seconds. */
const longestSeconds = 3_600;

/** The longest for an action that reads or writes a file unless it is said, in seconds. */
const usualFileSeconds = 60;

/** How much later an action is given up that should have ended by itself, in seconds. */
const graceSeconds = 60;

/** What an executor works with. */
export interface ExecutorOptions {
  readonly paths: DevboxPaths;
  readonly shell: ShellOptions;
  readonly silenceMs: number;
  /** Whether `run_ipython` was asked for. */
  readonly jupyter: boolean;
  /** Whether its cells are to find the agent skills. */
  readonly agentSkills: boolean;
  /** Whether the browser was asked for, and which program it is if one is named. */
  readonly browser: { readonly program: string | undefined } | undefined;
  readonly log: Logger;
  /** How long an action that reads or writes a file may take; a minute unless it is said. */
  readonly fileSeconds?: number;
}

/** Executes actions, one call at a time. */
export class ActionExecutor {
  readonly #options: ExecutorOptions;
  readonly #session: BashSession;
  readonly #editor: FileEditor;
  readonly #ipython: IpythonActions | undefined;
  readonly #browse: BrowseActions | undefined;

  private constructor(options: ExecutorOptions, session: BashSession) {
    this.#options = options;
    this.#session = session;
    this.#editor = new FileEditor(options.paths, options.shell.workingDir, (path) => options.shell.user.chown(path));
    const { paths, shell, log } = options;
    const context = { environment: shell.environment, workingDir: shell.workingDir, user: shell.user, log };
    const { browser } = options;
    this.#browse =
      browser === undefined ? undefined : new BrowseActions({ ...context, ...browser, paths, tempDir: shell.tempDir });
    this.#ipython = options.jupyter
      ? new IpythonActions(context, (path) => paths.toDevbox(path), options.agentSkills)
      : undefined;
  }

  /**
   * Starts the bash session that actions share.
   *
   * @throws Error when bash does not start
   */
  static async start(options: ExecutorOptions): Promise<ActionExecutor> {
    return new ActionExecutor(options, await BashSession.start(options.shell, options.silenceMs));
  }

  /** The shell's directory, as this process uses it. */
  get shellDir(): string {
    return this.#session.workingDir;
  }

  /**
   * Executes one action. Failures of the action itself are observations.
   *
   * @throws ActionError when this server does not execute such an action; Error when something went wrong on the way
   */
  async execute(request: ActionRequest): Promise<Observation> {
    try {
      return await this.#withinDeadline(request);
    } catch (error) {
      if (error instanceof FieldTypeError) return errorObservation(error.message);
      if (!(error instanceof Error && 'path' in error && typeof error.path === 'string')) throw error;
      this.#options.log.error(`A ${request.action} action failed`, error);
      throw new ActionError(errorText(error, this.#options.paths.toDevbox(error.path)));
    }
  }

  /** Ends the bash session, the Jupyter kernel, the browser and all they started. */
  async dispose(): Promise<void> {
    await Promise.all([this.#session.dispose(), this.#ipython?.dispose(), this.#browse?.dispose()]);
  }

  /** Whatever hangs, such as a file system that does not answer, holds up nobody behind it for ever. */
  async #withinDeadline(request: ActionRequest): Promise<Observation> {
    const isOfFiles = ['read', 'write', 'edit'].includes(request.action);
    const { fileSeconds = usualFileSeconds } = this.#options;
    const seconds = isOfFiles ? fileSeconds : (request.timeoutSeconds ?? longestSeconds) + graceSeconds;
    const deadline = startDeadline(seconds * 1000);
    try {
      return await Promise.race([
        this.#dispatch(request),
        new Promise<never>((_, reject) => {
          const end = (): void => reject(new ActionError(`The action was given up after ${seconds} seconds.`));
          deadline.signal.addEventListener('abort', end, { once: true });
        }),
      ]);
    } finally {
      deadline.dispose();
    }
  }

  async #dispatch(request: ActionRequest): Promise<Observation> {
    switch (request.action) {
      case 'run':
        return this.#run(request);
      case 'read':
        return readAction(request.args, this.#fileContext(), this.#editor);
      case 'write':
        return writeAction(request.args, this.#fileContext());
      case 'edit':
        return this.#edit(request);
      case 'browse':
      case 'browse_interactive':
        return this.#browse === undefined ? errorObservation(noBrowser) : this.#browse.run(request);
      case 'run_ipython':
        if (this.#ipython === undefined) {
          throw new ActionError('JupyterRequirement not found. Unable to run IPython action.');
        }
        return this.#ipython.run(
          { ...request, timeoutSeconds: request.timeoutSeconds ?? longestSeconds },
          this.#session.workingDir,
        );
      default:
        throw new ActionError(`'ActionExecutor' object has no attribute '${request.action}'`);
    }
  }

  async #run(request: ActionRequest): Promise<Observation> {
    const { args } = request;
    const run: RunRequest = {
      command: args.requiredText('command'),
      isInput: args.flag('is_input'),
      blocking: args.flag('blocking'),
      hidden: args.flag('hidden'),
      timeoutSeconds: request.timeoutSeconds ?? longestSeconds,
    };
    // Bash cannot hold this character, and would cut the command there.
    if (run.command.includes('\0')) return errorObservation('The command contains a NUL character.');
    try {
      return args.flag('is_static')
        ? await this.#runApart(run, args.optionalText('cwd'))
        : await this.#runIn(this.#session, run);
    } catch (error) {
      if (error instanceof FieldTypeError) throw error;
      this.#options.log.error('A run action failed', error);
      return errorObservation(error instanceof Error ? error.message : String(error));
    }
  }

  /** A static run: a bash of its own, which ends with the answer. */
  async #runApart(run: RunRequest, cwd: string | null): Promise<Observation> {
    const { shell, silenceMs, paths } = this.#options;
    const workingDir = cwd === null || cwd === '' ? shell.workingDir : paths.resolve(cwd, shell.workingDir);
    const session = await BashSession.start({ ...shell, workingDir }, silenceMs);
    try {
      return await this.#runIn(session, run);
    } finally {
      await session.dispose();
    }
  }

  async #runIn(session: BashSession, run: RunRequest): Promise<Observation> {
    const result = await session.run(run);
    if (result.kind === 'refused') return errorObservation(result.text);
    const dir = result.metadata.working_dir;
    const metadata = { ...result.metadata, working_dir: dir === null ? null : this.#options.paths.toDevbox(dir) };
    // As OpenHands has it: what has not completed is shown.
    return runObservation(result.command, result.content, metadata, run.hidden && metadata.exit_code >= 0);
  }

  async #edit(request: ActionRequest): Promise<Observation> {
    const { args } = request;
    const path = args.requiredText('path');
    // The client does this kind of edit itself; the reference server refuses it without a reason.
    if (args.optionalText('impl_source') === 'llm_based_edit') throw new ActionError('');
    const [oldText, newText] = [args.optionalText('old_str'), args.optionalText('new_str')];
    try {
      const { text, diff } = await this.#editor.edit(path, args);
      return editObservation(path, text, diff, oldText, newText);
    } catch (error) {
      if (error instanceof EditorError) return editObservation(path, `ERROR:\n${error.message}`, '', oldText, newText);
      throw error;
    }
  }

  #fileContext(): FileContext {
    return {
      paths: this.#options.paths,
      shellDir: this.#session.workingDir,
      chown: (path) => this.#options.shell.user.chown(path),
    };
  }
}
