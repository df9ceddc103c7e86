import { readFile } from 'node:fs/promises';
import { messageOf, RuntimeError } from '../errors';
import { parseMcpServers } from '../actionServer/mcp/mcpServers';
import { given } from './optionsFromEnvironment';
import { asBoolean, asNumber, asObject, asString, asStringMap, type JsonObject } from '../parse';
import type { RunloopRuntimeOptions } from './runtimeOptions';
import { startProblem } from '../problems/start';
import { oneLine } from '../safeText';

/**
 * The options that an OpenHands `config.toml` gives: `[core]`, `[sandbox]` and `[mcp]` (runtime contract §11). Values of
 * another type than OpenHands' are skipped, as OpenHands does. The API key is never read from it (§1).
 *
 * @throws RuntimeError `invalid_option` if the file cannot be read or is no TOML
 */
export async function optionsFromConfigToml(file: string): Promise<Partial<RunloopRuntimeOptions>> {
  let parsed: JsonObject;
  try {
    const { parse } = await import('smol-toml');
    parsed = asObject(parse(await readFile(file, 'utf8'))) ?? {};
  } catch (error) {
    // The parser's message quotes the lines around the fault, which may hold secrets: its first line does not.
    throw new RuntimeError({
      problem: startProblem('config_file', { why: oneLine(messageOf(error).split('\n')[0] ?? '', 300) }),
    });
  }
  return optionsFromTables(parsed);
}

function optionsFromTables(tables: JsonObject): Partial<RunloopRuntimeOptions> {
  const core = asObject(tables['core']) ?? {};
  const sandbox = asObject(tables['sandbox']) ?? {};
  const startup = asStringMap(sandbox['runtime_startup_env_vars']);
  const text = (value: unknown): string | undefined => (asString(value) === '' ? undefined : asString(value));
  return given({
    runtime: text(core['runtime']),
    workspaceBase: text(core['workspace_base']),
    workspaceMountPathInSandbox: text(core['workspace_mount_path_in_sandbox']),
    initGitInEmptyWorkspace: asBoolean(core['init_git_in_empty_workspace']),
    maxIterations: asNumber(core['max_iterations']),
    runAsOpenhands: asBoolean(core['run_as_openhands']),
    enableBrowser: asBoolean(core['enable_browser']),
    debug: asBoolean(core['debug']),
    gitUserName: text(core['git_user_name']),
    gitUserEmail: text(core['git_user_email']),
    actionTimeoutSeconds: asNumber(sandbox['timeout']),
    browsergymEvalEnv: text(sandbox['browsergym_eval_env']),
    enableAutoLint: asBoolean(sandbox['enable_auto_lint']),
    closeMode:
      asBoolean(sandbox['keep_runtime_alive']) === true
        ? 'keep'
        : asBoolean(sandbox['pause_closed_runtimes']) === true
          ? 'suspend'
          : undefined,
    runtimeStartupEnvVars: Object.keys(startup).length === 0 ? undefined : startup,
    mcp: tables['mcp'] === undefined ? undefined : parseMcpServers(tables['mcp']),
  });
}
