// Fails if a room of src stands outside of every fence: neither with a zone of its own in eslint.config.mjs, nor named there as
// one without. It also fails for a room that is named there and is gone.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withoutZone, zones } from '../../eslint.config.mjs';

const folder = process.argv[2] ?? 'src';
const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
const inSrc = entries.map((entry) => ({ entry, path: join('src', entry.parentPath.slice(folder.length), entry.name) }));
/** The folders with files of their own, but for `src` itself: the entry point may import all. */
const rooms = new Set(
  inSrc
    .filter(({ entry, path }) => entry.isFile() && path.endsWith('.ts') && path.split('/').length > 2)
    .map(({ path }) => path.slice(0, path.lastIndexOf('/'))),
);
const named = withoutZone.flatMap((one) => one.rooms);
const zoned = zones.map(({ target }) => join(target)).filter((target) => !/[*!]/.test(target));
const there = new Set(['src', ...inSrc.map(({ path }) => path)]);

const faults = [
  ...[...rooms]
    .filter((room) => !zoned.includes(room) && !named.includes(room))
    .map((room) => `${room} has no zone in eslint.config.mjs, and is not named there as one without.`),
  ...named.filter((room) => zoned.includes(room)).map((room) => `${room} has a zone, and is named as one without.`),
  ...[...new Set([...zoned, ...named])]
    .filter((room) => !there.has(room))
    .map((room) => `${room} is in eslint.config.mjs, and is not there.`),
];
for (const sentence of faults) process.stderr.write(`${sentence}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
