import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DevboxError } from '../errors';
import type { ReadOnlyBind } from './sandbox';

/** Programs of the host that devboxes use. All paths are absolute and free of symlinks. */
export interface HostTools {
  /** The Node (or Electron) binary that runs the platform. */
  readonly node: string;
  /** The binary is Electron and needs ELECTRON_RUN_AS_NODE. */
  readonly electron: boolean;
  readonly actionServer: string;
  /** The program that serves SFTP inside devboxes. */
  readonly sftpServer: string;
  /** Folder of a VS Code server (has `out/server-main.js`). */
  readonly vscodeServer: string | undefined;
  /** Node binary that runs the VS Code server. */
  readonly vscodeNode: string | undefined;
}

/** The same programs as one devbox sees them. */
export interface DevboxTools {
  readonly node: string;
  readonly electron: boolean;
  readonly actionServer: string;
  readonly sftpServer: string;
  readonly vscodeServer: string | undefined;
  readonly vscodeNode: string | undefined;
  readonly binds: readonly ReadOnlyBind[];
}

/** Where the platform's own things are inside a devbox. */
export const platformFolder = '/run/devbox';

/** What the shells of commands read first, as the devbox sees it. */
export const loginFile = `${platformFolder}/login`;

/**
 * Checks what was given on the command line.
 * @throws DevboxError `invalid` that names the missing file.
 */
export function checkTools(tools: HostTools): void {
  if (tools.vscodeServer !== undefined && !isFile(join(tools.vscodeServer, 'out', 'server-main.js'))) {
    throw new DevboxError(
      'invalid',
      `The folder ${tools.vscodeServer} is not a VS Code server: it has no out/server-main.js.`,
    );
  }
  if (tools.vscodeNode !== undefined && !isFile(tools.vscodeNode)) {
    throw new DevboxError('invalid', `The Node binary for VS Code, ${tools.vscodeNode}, does not exist.`);
  }
}

/** True for an existing ordinary file. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** How a devbox with a file system view of its own sees the tools, and what has to be bound in for it. */
export function boundTools(tools: HostTools): DevboxTools {
  const binds: ReadOnlyBind[] = [];
  const program = (path: string, folder: string): string => {
    if (isSystemPath(path)) {
      return path;
    }
    // The whole folder: Electron and some builds of Node have their libraries beside them.
    const target = join(platformFolder, folder);
    binds.push({ source: dirname(path), target });
    return join(target, basename(path));
  };
  const node = program(tools.node, 'node');
  const vscodeNode = tools.vscodeNode === undefined ? undefined : program(tools.vscodeNode, 'vscode-node');
  const actionServer = join(platformFolder, 'actionServer.mjs');
  if (isFile(tools.actionServer)) {
    binds.push({ source: tools.actionServer, target: actionServer });
  }
  const sftpServer = join(platformFolder, 'sftpServer.mjs');
  if (isFile(tools.sftpServer)) {
    binds.push({ source: tools.sftpServer, target: sftpServer });
  }
  let vscodeServer: string | undefined;
  if (tools.vscodeServer !== undefined) {
    vscodeServer = join(platformFolder, 'vscode-server');
    binds.push({ source: tools.vscodeServer, target: vscodeServer });
  }
  return { node, electron: tools.electron, actionServer, sftpServer, vscodeServer, vscodeNode, binds };
}

/** How a devbox without a view of its own sees the tools: where they are. */
export function unboundTools(tools: HostTools): DevboxTools {
  return { ...tools, binds: [] };
}

function isSystemPath(path: string): boolean {
  return ['/usr/', '/opt/', '/bin/', '/lib/', '/nix/', '/gnu/'].some((folder) => path.startsWith(folder));
}
