import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { limitWords } from '../../../../../src/local/sandbox/controlGroups/groupFiles';
import { type Hierarchy, findHierarchies } from '../../../../../src/local/sandbox/controlGroups/hierarchies';

describe('control groups', () => {
  const mounts = (...lines: string[]): string =>
    lines.map((line, index) => `${30 + index} 23 0:${28 + index} ${line}`).join('\n');

  it('finds its place in trees of version 1, whatever they are called and how much of them is shown', () => {
    const groups = '9:name=systemd:/\n8:pids:/\n4:memory:/some/group\n2:cpu,cpuacct:/docker/0ab\n0::/\n';
    const shown = mounts(
      '/ /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
      '/ /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
      '/docker/0ab /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct',
      '/ /mnt/with\\040blank/pids rw shared:9 - cgroup cgroup rw,pids',
      '/ /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    );
    const found: Hierarchy[] = [
      { version: 1, own: '/mnt/with blank/pids', controllers: ['pids'] },
      { version: 1, own: '/sys/fs/cgroup/memory/some/group', controllers: ['memory'] },
      { version: 1, own: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu'] },
    ];
    assert.deepEqual(findHierarchies(groups, shown), found);
  });

  it('finds its place in version 2, which has what version 1 has not', () => {
    const unified = mounts('/ /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate');
    assert.deepEqual(findHierarchies('0::/user.slice/a.scope\n', unified), [
      { version: 2, own: '/sys/fs/cgroup/user.slice/a.scope', controllers: ['memory', 'pids', 'cpu'] },
    ]);
    const both = mounts('/ /c/memory rw - cgroup cgroup rw,memory', '/ /c/unified rw - cgroup2 cgroup2 rw');
    assert.deepEqual(findHierarchies('4:memory:/m\n0::/u\n', both), [
      { version: 1, own: '/c/memory/m', controllers: ['memory'] },
      { version: 2, own: '/c/unified/u', controllers: ['pids', 'cpu'] },
    ]);
  });

  it('finds none that cannot be written to or seen', () => {
    assert.deepEqual(findHierarchies('0::/a\n', mounts('/ /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw')), []);
    assert.deepEqual(findHierarchies('0::/../b\n', mounts('/ /sys/fs/cgroup rw - cgroup2 cgroup2 rw')), []);
    assert.deepEqual(findHierarchies('4:memory:/a\n', mounts('/other /c/memory rw - cgroup cgroup rw,memory')), []);
    assert.deepEqual(findHierarchies('', ''), []);
  });

  it('says the same limits in both versions', () => {
    const limits = { memory: 2 ** 30, processes: 2_048, cores: 0.5 };
    const controllers = ['memory', 'pids', 'cpu'] as const;
    assert.deepEqual(limitWords({ version: 1, path: '/g', controllers }, limits), [
      ['/g/memory.limit_in_bytes', '1073741824'],
      ['/g/pids.max', '2048'],
      ['/g/cpu.shares', '512'],
    ]);
    assert.deepEqual(limitWords({ version: 2, path: '/g', controllers }, limits), [
      ['/g/memory.max', '1073741824'],
      ['/g/pids.max', '2048'],
      ['/g/cpu.weight', '50'],
    ]);
  });
});
