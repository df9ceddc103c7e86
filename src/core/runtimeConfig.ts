import { RuntimeError } from './errors';
import { defaultBaseUrl } from './platform/client';

/** Where session keys are kept for later attaches; the extension keeps them in SecretStorage. */
export interface SessionKeyStore {
  get(devboxId: string): Promise<string | undefined>;
  set(devboxId: string, key: string): Promise<void>;
  delete(devboxId: string): Promise<void>;
}

export interface RunloopRuntimeOptions {
  /** The Runloop API key. Secret. Environment: `RUNLOOP_API_KEY`. */
  readonly apiKey: string;
  /** Default `https://api.runloop.ai`. Environment: `RUNLOOP_BASE_URL`. */
  readonly baseUrl?: string | undefined;
  /** Session id: the devbox's name, and `openhands-runtime-<sid>` in its metadata. Default `default`. */
  readonly sid?: string;
  /** Attach to a devbox that is there, or fail; never create one (D5). */
  readonly attachToExisting?: boolean;
  /** With `attachToExisting`: this very devbox, instead of looking for the sid. */
  readonly devboxId?: string | undefined;
  /** Default `openhands`; the latest successful build of that name. */
  readonly blueprintName?: string | undefined;
  /** Default `/workspace`. Environment: `WORKSPACE_MOUNT_PATH_IN_SANDBOX`. */
  readonly workspaceMountPathInSandbox?: string | undefined;
  /** Default `agent_skills`, `jupyter`; `vscode` is added unless `headlessMode`. */
  readonly plugins?: readonly string[];
  /** Default false: the devbox gets a VS Code. */
  readonly headlessMode?: boolean;
  /** Default true. Environment: `RUN_AS_OPENHANDS`. */
  readonly runAsOpenhands?: boolean | undefined;
  /** Default true. Environment: `ENABLE_BROWSER`. */
  readonly enableBrowser?: boolean | undefined;
  /** Default false. Environment: `DEBUG`. */
  readonly debug?: boolean | undefined;
  /** Environment: `SANDBOX_BROWSERGYM_EVAL_ENV`. */
  readonly browsergymEvalEnv?: string | undefined;
  /** Seconds after which Runloop ends the devbox; default 3600, at most 172800 (D21). */
  readonly keepAliveTimeSeconds?: number | undefined;
  /** Runloop's size word; default `LARGE`. */
  readonly resourceSize?: string | undefined;
  /** Commands that the devbox runs before its entrypoint, at every start. */
  readonly launchCommands?: readonly string[] | undefined;
  /** Default `authenticated` (D12). */
  readonly tunnelAuthMode?: 'open' | 'authenticated' | undefined;
  /** Overrides the tunnel URL, with `{port}` and `{key}`. */
  readonly tunnelUrlTemplate?: string | undefined;
  readonly sessionKeys?: SessionKeyStore | undefined;
  /** Milliseconds that a whole connect may take; default 300,000. */
  readonly connectTimeoutMs?: number | undefined;
}

export interface RuntimeConfig {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly sid: string;
  readonly attachToExisting: boolean;
  readonly devboxId: string | undefined;
  readonly blueprintName: string;
  readonly workspacePath: string;
  readonly plugins: readonly string[];
  readonly runAsOpenhands: boolean;
  readonly enableBrowser: boolean;
  readonly debug: boolean;
  readonly browsergymEvalEnv: string | undefined;
  readonly keepAliveSeconds: number;
  readonly resourceSize: string;
  readonly launchCommands: readonly string[];
  readonly tunnelAuthMode: 'open' | 'authenticated';
  readonly tunnelUrlTemplate: string | undefined;
  readonly sessionKeys: SessionKeyStore | undefined;
  readonly connectTimeoutMs: number;
}

/** The longest life that Runloop gives a devbox, in seconds (48 h). */
export const longestKeepAliveSeconds = 172_800;

/** The longest session id and devbox name we send, in characters. */
export const longestName = 100;

/** Metadata that marks a devbox as one of OpenHands' runtimes. */
export const containerNameKey = 'container-name';
export function containerName(sid: string): string {
  return `openhands-runtime-${sid}`;
}

function invalid(message: string, nextStep: string): RuntimeError {
  return new RuntimeError({ code: 'invalid_option', message, nextStep });
}

/**
 * What is wrong with a name for a devbox, or undefined if nothing is. Control characters would garble every list it
 * is shown in.
 */
export function nameProblem(name: string): 'empty' | 'too_long' | 'control_characters' | undefined {
  if (name.trim() === '') return 'empty';
  if (Array.from(name).length > longestName) return 'too_long';
  return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(name) ? 'control_characters' : undefined;
}

/**
 * Options with their defaults, checked.
 *
 * @throws RuntimeError `invalid_option`
 */
export function resolveConfig(options: RunloopRuntimeOptions): RuntimeConfig {
  const sid = options.sid ?? 'default';
  const problem = nameProblem(sid);
  if (problem !== undefined) {
    throw invalid(
      problem === 'empty'
        ? 'A devbox needs a name.'
        : problem === 'too_long'
          ? `A devbox name has at most ${longestName} characters.`
          : 'A devbox name must not contain control characters.',
      'Choose another name.',
    );
  }
  const workspacePath = options.workspaceMountPathInSandbox ?? '/workspace';
  if (!workspacePath.startsWith('/') || workspacePath.includes('\0')) {
    throw invalid('The workspace path in the devbox must be absolute.', 'Use a path such as /workspace.');
  }
  const keepAliveSeconds = options.keepAliveTimeSeconds ?? 3_600;
  if (!Number.isInteger(keepAliveSeconds) || keepAliveSeconds < 60 || keepAliveSeconds > longestKeepAliveSeconds) {
    throw invalid('The lifetime of a devbox must be between 1 minute and 48 hours.', 'Choose another lifetime.');
  }
  const plugins = [...(options.plugins ?? ['agent_skills', 'jupyter'])];
  if (options.headlessMode !== true && !plugins.includes('vscode')) plugins.push('vscode');
  return {
    apiKey: options.apiKey,
    baseUrl: options.baseUrl ?? defaultBaseUrl,
    sid,
    attachToExisting: options.attachToExisting ?? false,
    devboxId: options.devboxId,
    blueprintName: options.blueprintName ?? 'openhands',
    workspacePath,
    plugins,
    runAsOpenhands: options.runAsOpenhands ?? true,
    enableBrowser: options.enableBrowser ?? true,
    debug: options.debug ?? false,
    browsergymEvalEnv: options.browsergymEvalEnv,
    keepAliveSeconds,
    resourceSize: options.resourceSize ?? 'LARGE',
    launchCommands: options.launchCommands ?? [],
    tunnelAuthMode: options.tunnelAuthMode ?? 'authenticated',
    tunnelUrlTemplate: options.tunnelUrlTemplate,
    sessionKeys: options.sessionKeys,
    connectTimeoutMs: options.connectTimeoutMs ?? 300_000,
  };
}

/**
 * The options that the environment gives, by OpenHands' and Runloop's own names (runtime contract §11). Booleans are
 * true for `true` and `1` only; empty values count as unset.
 */
export function optionsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Partial<RunloopRuntimeOptions> {
  const text = (name: string): string | undefined => (env[name]?.trim() === '' ? undefined : env[name]?.trim());
  const flag = (name: string): boolean | undefined => {
    const value = text(name)?.toLowerCase();
    return value === undefined ? undefined : value === 'true' || value === '1';
  };
  const apiKey = text('RUNLOOP_API_KEY');
  return {
    ...(apiKey === undefined ? {} : { apiKey }),
    baseUrl: text('RUNLOOP_BASE_URL'),
    workspaceMountPathInSandbox: text('WORKSPACE_MOUNT_PATH_IN_SANDBOX'),
    runAsOpenhands: flag('RUN_AS_OPENHANDS'),
    enableBrowser: flag('ENABLE_BROWSER'),
    debug: flag('DEBUG'),
    browsergymEvalEnv: text('SANDBOX_BROWSERGYM_EVAL_ENV'),
  };
}
