import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  countAll,
  filesToRepeat,
  filesToRepeatAgain,
  noResult,
  notTried,
  withRepeated,
  type FileResult,
} from '../../run/results';

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

  it('repeats what failed at its first try in the repetition, and nothing that had failed before', () => {
    const behind = { title: 'hook for "saves"', message: `${notTried}as this failed before: opens` };
    const first = new Map([[inBrowser, { ...noResult, failed: 2, failures: [failure, behind] }]]);
    const other = { ...failure, title: 'saves' };
    const again = (...failures: FileResult['failures']): string[] =>
      filesToRepeatAgain(first, new Map([[inBrowser, { ...noResult, failed: failures.length, failures }]]));
    assert.deepEqual(again(other, behind), [inBrowser]);
    assert.deepEqual(again(failure, behind), []);
    assert.deepEqual(again(other, failure), []);
    assert.deepEqual(again(), []);
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
