import { asArray, asBoolean, asNumber, asObject, asString } from '../../src/core/parse';

/**
 * What is loaded together, in kB of 1000 bytes: by activation, and by the SDK's first use.
 *
 * @param meta the bundler's own account, parsed
 */
export function bundleSizes(meta: unknown): { readonly entryKb: number; readonly sdkKb: number } {
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
