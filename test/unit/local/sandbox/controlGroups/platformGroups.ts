import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findHierarchies } from '../../../../../src/local/sandbox/controlGroups/hierarchies';
import type { TestPlatform } from '../../../../platform/testPlatform';

/** Where this process, and so a platform that it starts, is in the trees of control groups. */
export const places = findHierarchies(
  readFileSync('/proc/self/cgroup', 'utf8'),
  readFileSync('/proc/self/mountinfo', 'utf8'),
);

/** The folders of a platform's groups, in each tree. */
export function groupsOf({ pid }: TestPlatform): string[] {
  return places.flatMap(({ own }) =>
    readdirSync(own)
      .filter((name) => name.startsWith('runloop-local.') && name.split('.')[2] === String(pid))
      .map((name) => join(own, name)),
  );
}
