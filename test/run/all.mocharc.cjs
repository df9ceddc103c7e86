// All tests, spread over Mocha's processes: those that take longest in the first half, so that none of them runs alone at the
// end, and between two files that drive a browser, which keep the computer busy, some that mostly wait. Node's own parts
// only: this is read before anything else.
const { readdirSync, statSync } = require('node:fs');
const { basename, join } = require('node:path');

const project = join(__dirname, '..', '..');
/** Tests that take long, and wait for the most part of it. */
const slow = ['vectors', 'contract', 'controlGroups', 'groupsOverLife', 'startKeeper', 'lists', 'lifeFacts', 'browse'];
/** The windows, the longest first. */
const windows = [
  'trouble',
  'otherDevboxes',
  'lifeCycle',
  'logs',
  'help',
  'output',
  'mainJob',
  'devboxTree',
  'withoutAccount',
  'presets',
  'firstSight',
  'outsiders',
  'forwardedEditor',
];
/** @param {string} file */
const rank = (file) => windows.indexOf(basename(file, '.test.js'));

/**
 * The programs of a folder's tests, the longest first: a longer test takes longer, more often than not.
 * @param {string} folder
 */
function testFiles(folder) {
  const sources = join(project, 'test', folder);
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => ({
      size: statSync(join(sources, name)).size,
      file: join(project, 'out', folder, name.replace(/ts$/, 'js')),
    }))
    .sort((a, b) => b.size - a.size)
    .map(({ file }) => file);
}

/**
 * Long and short ones in turn, so that there is as much of them beside each of the busy ones.
 * @param {string[]} longestFirst
 */
function mixed(longestFirst) {
  return longestFirst.map((_, index) => longestFirst.at(index % 2 === 0 ? index / 2 : -(index + 1) / 2));
}

const all = { busy: testFiles('ui'), quiet: testFiles('unit') };
/** @param {string} file */
const isSlow = (file) => slow.some((name) => file.endsWith(`/${name}.test.js`));
const first = all.quiet.filter(isSlow);
// One that is not named above comes first.
const busy = all.busy.toSorted((a, b) => rank(a) - rank(b));
const others = all.quiet.filter((file) => !isSlow(file));
// The shortest are last: they fill the processes that have nothing else left to do.
const shortest = 12;
const quiet = [...mixed(others.slice(0, -shortest)), ...others.slice(-shortest)];
// So few that some are left for the end, where short ones fill the last seconds.
const each = Math.floor(quiet.length / (busy.length - first.length + 2));

module.exports = {
  ...require('../../.mocharc.json'),
  spec: [
    // Those that take long wait, mostly: the first busy ones have them beside them, the others the quiet ones.
    ...busy.flatMap((file, index) => [
      ...first.slice(index, index + 1),
      file,
      ...(index < first.length ? [] : quiet.slice((index - first.length) * each, (index - first.length + 1) * each)),
    ]),
    ...first.slice(busy.length),
    ...quiet.slice(Math.max(0, busy.length - first.length) * each),
  ],
};
