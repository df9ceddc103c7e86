// Fails if a folder of src holds more files than a newcomer can take in at a glance (src/core's README: one noun a room).
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const most = 15;
/** One file a resource, a source or a step: these are lists by nature. */
const exempt = ['src/core/platform', 'src/core/logs', 'src/extension/start'];

/** @param {string} folder @returns {string[]} folders that are too full, as sentences */
export function fullRooms(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts')).length;
  const below = entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => fullRooms(join(folder, name)));
  const isFull = files > most && !exempt.includes(folder);
  return isFull ? [`${folder} holds ${files} files: more than ${most} want a room inside it.`, ...below] : below;
}

const full = fullRooms(process.argv[2] ?? 'src');
for (const sentence of full) process.stderr.write(`${sentence}\n`);
process.exitCode = full.length === 0 ? 0 : 1;
