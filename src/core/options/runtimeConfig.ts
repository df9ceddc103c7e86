import { nameFault } from '../variables';
import { RuntimeError } from '../errors';
import { longestKeepAliveSeconds } from '../start/endRule';
import { clonePath, longestName, nameProblem, type StartChoices } from '../start/startChoices';
import type { StartNotes } from '../start/notes/startNotes';
import { noMcpServers, type McpServers } from '../actionServer/mcp/mcpServers';
import { defaultBaseUrl } from '../platform/client';
import type { CloseMode, IdlePolicy, RunloopRuntimeOptions, SessionKeyStore } from './runtimeOptions';
import { oneLine } from '../safeText';
import type { Problem } from '../problems/problem';
import { startProblem } from '../problems/start';

/** {@link RunloopRuntimeOptions}, checked and with their defaults. */
export interface RuntimeConfig {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly sid: string;
  readonly attachToExisting: boolean;
  readonly devboxId: string | undefined;
  readonly reuseExisting: boolean;
  readonly closeMode: CloseMode | undefined;
  readonly blueprintName: string;
  readonly resourceSize: string;
  readonly keepAliveSeconds: number;
  readonly idle: IdlePolicy | undefined;
  readonly choices: StartChoices | undefined;
  readonly launchCommands: readonly string[];
  readonly tunnelAuthMode: 'open' | 'authenticated';
  readonly tunnelUrlTemplate: string | undefined;
  readonly sessionKeys: SessionKeyStore | undefined;
  readonly startNotes: StartNotes | undefined;
  readonly resumeSuspended: boolean;
  readonly isUnasked: boolean;
  readonly connectTimeoutMs: number;
  readonly workspaceBase: string | undefined;
  readonly confirmSecrets: ((paths: readonly string[]) => Promise<boolean>) | undefined;
  readonly workspacePath: string;
  readonly initGitInEmptyWorkspace: boolean;
  readonly maxIterations: number;
  readonly plugins: readonly string[];
  readonly username: string;
  readonly userId: number;
  readonly enableBrowser: boolean;
  readonly debug: boolean;
  readonly browsergymEvalEnv: string | undefined;
  readonly actionTimeoutSeconds: number;
  /** All variables of §5.1, later ones winning, names in upper case. Secret. */
  readonly environment: Readonly<Record<string, string>>;
  readonly gitUserName: string;
  readonly gitUserEmail: string;
  readonly mcp: McpServers;
}

export function containerName(sid: string): string {
  return `openhands-runtime-${sid}`;
}

function invalid(problem: Problem): RuntimeError {
  return new RuntimeError({ problem });
}

function checkedSid(sid: string): string {
  const problem = nameProblem(sid);
  if (problem === undefined) return sid;
  throw invalid(
    problem === 'too_long'
      ? startProblem('name_too_long', { most: longestName })
      : startProblem(problem === 'empty' ? 'name_empty' : 'name_control_characters'),
  );
}

function checkedNumbers(
  options: RunloopRuntimeOptions,
): Pick<RuntimeConfig, 'keepAliveSeconds' | 'maxIterations' | 'actionTimeoutSeconds' | 'userId'> {
  const keepAliveSeconds = options.keepAliveTimeSeconds ?? 3_600;
  if (!Number.isInteger(keepAliveSeconds) || keepAliveSeconds < 60 || keepAliveSeconds > longestKeepAliveSeconds) {
    throw invalid(startProblem('lifetime_out_of_range'));
  }
  if (options.idle !== undefined && !(options.idle.afterSeconds >= 60)) {
    throw invalid(startProblem('idle_too_short'));
  }
  const maxIterations = options.maxIterations ?? 500;
  if (!Number.isInteger(maxIterations) || maxIterations < 1) {
    throw invalid(startProblem('iterations'));
  }
  const actionTimeoutSeconds = options.actionTimeoutSeconds ?? 120;
  if (!(actionTimeoutSeconds > 0) || actionTimeoutSeconds > 86_400) {
    throw invalid(startProblem('action_timeout_out_of_range'));
  }
  const userId = options.userId ?? ((options.runAsOpenhands ?? true) ? 1000 : 0);
  if (!Number.isInteger(userId) || userId < 0) throw invalid(startProblem('user_id'));
  return { keepAliveSeconds, maxIterations, actionTimeoutSeconds, userId };
}

/** All variables in the order of §5.1; what cannot be a variable is refused here, before anything is created. */
function mergedEnvironment(options: RunloopRuntimeOptions): Record<string, string> {
  const tokens = Object.entries(options.gitProviderTokens ?? {}).map(
    ([provider, token]) => [`${provider}_token`, token] as const,
  );
  const all = [
    ...(options.enableAutoLint === true ? [['ENABLE_AUTO_LINT', 'true'] as const] : []),
    ...Object.entries(options.envVars ?? {}),
    ...tokens,
    ...Object.entries(options.runtimeStartupEnvVars ?? {}),
  ];
  const merged: Record<string, string> = {};
  for (const [name, value] of all) {
    const fault = nameFault(name, value);
    if (fault !== undefined) throw fault;
    merged[name.toUpperCase()] = value;
  }
  return merged;
}

function checkedIdentity(text: string, what: 'git_user_name' | 'git_email_address'): string {
  if (text.includes('\0')) throw invalid(startProblem(what));
  return text;
}

/**
 * Options with their defaults, checked.
 *
 * @throws RuntimeError `invalid_option`
 */
export function resolveConfig(options: RunloopRuntimeOptions): RuntimeConfig {
  if (options.runtime !== undefined && options.runtime !== 'runloop') {
    throw invalid(startProblem('other_runtime', { runtime: oneLine(options.runtime, 60) }));
  }
  const { repository } = options.choices ?? {};
  const workspacePath =
    repository === undefined ? (options.workspaceMountPathInSandbox ?? '/workspace') : clonePath(repository);
  if (!workspacePath.startsWith('/') || workspacePath.includes('\0')) {
    throw invalid(startProblem('workspace_path'));
  }
  const plugins = [...(options.plugins ?? ['agent_skills', 'jupyter'])];
  if (options.headlessMode !== true && !plugins.includes('vscode')) plugins.push('vscode');
  return {
    apiKey: options.apiKey,
    baseUrl: options.baseUrl ?? defaultBaseUrl,
    sid: checkedSid(options.sid ?? 'default'),
    attachToExisting: options.attachToExisting ?? false,
    devboxId: options.devboxId,
    reuseExisting: options.reuseExisting ?? true,
    closeMode: options.closeMode,
    blueprintName: options.blueprintName ?? 'openhands',
    resourceSize: options.resourceSize ?? 'LARGE',
    idle: options.idle,
    choices: options.choices,
    launchCommands: options.launchCommands ?? [],
    tunnelAuthMode: options.tunnelAuthMode ?? 'authenticated',
    tunnelUrlTemplate: options.tunnelUrlTemplate,
    sessionKeys: options.sessionKeys,
    startNotes: options.startNotes,
    resumeSuspended: options.resumeSuspended ?? true,
    isUnasked: options.isUnasked ?? false,
    connectTimeoutMs: options.connectTimeoutMs ?? 300_000,
    workspaceBase: options.workspaceBase,
    confirmSecrets: options.confirmSecrets,
    workspacePath,
    initGitInEmptyWorkspace: options.initGitInEmptyWorkspace ?? false,
    plugins,
    username: options.username ?? ((options.runAsOpenhands ?? true) ? 'openhands' : 'root'),
    enableBrowser: options.enableBrowser ?? true,
    debug: options.debug ?? false,
    browsergymEvalEnv: options.browsergymEvalEnv,
    environment: mergedEnvironment(options),
    gitUserName: checkedIdentity(options.gitUserName ?? 'openhands', 'git_user_name'),
    gitUserEmail: checkedIdentity(options.gitUserEmail ?? 'openhands@all-hands.dev', 'git_email_address'),
    mcp: options.mcp ?? noMcpServers,
    ...checkedNumbers(options),
  };
}
