import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeGroup } from './devboxGroup';
import type { Controller } from './hierarchies';

/**
 * What the platform weighs where all compute at once: as much as eight programs. All requests to all devboxes pass it, and
 * it needs little; as one program among those of the devboxes it waited for its turn longer than it worked.
 */
const platformWeight = { 1: ['cpu.shares', '8192'], 2: ['cpu.weight', '800'] } as const;

/** A group of version 2 whose children can have controllers. */
export interface Opened {
  readonly controllers: readonly Controller[];
  /** The group into which this process moved for that; undefined if it did not have to. */
  readonly leaf: string | undefined;
}

/**
 * Lets the children of this process's group have controllers. Version 2 gives them to children only while no process is in
 * the group itself; so this process moves into a child, if it is alone. Others are never moved.
 * @param own folder of this process's group
 * @param name of the child it would move into
 * @returns undefined when the group does not have all that is needed, or others are in it
 * @throws the system's error when it is not allowed
 */
export async function openOwnGroup(
  own: string,
  name: string,
  wanted: readonly Controller[],
  needed: readonly Controller[],
): Promise<Opened | undefined> {
  const there = await words(join(own, 'cgroup.controllers'));
  const controllers = wanted.filter((controller) => there.includes(controller));
  if (!needed.every((controller) => controllers.includes(controller))) {
    return undefined;
  }
  const given = await words(join(own, 'cgroup.subtree_control'));
  if (controllers.every((controller) => given.includes(controller))) {
    return { controllers, leaf: undefined };
  }
  const inside = await words(join(own, 'cgroup.procs'));
  if (given.length > 0 || inside.length !== 1 || inside[0] !== String(process.pid)) {
    return undefined;
  }
  const leaf = join(own, name);
  try {
    await mkdir(leaf);
    await writeFile(join(leaf, 'cgroup.procs'), String(process.pid));
    await giveControllers(own, controllers);
    if (controllers.includes('cpu')) {
      await weigh(leaf, 2);
    }
  } catch (error) {
    await writeFile(join(own, 'cgroup.procs'), String(process.pid));
    await removeGroup(leaf);
    throw error;
  }
  return { controllers, leaf };
}

/**
 * Moves this process into a group of its own in a tree of version 1 that shares out the processor.
 * @param leaf that group, which does not exist yet
 * @throws the system's error when it is not allowed; the group may be left behind, without this process in it
 */
export async function enterOwnShare(leaf: string): Promise<void> {
  await mkdir(leaf);
  await weigh(leaf, 1);
  await writeFile(join(leaf, 'cgroup.procs'), String(process.pid));
}

async function weigh(leaf: string, version: 1 | 2): Promise<void> {
  const [file, text] = platformWeight[version];
  await writeFile(join(leaf, file), text);
}

/** Gives the children of a group these controllers, all or none. */
export async function giveControllers(group: string, controllers: readonly Controller[]): Promise<void> {
  await writeFile(join(group, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
}

async function words(file: string): Promise<readonly string[]> {
  return (await readFile(file, 'utf8')).split(/\s+/).filter((word) => word !== '');
}
