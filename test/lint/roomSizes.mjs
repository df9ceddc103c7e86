// Fails if a folder of src holds more files than a newcomer can take in at a glance (src/core's README: one noun a room), if
// no README of its own says in its first lines what may enter, or if a file is of a kind that no fence stands around.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const most = 15;
/** One file a resource, a source or a step: these are lists by nature. */
const exempt = ['src/core/platform', 'src/core/logs', 'src/extension/start'];

/** @param {string} folder @returns {string[]} what is wrong with rooms, as sentences */
export function faultyRooms(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts')).length;
  const below = entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => faultyRooms(join(folder, name)));
  const foreign = entries.filter((entry) => !entry.isDirectory() && !/\.ts$|^README\.md$/.test(entry.name));
  const isFull = files > most && !exempt.includes(folder);
  return [
    ...(isFull ? [`${folder} holds ${files} files: more than ${most} want a room inside it.`] : []),
    ...(files > 0 && !saysWhatMayEnter(folder)
      ? [`${folder}/README.md must say in its first lines what may enter.`]
      : []),
    ...foreign.map(({ name }) => `${folder}/${name} is no .ts file: no fence stands around it.`),
    ...below,
  ];
}

/** Whether a title is followed by a sentence, before any list or table. @param {string} folder */
function saysWhatMayEnter(folder) {
  const file = join(folder, 'README.md');
  return existsSync(file) && /^# [^\n]+\n\n(?![|#>-])[^\n]{20}/.test(readFileSync(file, 'utf8'));
}

const faults = faultyRooms(process.argv[2] ?? 'src');
for (const sentence of faults) process.stderr.write(`${sentence}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
