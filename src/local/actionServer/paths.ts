import { tmpdir } from 'node:os';
import { isAbsolute, join, normalize, resolve } from 'node:path';

/** Folders of a devbox that plain mode keeps below a host folder. */
const devboxFolders = ['/workspace', '/openhands', '/home/user'];

/**
 * Where a path of the contract lies for this process. In a devbox with a file system of its own the two are the same;
 * in plain mode a host folder stands for the devbox's `/`. This is the only place that knows the difference.
 */
export class DevboxPaths {
  readonly #root: string | undefined;

  /** @param root the host folder that stands for `/`, or undefined in a real devbox */
  constructor(root: string | undefined) {
    this.#root = root === undefined ? undefined : resolve(root);
  }

  /** Where temporary files go. In plain mode they stay inside the devbox's folder, so that they end with it. */
  get tempDir(): string {
    return this.#root === undefined ? tmpdir() : join(this.#root, 'tmp');
  }

  /** The path to open for an absolute path that a client named. */
  toHost(path: string): string {
    if (this.#root === undefined) return path;
    const clean = normalize(path);
    const inDevbox = devboxFolders.some((folder) => clean === folder || clean.startsWith(`${folder}/`));
    return inDevbox ? join(this.#root, clean) : path;
  }

  /** The path to tell a client for one that this process uses. */
  toDevbox(path: string): string {
    if (this.#root === undefined || !path.startsWith(`${this.#root}/`)) return path;
    return path.slice(this.#root.length);
  }

  /**
   * Resolves a path of a request.
   *
   * @param path absolute, or relative to `base`
   * @param base an absolute path as this process uses it
   */
  resolve(path: string, base: string): string {
    return isAbsolute(path) ? this.toHost(normalizeKeepingRoot(path)) : join(base, path);
  }
}

function normalizeKeepingRoot(path: string): string {
  const clean = normalize(path);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}
