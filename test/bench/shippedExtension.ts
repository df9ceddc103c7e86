import { execFile } from 'node:child_process';
import { cp, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../vscode/projectPaths';
import { bundleSizes } from './bundleSizes';

const run = promisify(execFile);
/** What a package is made of, beside its bundles. */
const shipped = [
  'package.json',
  'package.nls.json',
  'package.nls.zh-cn.json',
  '.vscodeignore',
  'README.md',
  'CHANGELOG.md',
  'SUPPORT.md',
  'LICENSE',
  'media',
];

/** The extension as it is shipped, in a folder of its own. */
export interface ShippedExtension {
  readonly folder: string;
  /** Sizes in kB of 1000 bytes: what activation loads, what the SDK adds on first use, and the package of it all. */
  readonly entryKb: number;
  readonly sdkKb: number;
  readonly vsixKb: number;
}

/** Builds the extension as `npm run package` does, and measures it. */
export async function buildShipped(folder: string): Promise<ShippedExtension> {
  const meta = join(folder, 'meta.json');
  const extension = join(folder, 'extension');
  const dist = join(extension, 'dist');
  await run(process.execPath, ['esbuild.mjs', '--production', '--quiet', `--dist=${dist}`, `--metafile=${meta}`], {
    cwd: projectRoot,
  });
  await Promise.all(shipped.map((name) => cp(join(projectRoot, name), join(extension, name), { recursive: true })));
  const vsix = join(folder, 'extension.vsix');
  const vsce = join(projectRoot, 'node_modules', '@vscode', 'vsce', 'vsce');
  await run(process.execPath, [vsce, 'package', '--no-dependencies', '--out', vsix], { cwd: extension });
  return {
    folder: extension,
    ...bundleSizes(JSON.parse(await readFile(meta, 'utf8'))),
    vsixKb: (await stat(vsix)).size / 1000,
  };
}
