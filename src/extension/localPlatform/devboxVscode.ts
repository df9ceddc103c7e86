import { access, readdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** A VS Code server that devboxes of the local platform can run. */
export interface DevboxVscode {
  /** Folder with `out/server-main.js`. */
  readonly server: string;
  /** The Node binary that runs it. */
  readonly node: string;
}

export interface DevboxVscodeSources {
  /** What settings or environment name; both parts or nothing. */
  readonly named: { readonly server: string | undefined; readonly node: string | undefined };
  /** The running editor's own folder: it is a VS Code server itself when the editor runs in a browser or remotely. */
  readonly appRoot: string;
  /** The program that runs this process; only a plain Node can run a server. */
  readonly ownNode: string | undefined;
  /** The PATH variable. */
  readonly path: string;
  readonly home: string;
}

/**
 * Looks for a VS Code server, in this order: the one that is named; the one that this window runs in; `code-server` and
 * `openvscode-server` on the PATH; one that `code serve-web` has downloaded.
 *
 * @returns undefined if there is none that could run
 */
export async function findDevboxVscode(sources: DevboxVscodeSources): Promise<DevboxVscode | undefined> {
  const { named, appRoot, ownNode, home } = sources;
  const folders = sources.path.split(':').filter((folder) => folder.startsWith('/'));
  const onPath = (name: string): Promise<string | undefined> => firstFile(folders.map((folder) => join(folder, name)));
  const plainNode = await onPath('node');
  const candidates: (() => Promise<DevboxVscode | undefined>)[] = [
    () => usable(named.server, [named.node, ...beside(named.server), ownNode, plainNode]),
    () => usable(appRoot, [ownNode]),
    async () => {
      const program = await onPath('code-server');
      if (program === undefined) return undefined;
      // <release>/bin/code-server or <package>/out/node/entry.js.
      const roots = [resolve(program, '../..'), resolve(program, '../../..')];
      return firstUsable(
        roots.map((root) => [join(root, 'lib', 'vscode'), [join(root, 'lib', 'node'), plainNode]] as const),
      );
    },
    async () => {
      const program = await onPath('openvscode-server');
      if (program === undefined) return undefined;
      const root = resolve(program, '../..');
      return usable(root, [join(root, 'node'), plainNode]);
    },
    async () => {
      const serveWeb = join(home, '.vscode', 'cli', 'serve-web');
      const versions = await entries(serveWeb);
      return firstUsable(
        versions.map((version) => [join(serveWeb, version), beside(join(serveWeb, version))] as const),
      );
    },
  ];
  for (const candidate of candidates) {
    const found = await candidate();
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where downloaded servers keep the Node that they were built for. */
function beside(server: string | undefined): string[] {
  return server === undefined ? [] : [join(server, 'node'), join(dirname(server), 'node')];
}

async function firstUsable(
  candidates: readonly (readonly [server: string, nodes: readonly (string | undefined)[]])[],
): Promise<DevboxVscode | undefined> {
  for (const [server, nodes] of candidates) {
    const found = await usable(server, nodes);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function usable(
  server: string | undefined,
  nodes: readonly (string | undefined)[],
): Promise<DevboxVscode | undefined> {
  if (server === undefined || (await firstFile([join(server, 'out', 'server-main.js')])) === undefined) {
    return undefined;
  }
  const node = await firstFile(nodes.filter((path) => path !== undefined));
  return node === undefined ? undefined : { server, node };
}

/** The first of the files that exists, free of links. */
async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      await access(path);
      return await realpath(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return undefined;
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(error.code));
}
