import { lstat, mkdir, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Puts a link to `folder` into an extensions directory under the name that VS Code gives to what it has installed. The
 * extension then loads as users have it, and a page reload picks up a new build.
 *
 * Must be done while no VS Code uses the directory: it only looks for new folders when its list of them is missing.
 * @returns the extension's identifier, `publisher.name`
 * @throws Error if the folder has no usable package.json
 */
export async function linkExtension(folder: string, extensionsDir: string): Promise<string> {
  const { id, version } = await readManifest(folder);
  const name = `${id}-${version}`;
  await mkdir(extensionsDir, { recursive: true });
  let changed = false;
  for (const entry of await readdir(extensionsDir)) {
    if (entry.startsWith(`${id}-`) && !(entry === name && (await pointsTo(join(extensionsDir, entry), folder)))) {
      await rm(join(extensionsDir, entry), { recursive: true, force: true });
      changed = true;
    }
  }
  if (!(await readdir(extensionsDir)).includes(name)) {
    await symlink(folder, join(extensionsDir, name));
    changed = true;
  }
  if (changed) {
    await rm(join(extensionsDir, 'extensions.json'), { force: true });
  }
  return id;
}

async function readManifest(folder: string): Promise<{ id: string; version: string }> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'publisher' in manifest &&
    'name' in manifest &&
    'version' in manifest
  ) {
    const { publisher, name, version } = manifest;
    if (typeof publisher === 'string' && typeof name === 'string' && typeof version === 'string') {
      return { id: `${publisher}.${name}`, version };
    }
  }
  throw new Error(`${folder}/package.json does not name publisher, name and version.`);
}

async function pointsTo(path: string, target: string): Promise<boolean> {
  return (await lstat(path)).isSymbolicLink() && (await readlink(path)) === target;
}
