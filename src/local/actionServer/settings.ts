import { exitCodes, StartupError } from './startupError';
import type { LogLevel, LogSettings } from './logging';

/** What the server reads from its environment. Durations are in milliseconds. */
export interface ServerSettings {
  readonly sessionApiKey: string | undefined;
  readonly silenceTimeoutMs: number;
  readonly pluginTimeoutMs: number;
  readonly vscodePort: number | undefined;
  readonly vscodeWorkspace: string | undefined;
  readonly vscodeSettingsFolder: string | undefined;
  readonly maxMemoryGb: string | undefined;
  readonly bindAddress: string;
  readonly vscodeServer: string | undefined;
  readonly vscodeNode: string | undefined;
  readonly plainRoot: string | undefined;
  /** The devbox has several users. */
  readonly severalUsers: boolean;
  readonly serverUser: string | undefined;
  readonly suToUser: boolean;
  readonly runtimeUsername: string | undefined;
  readonly sandboxGroup: string;
  /** Path of the Chromium that browses, if one is named. */
  readonly chromium: string | undefined;
}

/**
 * Parses the environment.
 *
 * @param environment usually `process.env`
 * @throws StartupError when a value cannot be used
 */
export function parseSettings(environment: NodeJS.ProcessEnv): ServerSettings {
  const vscodePort = Number(environment['VSCODE_PORT'] ?? '');
  return {
    sessionApiKey: nonEmpty(environment['SESSION_API_KEY']),
    silenceTimeoutMs: seconds(environment, 'NO_CHANGE_TIMEOUT_SECONDS', 10) * 1000,
    pluginTimeoutMs: seconds(environment, 'INIT_PLUGIN_TIMEOUT', 120) * 1000,
    vscodePort: Number.isInteger(vscodePort) && vscodePort > 0 && vscodePort < 65_536 ? vscodePort : undefined,
    vscodeWorkspace: nonEmpty(environment['WORKSPACE_MOUNT_PATH_IN_SANDBOX']),
    vscodeSettingsFolder: nonEmpty(environment['WORKSPACE_BASE']),
    maxMemoryGb: nonEmpty(environment['RUNTIME_MAX_MEMORY_GB']),
    bindAddress: bindAddress(environment['RUNLOOP_LOCAL_BIND']),
    vscodeServer: nonEmpty(environment['RUNLOOP_LOCAL_VSCODE_SERVER']),
    vscodeNode: nonEmpty(environment['RUNLOOP_LOCAL_VSCODE_NODE']),
    chromium: nonEmpty(environment['RUNLOOP_LOCAL_CHROMIUM']),
    plainRoot: nonEmpty(environment['RUNLOOP_LOCAL_ROOT']),
    severalUsers:
      environment['RUNLOOP_LOCAL_USERS'] === '1' && nonEmpty(environment['RUNLOOP_LOCAL_ROOT']) === undefined,
    serverUser: nonEmpty(environment['USER']),
    suToUser: ['1', 'true', 't', 'yes', 'y', 'on'].includes((environment['SU_TO_USER'] ?? 'true').toLowerCase()),
    runtimeUsername: nonEmpty(environment['RUNTIME_USERNAME']),
    sandboxGroup: nonEmpty(environment['SANDBOX_GROUP_ID']) ?? 'root',
  };
}

/** Parses the part of the environment that says how to log. Never fails: the log is needed to report the rest. */
export function parseLogSettings(environment: NodeJS.ProcessEnv): LogSettings {
  const debug = isTruthy(environment['DEBUG']);
  const wanted = (environment['LOG_LEVEL'] ?? 'INFO').toUpperCase();
  const levels: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR'];
  return {
    json: isTruthy(environment['LOG_JSON']),
    jsonLevelKey: nonEmpty(environment['LOG_JSON_LEVEL_KEY']) ?? 'level',
    level: debug ? 'DEBUG' : (levels.find((level) => level === wanted) ?? 'INFO'),
  };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

function isTruthy(value: string | undefined): boolean {
  return ['1', 'true', 'yes'].includes((value ?? '').toLowerCase());
}

function seconds(environment: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = nonEmpty(environment[name]);
  if (text === undefined) return fallback;
  if (!/^\d{1,6}$/.test(text.trim())) {
    throw new StartupError(`${name} must be a whole number of seconds, got "${text}".`, exitCodes.initialisation);
  }
  return Number(text);
}

function bindAddress(value: string | undefined): string {
  const address = nonEmpty(value) ?? '127.0.0.1';
  const parts = address.split('.').map(Number);
  const isLoopback =
    /^127(\.\d{1,3}){3}$/.test(address) && parts.every((part) => Number.isInteger(part) && part <= 255);
  if (!isLoopback) {
    throw new StartupError(`RUNLOOP_LOCAL_BIND must be an address in 127.0.0.0/8, got "${address}".`, exitCodes.usage);
  }
  return address;
}
