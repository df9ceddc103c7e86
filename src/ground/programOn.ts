import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * The absolute path of the first program of that name on a search path, or undefined if there is none.
 * @param searchPath as the variable PATH has it; folders that are relative to anywhere are passed over
 */
export function programOn(name: string, searchPath: string): string | undefined {
  for (const folder of searchPath.split(delimiter).filter(isAbsolute)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this folder: the next one may have it.
      continue;
    }
  }
  return undefined;
}
