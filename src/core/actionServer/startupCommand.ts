import { quoteIfNeeded } from '../../ground/shellWords';

/** Ports of the action server and of the VS Code server inside a devbox (OpenHands' constants). */
export const actionServerPort = 4444;
export const vscodePort = 4445;

/** Where the session key lies in a devbox: readable by the devbox's user only, for later attaches (D12). */
export const sessionKeyFile = '/home/user/.openhands-runtime/session_api_key';

/** How the server of a devbox was started; a later start, whoever asks for it, is the same. */
export const startFile = '/home/user/.openhands-runtime/start_command';

/** Names the process of the server's first start, so that a second start can tell whether it still runs. */
const processFile = '/home/user/.openhands-runtime/server_process';

const defaultPythonPrefix = [
  '/openhands/micromamba/bin/micromamba',
  'run',
  '-n',
  'openhands',
  'poetry',
  'run',
] as const;

export interface StartupOptions {
  /** Absolute path of the workspace folder in the devbox. */
  readonly workspacePath: string;
  /** Plugin names in start order. */
  readonly plugins: readonly string[];
  /** User of the shell, and its id; 0 and any name can be given (D36). */
  readonly username: string;
  readonly userId: number;
  readonly enableBrowser: boolean;
  readonly debug: boolean;
  readonly browsergymEvalEnv?: string | undefined;
  /** Names of variables that the devbox has, and that its server and all that it starts are to have as well. */
  readonly variableNames?: readonly string[];
}

/** The argv that starts the action server, in OpenHands' order (runtime contract §6). */
export function startupArgv(options: StartupOptions): string[] {
  return [
    ...defaultPythonPrefix,
    'python',
    '-u',
    '-m',
    'openhands.runtime.action_execution_server',
    String(actionServerPort),
    '--working-dir',
    options.workspacePath,
    ...(options.plugins.length === 0 ? [] : ['--plugins', ...options.plugins]),
    '--username',
    options.username,
    '--user-id',
    String(options.userId),
    // One word: split at blanks, as upstream does, the server rejects its arguments.
    ...(options.browsergymEvalEnv === undefined ? [] : ['--browsergym-eval-env', options.browsergymEvalEnv]),
    ...(options.enableBrowser ? [] : ['--no-enable-browser']),
  ];
}

/**
 * The entrypoint of a devbox: OpenHands' `sudo bash -c '…'`, every word quoted and then the whole script (D13).
 *
 * sudo resets the environment, so what the server needs is exported inside (D3, D4), and what was chosen for the devbox
 * is kept by name: values would show in process listings. The session key comes from a file for the same reason (D12). A devbox that was not made from an OpenHands image
 * says so instead of failing somewhere later (D24).
 */
export function entrypoint(options: StartupOptions): string {
  const key = quoteIfNeeded(sessionKeyFile);
  const settings: readonly (readonly [string, string])[] = [
    ['VSCODE_PORT', String(vscodePort)],
    ['WORKSPACE_MOUNT_PATH_IN_SANDBOX', options.workspacePath],
    ['WORKSPACE_BASE', options.workspacePath],
    ...(options.debug ? [['DEBUG', 'true'] as const] : []),
  ];
  const script = [
    `if [ ! -d /openhands/code ]; then echo ${quoteIfNeeded(noOpenHands)} >&2; exit 64; fi`,
    `chmod 600 ${key}`,
    `SESSION_API_KEY="$(cat ${key})"`,
    // An empty key would start the server without any authentication.
    '[ -n "$SESSION_API_KEY" ]',
    'export SESSION_API_KEY',
    `export ${settings.map(([name, value]) => `${name}=${quoteIfNeeded(value)}`).join(' ')}`,
    // With its start time, as numbers of processes are used again.
    `{ echo "$$ $(cut -d" " -f22 /proc/$$/stat)" > ${processFile} || true; }`,
    'export MAMBA_ROOT_PREFIX=/openhands/micromamba',
    'cd /openhands/code',
    '/openhands/micromamba/bin/micromamba run -n openhands poetry config virtualenvs.path /openhands/poetry',
    startupArgv(options).map(quoteIfNeeded).join(' '),
  ].join(' && ');
  return `${sudoKeeping(options.variableNames ?? [])} bash -c ${quoteIfNeeded(script)}`;
}

/** `sudo` that leaves these variables as they are; one that may not says so and goes on without them. */
function sudoKeeping(names: readonly string[]): string {
  if (names.length === 0) return 'sudo';
  const keep = `--preserve-env=${names.join(',')}`;
  return (
    `keep=${quoteIfNeeded(keep)}; sudo "$keep" true || { keep=; echo ${quoteIfNeeded(notKept)} >&2; }; ` +
    'sudo ${keep:+"$keep"}'
  );
}

/** What the entrypoint prints where sudo is not allowed to hand variables on. */
const notKept = 'sudo does not hand variables on in this devbox: its shells do not have those that were chosen.';

/** What the entrypoint prints in a devbox that has no OpenHands in it. */
const noOpenHands =
  'There is no /openhands/code in this devbox: its blueprint or snapshot was not made from an OpenHands runtime image.';

/**
 * Starts the server of a devbox again, unless its earlier start still runs: processes do not survive a suspend, and
 * nothing says that Runloop runs the entrypoint again (D19). It is started as it was at first; the options are for a
 * devbox that does not tell how that was.
 */
export function restartCommand(options: StartupOptions): string {
  return (
    `read -r p t < ${processFile}; ` +
    `if [ -n "$t" ] && [ "$(cut -d" " -f22 "/proc/$p/stat" 2>/dev/null)" = "$t" ]; then echo "The action server is being started already."; exit 0; fi; ` +
    `if [ -f ${startFile} ]; then . ${startFile}; exit; fi; ` +
    entrypoint(options)
  );
}
