import { parsePythonDict } from './pythonDict';
import type { RunloopRuntimeOptions } from './runtimeOptions';

/** Options without those that were not given, so that spreading them over others never erases one. */
export function given(options: {
  readonly [Key in keyof RunloopRuntimeOptions]?: RunloopRuntimeOptions[Key] | undefined;
}): Partial<RunloopRuntimeOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * The options that the environment gives, by OpenHands' and Runloop's own names (runtime contract §11). Booleans are
 * true for `true` and `1` only; empty values and numbers that are none count as unset.
 */
export function optionsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Partial<RunloopRuntimeOptions> {
  const text = (name: string): string | undefined => (env[name]?.trim() === '' ? undefined : env[name]?.trim());
  const flag = (name: string): boolean | undefined => {
    const value = text(name)?.toLowerCase();
    return value === undefined ? undefined : value === 'true' || value === '1';
  };
  const number = (name: string): number | undefined => {
    const value = Number(text(name) ?? Number.NaN);
    return Number.isFinite(value) ? value : undefined;
  };
  const variables = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith('SANDBOX_ENV_') && name.length > 'SANDBOX_ENV_'.length && value !== undefined
      ? [[name.slice('SANDBOX_ENV_'.length), value] as const]
      : [],
  );
  const startup = text('SANDBOX_RUNTIME_STARTUP_ENV_VARS');
  return given({
    apiKey: text('RUNLOOP_API_KEY'),
    baseUrl: text('RUNLOOP_BASE_URL'),
    runtime: text('RUNTIME'),
    workspaceBase: text('WORKSPACE_BASE'),
    workspaceMountPathInSandbox: text('WORKSPACE_MOUNT_PATH_IN_SANDBOX'),
    initGitInEmptyWorkspace: flag('INIT_GIT_IN_EMPTY_WORKSPACE'),
    maxIterations: number('MAX_ITERATIONS'),
    runAsOpenhands: flag('RUN_AS_OPENHANDS'),
    username: text('RUNTIME_USERNAME'),
    userId: number('RUNTIME_UID'),
    enableBrowser: flag('ENABLE_BROWSER'),
    debug: flag('DEBUG'),
    gitUserName: text('GIT_USER_NAME'),
    gitUserEmail: text('GIT_USER_EMAIL'),
    actionTimeoutSeconds: number('SANDBOX_TIMEOUT'),
    browsergymEvalEnv: text('SANDBOX_BROWSERGYM_EVAL_ENV'),
    enableAutoLint: flag('SANDBOX_ENABLE_AUTO_LINT'),
    closeMode:
      flag('SANDBOX_KEEP_RUNTIME_ALIVE') === true
        ? 'keep'
        : flag('SANDBOX_PAUSE_CLOSED_RUNTIMES') === true
          ? 'suspend'
          : undefined,
    runtimeStartupEnvVars: startup === undefined ? undefined : parsePythonDict(startup),
    envVars: variables.length === 0 ? undefined : Object.fromEntries(variables),
  });
}
