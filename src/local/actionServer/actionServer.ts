import pLimit from 'p-limit';
import type { Server } from 'node:http';
import { ActionExecutor } from './actionExecutor';
import { serverUser, settleUser, type ActingUser } from './actingUser';
import type { ServerArguments } from './arguments';
import { findTerminalProgram } from './bash/terminalProgram';
import { childEnvironment } from './childEnvironment';
import { makeFolder } from './files/makeFolder';
import { HttpError, sendJson } from './http/answers';
import { downloadFilesHandler } from './http/downloadFiles';
import { executeActionHandler } from './http/executeAction';
import { listen, type Routes } from './http/httpServer';
import { listFilesHandler } from './http/listFiles';
import { mcpRoutes } from './http/mcp';
import { serverInfoHandler } from './http/serverInfo';
import { uploadFileHandler } from './http/uploadFile';
import type { Logger } from './logging';
import { McpProxy } from './mcp/mcpProxy';
import { DevboxPaths } from './paths';
import type { ServerSettings } from './settings';
import { exitCodes, StartupError } from './startupError';
import { startVscodePlugin } from './vscode/vscodePlugin';
import type { VscodeServer } from './vscode/vscodeServer';

/** The action execution server: its port, its bash session and its plugins. */
export class ActionServer {
  readonly #arguments: ServerArguments;
  readonly #settings: ServerSettings;
  readonly #log: Logger;
  readonly #paths: DevboxPaths;
  readonly #workingDir: string;
  readonly #environment: Record<string, string>;
  /** Actions run in the order in which they came; one that fails does not stop those behind it. */
  readonly #oneByOne = pLimit(1);
  readonly #times = { startedAt: Date.now(), lastActionAt: Date.now() };
  #http: Server | undefined;
  #executor: ActionExecutor | undefined;
  readonly #mcp: McpProxy;
  #vscode: VscodeServer | undefined;
  #user = serverUser;
  #isReady = false;
  #initialising: Promise<void> | undefined;
  readonly #closing = new AbortController();

  /**
   * @param args the command line
   * @param settings the parsed environment
   * @param environment the environment itself, for the processes that are started
   */
  constructor(args: ServerArguments, settings: ServerSettings, environment: NodeJS.ProcessEnv, log: Logger) {
    this.#arguments = args;
    this.#settings = settings;
    this.#log = log;
    this.#paths = new DevboxPaths(settings.plainRoot);
    this.#workingDir = args.workingDir === undefined ? process.cwd() : this.#paths.resolve(args.workingDir, '/');
    this.#environment = childEnvironment(environment, {
      TERM: 'xterm-256color',
      ...(settings.plainRoot === undefined ? {} : { TMPDIR: this.#paths.tempDir }),
      // Without a locale, programs show names in other scripts as escapes.
      ...(environment['LANG'] === undefined && environment['LC_ALL'] === undefined ? { LANG: 'C.UTF-8' } : {}),
    });
    this.#mcp = new McpProxy({ environment: this.#environment, workingDir: this.#workingDir, log });
  }

  /**
   * Opens the port, then gets ready: until then `/alive` says "not initialized".
   *
   * @throws StartupError when the server cannot work
   */
  async start(): Promise<void> {
    this.#log.warn('Starting the action execution server');
    this.#http = await listen({
      port: this.#arguments.port,
      address: this.#settings.bindAddress,
      sessionApiKey: this.#settings.sessionApiKey,
      routes: this.#routes(),
      log: this.#log,
    });
    this.#log.info('File viewer: not part of this server');
    this.#initialising = this.#initialise();
    try {
      await this.#initialising;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      await this.close();
      const reason = error instanceof Error ? error.message : String(error);
      throw new StartupError(`The server could not get ready: ${reason}`, exitCodes.initialisation);
    }
    if (this.#closing.signal.aborted) return;
    this.#isReady = true;
    this.#log.info('ActionExecutor initialized.');
    this.#log.info('No MCP servers are configured.');
  }

  /** Closes the port and ends bash, VS Code and all they started. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#isReady = false;
    this.#http?.close();
    this.#http?.closeAllConnections();
    // What is just being started must be there to be ended. Why it could not start is told by `start`.
    await this.#initialising?.catch(() => undefined);
    await Promise.all([this.#mcp.dispose(), this.#executor?.dispose(), this.#vscode?.dispose()]);
  }

  async #initialise(): Promise<void> {
    const log = this.#log;
    log.info(`Initialising the executor in ${this.#paths.toDevbox(this.#workingDir)}`);
    log.info(`Memory limit: ${this.#settings.maxMemoryGb ?? 'none'}`);
    await makeFolder(this.#workingDir);
    this.#user = await this.#settleUser();
    await makeFolder(this.#paths.tempDir);
    const program = await findTerminalProgram(this.#environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin');
    if (program.script === undefined) {
      log.warn(
        "No util-linux 'script' here: bash runs on pipes, so prompts and control keys other than C-c do not work.",
      );
    }
    this.#executor = await ActionExecutor.start({
      paths: this.#paths,
      shell: {
        workingDir: this.#workingDir,
        tempDir: this.#paths.tempDir,
        environment: this.#environment,
        program,
        user: this.#user,
        log,
        signal: this.#closing.signal,
      },
      silenceMs: this.#settings.silenceTimeoutMs,
      jupyter: this.#arguments.plugins.includes('jupyter'),
      agentSkills: this.#arguments.plugins.includes('agent_skills'),
      browser: this.#arguments.browser ? { program: this.#settings.chromium } : undefined,
      log,
    });
    log.info('Bash is ready; 2 initial commands done');
    log.info(
      `Browser: ${this.#arguments.browser ? 'starts with the first action that needs it, if there is a Chromium' : 'off'}`,
    );
    await this.#startPlugins();
  }

  async #startPlugins(): Promise<void> {
    for (const plugin of this.#arguments.plugins) {
      if (plugin === 'vscode') {
        this.#log.info('Plugin vscode: starting');
        this.#vscode = await startVscodePlugin({
          serverFolder: this.#settings.vscodeServer,
          node: this.#settings.vscodeNode,
          address: this.#settings.bindAddress,
          port: this.#settings.vscodePort,
          settingsFolder: this.#pathOr(this.#settings.vscodeSettingsFolder),
          workspace: this.#pathOr(this.#settings.vscodeWorkspace),
          tempDir: this.#paths.tempDir,
          environment: this.#environment,
          user: this.#user,
          signal: this.#closing.signal,
          deadlineMs: this.#settings.pluginTimeoutMs,
          log: this.#log,
        });
      } else if (plugin === 'jupyter') {
        this.#log.info('Plugin jupyter: the kernel starts with the first run_ipython action, if Python has ipykernel');
      } else {
        this.#log.info(
          'Plugin agent_skills: imported by the first run_ipython action, if OpenHands is installed in its Python',
        );
      }
    }
  }

  #pathOr(path: string | undefined): string {
    return path === undefined ? this.#workingDir : this.#paths.resolve(path, this.#workingDir);
  }

  #settleUser(): Promise<ActingUser> {
    const { username, userId } = this.#arguments;
    const { severalUsers, serverUser: own, suToUser, runtimeUsername, sandboxGroup } = this.#settings;
    return settleUser({
      username,
      userId,
      several: severalUsers,
      serverUser: own,
      suToUser,
      furtherName: runtimeUsername,
      group: sandboxGroup,
      workingDir: this.#workingDir,
      environment: this.#environment,
      log: this.#log,
    });
  }

  #routes(): Routes {
    const executor = (): ActionExecutor => {
      if (this.#executor === undefined || !this.#isReady) {
        throw new HttpError(503, 'The server is not initialized yet.');
      }
      return this.#executor;
    };
    return {
      '/alive': {
        GET: (_request, response) => sendJson(response, 200, { status: this.#isReady ? 'ok' : 'not initialized' }),
      },
      '/server_info': { GET: serverInfoHandler(this.#times, this.#log) },
      '/execute_action': {
        POST: executeActionHandler(executor, this.#oneByOne, this.#log, () => (this.#times.lastActionAt = Date.now())),
      },
      '/list_files': { POST: listFilesHandler(this.#paths, this.#workingDir) },
      '/upload_file': { POST: uploadFileHandler(this.#paths, (path) => this.#user.chown(path), this.#log) },
      '/download_files': { GET: downloadFilesHandler(this.#paths, this.#log) },
      '/vscode/connection_token': {
        GET: (_request, response) => sendJson(response, 200, { token: this.#vscode?.token ?? null }),
      },
      ...mcpRoutes(() => this.#mcp, this.#settings.sessionApiKey, this.#log),
    };
  }
}
