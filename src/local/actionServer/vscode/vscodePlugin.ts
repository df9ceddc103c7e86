import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../files/makeFolder';
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
  readonly deadlineMs: number;
  readonly log: Logger;
  /** Aborts when the server is not wanted any more. */
  readonly signal: AbortSignal;
}

/** Settings of the devbox's editor, for folders that have none. */
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
    await writeSettings(options.settingsFolder);
    const server = await VscodeServer.start({ ...options, serverFolder, node, port });
    log.info(`VS Code: the server listens on ${options.address}:${port}.`);
    return server;
  } catch (error) {
    if (options.signal.aborted) return undefined;
    log.error('VS Code: the server could not be started', error);
    return undefined;
  }
}

async function writeSettings(folder: string): Promise<void> {
  await makeFolder(join(folder, '.vscode'));
  try {
    const text = `${JSON.stringify(workspaceSettings, null, 2)}\n`;
    await writeFile(join(folder, '.vscode', 'settings.json'), text, { flag: 'wx' });
  } catch (error) {
    // The folder has settings of its own already.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
