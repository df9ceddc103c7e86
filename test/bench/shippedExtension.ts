import { execFile } from 'node:child_process';
import { cp, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asArray, asBoolean, asNumber, asObject, asString } from '../../src/core/parse';
import { projectRoot } from '../vscode/projectPaths';

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
    ...sizesOf(JSON.parse(await readFile(meta, 'utf8'))),
    vsixKb: (await stat(vsix)).size / 1000,
  };
}

/** Bytes by what is loaded together, from the bundler's own account. */
function sizesOf(meta: unknown): { readonly entryKb: number; readonly sdkKb: number } {
  const outputs = asObject(asObject(meta)?.['outputs']) ?? {};
  /** An output and all that is loaded with it. */
  const closure = (start: string): ReadonlySet<string> => {
    const seen = new Set<string>();
    const visit = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const entry of asArray(asObject(outputs[path])?.['imports'])) {
        const link = asObject(entry);
        const next = asString(link?.['path']);
        if (next !== undefined && link?.['kind'] === 'import-statement' && asBoolean(link['external']) !== true) {
          visit(next);
        }
      }
    };
    visit(start);
    return seen;
  };
  const find = (ending: string): string => {
    const found = Object.keys(outputs).find(
      (path) => asString(asObject(outputs[path])?.['entryPoint'])?.includes(ending) === true,
    );
    if (found === undefined) throw new Error(`The bundle has no ${ending}.`);
    return found;
  };
  const kilobytes = (paths: readonly string[]): number =>
    paths.reduce((total, path) => total + (asNumber(asObject(outputs[path])?.['bytes']) ?? 0), 0) / 1000;
  const entry = closure(find('src/extension.ts'));
  const sdk = closure(find('@runloop/api-client/index'));
  return { entryKb: kilobytes([...entry]), sdkKb: kilobytes([...sdk].filter((path) => !entry.has(path))) };
}
