import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { countAll, filesToRepeat, noResult, withRepeated, type FileResult } from '../../run/results';

const failure = { title: 'opens', message: 'Timeout' };
const green: FileResult = { ...noResult, passed: 3, skipped: 1 };
const red: FileResult = { ...noResult, passed: 1, failed: 2, failures: [failure, failure] };
const inBrowser = '/project/out/ui/files.test.js';
const inNode = '/project/out/unit/core/files.test.js';

describe('A run of all tests', () => {
  it('repeats the files that drive a browser, where nothing else failed', () => {
    const other = '/project/out/ui/logs.test.js';
    assert.deepEqual(
      filesToRepeat(
        new Map([
          [inBrowser, red],
          [other, green],
          [inNode, green],
        ]),
      ),
      [inBrowser],
    );
  });

  it('repeats nothing where something else failed, be it a hook of which no file is told', () => {
    assert.deepEqual(
      filesToRepeat(
        new Map([
          [inBrowser, red],
          [inNode, red],
        ]),
      ),
      [],
    );
    assert.deepEqual(
      filesToRepeat(
        new Map([
          [inBrowser, red],
          ['', red],
        ]),
      ),
      [],
    );
  });

  it('repeats nothing where all passed', () => {
    assert.deepEqual(filesToRepeat(new Map([[inBrowser, green]])), []);
  });

  it('counts the tests of a repeated file once, as they ended at last', () => {
    const all = withRepeated(
      new Map([
        [inBrowser, red],
        [inNode, green],
      ]),
      new Map([[inBrowser, green]]),
    );
    assert.deepEqual(countAll(all), { passed: 6, failed: 0, skipped: 2 });
    const still = withRepeated(
      new Map([
        [inBrowser, red],
        [inNode, green],
      ]),
      new Map([[inBrowser, red]]),
    );
    assert.deepEqual(countAll(still), { passed: 4, failed: 2, skipped: 1 });
  });
});
