import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder } from '../files/makeFolder';
import type { ActingUser } from '../actingUser';
import type { Logger } from '../logging';
import { VscodeServer } from './vscodeServer';

/** What the VS Code plugin needs. Paths are this process's. */
export interface VscodePluginOptions {
  readonly serverFolder: string | undefined;
  readonly node: string | undefined;
  readonly address: string;
  readonly port: number | undefined;
  /** Folder that gets `.vscode/settings.json`. */
  readonly settingsFolder: string;
  readonly workspace: string;
  readonly tempDir: string;
  readonly environment: Record<string, string>;
  readonly user: ActingUser;
  readonly deadlineMs: number;
  readonly log: Logger;
  /** Aborts when the server is not wanted any more. */
  readonly signal: AbortSignal;
}

/** User settings of the devbox's editor: a quiet window on the workspace, without a panel for chats it cannot hold. */
const userSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
};

/** Settings of the workspace folder, as upstream writes them; only if it has none. */
const workspaceSettings = {
  'workbench.startupEditor': 'none',
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
};

/**
 * Starts the devbox's VS Code server. The action server is useful without it, so what goes wrong is only logged.
 *
 * @returns undefined when there is none
 */
export async function startVscodePlugin(options: VscodePluginOptions): Promise<VscodeServer | undefined> {
  const { log, port, serverFolder, node } = options;
  if (port === undefined) {
    log.warn('VS Code: VSCODE_PORT is not set to a port, so no VS Code server is started.');
    return undefined;
  }
  if (serverFolder === undefined || node === undefined) {
    log.warn(
      'VS Code: this devbox has no VS Code server (RUNLOOP_LOCAL_VSCODE_SERVER and RUNLOOP_LOCAL_VSCODE_NODE name it).',
    );
    return undefined;
  }
  try {
    const dataDir = join(options.user.environment['HOME'] ?? homedir(), '.vscode-server');
    await writeSettings(join(options.settingsFolder, '.vscode', 'settings.json'), workspaceSettings, options.user);
    await writeSettings(join(dataDir, 'data', 'User', 'settings.json'), userSettings, options.user);
    const server = await VscodeServer.start({ ...options, serverFolder, node, port, dataDir });
    log.info(`VS Code: the server listens on ${options.address}:${port}.`);
    return server;
  } catch (error) {
    if (options.signal.aborted) return undefined;
    log.error('VS Code: the server could not be started', error);
    return undefined;
  }
}

/** Writes settings to a file that is not there yet. */
async function writeSettings(
  file: string,
  settings: Readonly<Record<string, unknown>>,
  user: ActingUser,
): Promise<void> {
  await makeFolder(dirname(file), (path) => user.chown(path));
  try {
    await writeFile(file, `${JSON.stringify(settings, null, 2)}\n`, { flag: 'wx' });
    await user.chown(file);
  } catch (error) {
    // There are some already; they are the user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
