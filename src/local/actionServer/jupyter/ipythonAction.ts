import { stripVTControlCharacters } from 'node:util';
import type { ActionRequest } from '../actionRequest';
import { decimalSeconds } from '../bash/outputText';
import { ipythonObservation, type Observation } from '../observations';
import { JupyterKernel, type KernelContext } from './jupyterKernel';

/** OpenHands' own Python functions for agents, where OpenHands is installed in the devbox's Python. */
const skillsCode = `try:
    from openhands.runtime.plugins.agent_skills.agentskills import *
except ImportError as reason:
    print(reason)`;

/** Executes `run_ipython`: one kernel for the whole server, started by the first cell. */
export class IpythonActions {
  readonly #context: KernelContext;
  readonly #toDevbox: (path: string) => string;
  readonly #skills: boolean;
  #kernel: JupyterKernel | undefined;
  #folder: string | undefined;

  /**
   * @param toDevbox turns a path of this process into the devbox's
   * @param skills whether cells find the agent skills
   */
  constructor(context: KernelContext, toDevbox: (path: string) => string, skills: boolean) {
    this.#skills = skills;
    this.#context = context;
    this.#toDevbox = toDevbox;
  }

  /**
   * Runs the action's code where the shell is.
   *
   * @throws ActionError when there is no Python with ipykernel
   */
  async run(request: ActionRequest, shellDir: string): Promise<Observation> {
    const code = request.args.requiredText('code');
    const extra = request.args.raw('include_extra') !== false;
    const kernel = await this.#ready(shellDir);
    const { text, images, timedOut } = await kernel.run(code, request.timeoutSeconds);
    let content = stripVTControlCharacters(text).trimEnd();
    if (timedOut) content = `[Execution timed out (${decimalSeconds(request.timeoutSeconds ?? 0)} seconds).]`;
    else if (content === '') content = '[Code executed successfully with no output]';
    if (extra) {
      content += `\n[Jupyter current working directory: ${this.#toDevbox(shellDir)}]\n[Jupyter Python interpreter: ${kernel.interpreter}]`;
    }
    return ipythonObservation(code, content, images);
  }

  /** Ends the kernel. */
  async dispose(): Promise<void> {
    await this.#kernel?.dispose();
  }

  async #importSkills(kernel: JupyterKernel): Promise<void> {
    const { text } = await kernel.run(skillsCode, undefined);
    const why = stripVTControlCharacters(text).trim();
    this.#context.log.info(why === '' ? 'Plugin agent_skills: imported' : `Plugin agent_skills: not there (${why})`);
  }

  async #ready(shellDir: string): Promise<JupyterKernel> {
    if (this.#kernel?.alive !== true) {
      this.#folder = undefined;
      this.#kernel = await JupyterKernel.start(this.#context);
      if (this.#skills) await this.#importSkills(this.#kernel);
    }
    if (this.#folder !== shellDir) {
      // A text of JSON is one of Python too.
      await this.#kernel.run(`import os; os.chdir(${JSON.stringify(shellDir)})`, undefined);
      this.#folder = shellDir;
    }
    return this.#kernel;
  }
}
