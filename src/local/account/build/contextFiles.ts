import { root } from '../../sandbox/users';
import type { BuildRoom } from './buildRoom';
import { IgnoreRules } from './ignoreRules';
import { outputOf } from './roomOutput';

/** The largest `.dockerignore` that is read. */
const largestFile = 1024 * 1024;

/**
 * Takes away from a build context what its `.dockerignore` leaves out.
 * @param folder where the room has the context
 */
export async function applyIgnoreFile(room: BuildRoom, folder: string): Promise<void> {
  const { prefix } = room.run.sandbox;
  const there = [
    '/bin/bash',
    '--norc',
    '-c',
    `cd -- "$1" && [ -f .dockerignore ] && [ ! -L .dockerignore ] && head -c ${largestFile} .dockerignore`,
    'context',
    prefix + folder,
  ];
  const text = await outputOf(room, there);
  if (text.trim() === '') {
    return;
  }
  const rules = new IgnoreRules(text);
  const listing = await outputOf(room, [
    '/bin/bash',
    '--norc',
    '-c',
    String.raw`cd -- "$1" && find . -mindepth 1 \( -type d -printf '%P/\0' -o -printf '%P\0' \)`,
    'context',
    prefix + folder,
  ]);
  const paths = listing.split('\0').filter((path) => path !== '');
  const out = paths.filter((path) => !path.endsWith('/') && rules.leavesOut(path));
  // A folder goes only with all that is in it: a later line may have taken some of it back in.
  const folders = paths
    .filter((path) => path.endsWith('/') && rules.leavesOut(path.slice(0, -1)))
    .toSorted((left, right) => right.length - left.length);
  const remove = room.run.launch({
    argv: [
      '/bin/bash',
      '--norc',
      '-c',
      `cd -- "$1" && while IFS= read -r -d '' path; do case $path in */) rmdir -- "./$path" 2> /dev/null ;; *) rm -f -- "./$path" ;; esac; done`,
      'context',
      prefix + folder,
    ],
    user: root,
    input: Buffer.from([...out, ...folders].map((path) => `${path}\0`).join('')),
  });
  remove.stdout.resume();
  remove.stderr.resume();
  await remove.exited;
}
