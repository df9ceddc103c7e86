/** What the kernel is asked to hold for a devbox. */
const controllers = ['memory', 'pids', 'cpu'] as const;
export type Controller = (typeof controllers)[number];

/** A tree of control groups in which this process has a place. */
export interface Hierarchy {
  /** Version 1 has a tree for each controller or for some of them, version 2 one for all. */
  readonly version: 1 | 2;
  /** Folder of the group in which this process is. */
  readonly own: string;
  /** The controllers that are looked for here; whether version 2 has them here is told by its own files. */
  readonly controllers: readonly Controller[];
}

interface Mount {
  /** The part of the tree that is shown at the mount point. */
  readonly root: string;
  readonly point: string;
  readonly writable: boolean;
  readonly type: string;
  /** For version 1 the controllers are among them. */
  readonly options: readonly string[];
}

/**
 * Finds where this process is in the trees of control groups that are mounted and can be written to. A controller that
 * version 1 has is not to be had from version 2.
 * @param groups text of `/proc/self/cgroup`
 * @param mounts text of `/proc/self/mountinfo`
 */
export function findHierarchies(groups: string, mounts: string): readonly Hierarchy[] {
  const mounted = mounts.split('\n').flatMap(readMount);
  const found: Hierarchy[] = [];
  const places = groups.split('\n').flatMap((line) => {
    const [, names, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return names === undefined || path === undefined ? [] : [{ names: names.split(','), path }];
  });
  let left: readonly Controller[] = controllers;
  for (const { names, path } of places) {
    const here = left.filter((name) => names.includes(name));
    if (here.length === 0) {
      continue;
    }
    left = left.filter((name) => !here.includes(name));
    const own = locate(
      path,
      mounted.filter(({ type, options }) => type === 'cgroup' && here.every((name) => options.includes(name))),
    );
    if (own !== undefined) {
      found.push({ version: 1, own, controllers: here });
    }
  }
  const unified = places.find(({ names }) => names[0] === '');
  if (unified !== undefined && left.length > 0) {
    const own = locate(
      unified.path,
      mounted.filter(({ type }) => type === 'cgroup2'),
    );
    if (own !== undefined) {
      found.push({ version: 2, own, controllers: left });
    }
  }
  return found;
}

/** The folder where a group's path in its tree can be seen and written to. */
function locate(path: string, mounts: readonly Mount[]): string | undefined {
  for (const { root, point, writable } of mounts) {
    const below =
      root === '/' ? path : path === root ? '/' : path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
    // A path with `..` leads out of what this process may see.
    if (writable && below !== undefined && !below.split('/').includes('..')) {
      return (point + below).replace(/\/+$/, '');
    }
  }
  return undefined;
}

function readMount(line: string): Mount[] {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, point, flags = ''] = before.split(' ');
  const [type = '', , options = ''] = after.split(' ');
  if (root === undefined || point === undefined) {
    return [];
  }
  return [
    {
      root: unescape(root),
      point: unescape(point),
      writable: flags.split(',').includes('rw'),
      type,
      options: options.split(','),
    },
  ];
}

/** Blanks and the like are written as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
