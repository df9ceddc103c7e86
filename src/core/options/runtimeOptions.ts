import type { McpServers } from '../actionServer/mcp/mcpServers';
import type { StartNotes } from '../start/notes/startNotes';
import type { StartChoices } from '../start/startChoices';

/** Where session keys are kept for later attaches; the extension keeps them in SecretStorage. */
export interface SessionKeyStore {
  get(devboxId: string): Promise<string | undefined>;
  set(devboxId: string, key: string): Promise<void>;
  delete(devboxId: string): Promise<void>;
}

/** What becomes of the devbox when its runtime is closed. */
export type CloseMode = 'keep' | 'suspend' | 'shutdown';

/** Runloop's idle policy: what happens to a devbox that nobody uses. Replaces the fixed lifetime. */
export interface IdlePolicy {
  readonly afterSeconds: number;
  readonly action: 'suspend' | 'shutdown';
}

/**
 * Everything that a runtime can be told (runtime contract §2 and §11). Environment names are OpenHands' and Runloop's
 * own; `optionsFromEnvironment` and `optionsFromConfigToml` read them.
 */
export interface RunloopRuntimeOptions {
  /** The Runloop API key. Secret. Environment: `RUNLOOP_API_KEY`. */
  readonly apiKey: string;
  /** Default `https://api.runloop.ai`. Environment: `RUNLOOP_BASE_URL`. */
  readonly baseUrl?: string | undefined;
  /** `runloop`, or not given: any other word is refused. Environment: `RUNTIME`. */
  readonly runtime?: string | undefined;

  /** Session id: the devbox's name, and `openhands-runtime-<sid>` in its metadata. Default `default`. */
  readonly sid?: string;
  /** Attach to a devbox that is there, or fail; never create one (D5). Default false. */
  readonly attachToExisting?: boolean;
  /** With `attachToExisting`: this very devbox, instead of looking for the sid. */
  readonly devboxId?: string | undefined;
  /**
   * Without `attachToExisting`: first look for a devbox of this sid (by its metadata) and go on with it, so that a
   * resumed session finds its files again (D20). False always creates. Default true.
   */
  readonly reuseExisting?: boolean | undefined;
  /** What close() does unless told otherwise; default: shut down what this runtime created, keep what it found. */
  readonly closeMode?: CloseMode | undefined;

  /** Default `openhands`; the latest successful build of that name. */
  readonly blueprintName?: string | undefined;
  /** Runloop's size word; default `LARGE`. */
  readonly resourceSize?: string | undefined;
  /** Seconds after which Runloop ends the devbox; default 3600, at most 172800 (D21). */
  readonly keepAliveTimeSeconds?: number | undefined;
  /** What to start from, how large, and when it ends: instead of blueprint, size, lifetime and idle policy. */
  readonly choices?: StartChoices | undefined;
  /** An idle policy instead of the fixed lifetime. */
  readonly idle?: IdlePolicy | undefined;
  /** Commands that the devbox runs before its entrypoint, at every start. */
  readonly launchCommands?: readonly string[] | undefined;
  /** Default `authenticated` (D12). */
  readonly tunnelAuthMode?: 'open' | 'authenticated' | undefined;
  /** Overrides the tunnel URL, with `{port}` and `{key}`. */
  readonly tunnelUrlTemplate?: string | undefined;
  readonly sessionKeys?: SessionKeyStore | undefined;
  /**
   * Where starts are noted before they are sent, so that a process that crashes loses no devbox from sight:
   * `unsettledStarts` finds them later. Without it, none is noted.
   */
  readonly startNotes?: StartNotes | undefined;
  /** False: a suspended devbox that is attached to stays so, and connecting fails with `devbox_suspended`. Default true. */
  readonly resumeSuspended?: boolean | undefined;
  /**
   * Nobody asks for the connect just now, as when a window finds back to its devboxes: nothing that it does counts as use of
   * the devbox, and nothing is started in it. Default false.
   */
  readonly isUnasked?: boolean | undefined;
  /** Milliseconds that a whole connect may take; default 300,000. */
  readonly connectTimeoutMs?: number | undefined;

  /**
   * A local folder that is uploaded into the workspace of a devbox created here: `.gitignore` honoured, files that look
   * like secrets only with {@link confirmSecrets}. Environment: `WORKSPACE_BASE`.
   */
  readonly workspaceBase?: string | undefined;
  /** Asked with the relative paths of the files that look like secrets; only a yes uploads them. Default: no. */
  readonly confirmSecrets?: ((paths: readonly string[]) => Promise<boolean>) | undefined;
  /** Default `/workspace`. Environment: `WORKSPACE_MOUNT_PATH_IN_SANDBOX`. */
  readonly workspaceMountPathInSandbox?: string | undefined;
  /** `git init` in a workspace that has nothing in it. Default false. Environment: `INIT_GIT_IN_EMPTY_WORKSPACE`. */
  readonly initGitInEmptyWorkspace?: boolean | undefined;
  /** Limit of the agent loop, kept for whoever drives it: `runtime.config.maxIterations`. Default 500. Environment: `MAX_ITERATIONS`. */
  readonly maxIterations?: number | undefined;

  /** Default `agent_skills`, `jupyter`; `vscode` is added unless `headlessMode`. */
  readonly plugins?: readonly string[];
  /** Default false: the devbox gets a VS Code. */
  readonly headlessMode?: boolean;
  /** Default true. Environment: `RUN_AS_OPENHANDS`. */
  readonly runAsOpenhands?: boolean | undefined;
  /** User of the shell; default `openhands` or `root`. Environment: `RUNTIME_USERNAME`. */
  readonly username?: string | undefined;
  /** Its user id, 0 included (D36); default 1000 or 0. Environment: `RUNTIME_UID`. */
  readonly userId?: number | undefined;
  /** Default true. Environment: `ENABLE_BROWSER`. */
  readonly enableBrowser?: boolean | undefined;
  /** Default false. Environment: `DEBUG`. */
  readonly debug?: boolean | undefined;
  /** Environment: `SANDBOX_BROWSERGYM_EVAL_ENV`. */
  readonly browsergymEvalEnv?: string | undefined;
  /** Seconds that an action may take unless it says otherwise; default 120. Environment: `SANDBOX_TIMEOUT`. */
  readonly actionTimeoutSeconds?: number | undefined;

  /** Variables of the devbox's shells. Secret. Environment: `SANDBOX_ENV_<NAME>` gives `<NAME>`. */
  readonly envVars?: Readonly<Record<string, string>> | undefined;
  /** Variables set after all others. Secret. Environment: `SANDBOX_RUNTIME_STARTUP_ENV_VARS`, a Python dict or JSON. */
  readonly runtimeStartupEnvVars?: Readonly<Record<string, string>> | undefined;
  /** Sets `ENABLE_AUTO_LINT=true`. Default false. Environment: `SANDBOX_ENABLE_AUTO_LINT`. */
  readonly enableAutoLint?: boolean | undefined;
  /** Tokens by provider: `{ github: … }` becomes `GITHUB_TOKEN`. Secret. */
  readonly gitProviderTokens?: Readonly<Record<string, string>> | undefined;
  /** Default `openhands`; empty leaves git alone. Environment: `GIT_USER_NAME`. */
  readonly gitUserName?: string | undefined;
  /** Default `openhands@all-hands.dev`; empty leaves git alone. Environment: `GIT_USER_EMAIL`. */
  readonly gitUserEmail?: string | undefined;

  /** MCP servers: stdio ones run in the devbox, the others are reached from here. */
  readonly mcp?: McpServers | undefined;
}
