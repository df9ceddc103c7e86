import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder that holds this project's `package.json`. Searched upwards from the running bundle, because bundles may be
 * split into chunks that lie at different depths below `out/`.
 */
export const projectRoot = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'esbuild.mjs'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new Error('This program must lie inside the project that it was built from.');
    }
    folder = parent;
  }
  return folder;
})();

/** Bundles of tools and tests. */
export const outDir = join(projectRoot, 'out');

/** The bundle of the local platform. */
export const localPlatformBundle = join(projectRoot, 'dist', 'local.mjs');

/** Everything that is downloaded for development, and the state of `npm start`. */
export const vscodeTestDir = join(projectRoot, '.vscode-test');

/** Where failed runs leave screenshots and logs. */
export const artifactsDir = join(projectRoot, 'artifacts');

/** The extension that shows a new window of `npm start` what it has. */
export const firstSight = join(projectRoot, 'test', 'vscode', 'firstSight');
