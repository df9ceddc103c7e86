// All tests, spread over Mocha's processes: between two files that drive a browser, which keep the computer busy, come
// some that mostly wait. Node's own parts only: this is read before anything else.
const { readdirSync } = require('node:fs');
const { join } = require('node:path');

/** @param {string} folder */
function testFiles(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .sort()
    .map((name) => join(folder, name));
}

const out = join(__dirname, '..', '..', 'out');
const busy = testFiles(join(out, 'ui'));
const quiet = testFiles(join(out, 'unit'));
const each = Math.ceil(quiet.length / busy.length);

module.exports = {
  ...require('../../.mocharc.json'),
  spec: busy.flatMap((file, index) => [file, ...quiet.slice(index * each, (index + 1) * each)]),
};
