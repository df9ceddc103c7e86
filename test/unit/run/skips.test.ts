import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Mocha, { afterEach, beforeEach, describe, it } from 'mocha';
import { bring, whyMissing } from '../../run/programs';
import Reporter from '../../run/reporter';
import { skip } from '../../run/skip';

const variable = 'RUNLOOP_TEST_NEVER';

describe('A test that is skipped', () => {
  const earlier = process.env['TMPDIR'];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'skips-'));
    process.env['TMPDIR'] = folder;
  });
  afterEach(() => {
    if (earlier === undefined) Reflect.deleteProperty(process.env, 'TMPDIR');
    else process.env['TMPDIR'] = earlier;
    Reflect.deleteProperty(process.env, `${variable}_MISSING`);
    rmSync(folder, { recursive: true });
  });

  /** The lines that a run of tests ends with, after Mocha's own report. */
  async function lastLinesOf(fill: (suite: Mocha.Suite) => void): Promise<string[]> {
    const { Base } = Mocha.reporters;
    const print = Base.consoleLog;
    const lines: string[] = [];
    Base.consoleLog = (...words: unknown[]) => void lines.push(words.map(String).join(' '));
    try {
      const mocha = new Mocha({ reporter: Reporter });
      fill(mocha.suite);
      await new Promise<number>((resolve) => mocha.run(resolve));
    } finally {
      Base.consoleLog = print;
    }
    return lines.slice(lines.findIndex((line) => line.startsWith('Skipped: ') || line.includes(' passed, ')));
  }

  it('is told with its reason at the end of the run, each reason once', async () => {
    const lines = await lastLinesOf((suite) => {
      const group = Mocha.Suite.create(suite, 'rsync');
      group.beforeAll(function () {
        skip(this, 'rsync cannot be had here:\nno apt-get');
      });
      for (const title of ['up', 'down']) group.addTest(new Mocha.Test(title, () => assert.fail('it ran')));
      const other = Mocha.Suite.create(suite, 'users');
      for (const title of ['one', 'two']) {
        other.addTest(
          new Mocha.Test(title, function (this: Mocha.Context) {
            skip(this, 'there is one user only');
          }),
        );
      }
      other.addTest(new Mocha.Test('three', () => undefined));
    });
    assert.deepEqual(lines, [
      'Skipped: rsync: rsync cannot be had here:\nno apt-get',
      'Skipped: users: there is one user only',
      '1 passed, 0 failed, 4 skipped',
    ]);
  });

  it('is not told of where none was', async () => {
    const lines = await lastLinesOf((suite) => suite.addTest(new Mocha.Test('one', () => undefined)));
    assert.deepEqual(lines, ['1 passed, 0 failed, 0 skipped']);
  });

  it('knows why a program that it needs could not be had', async () => {
    const never = {
      title: 'a program that nobody has',
      size: 'nothing',
      family: 'never',
      version: 'r1',
      build: () => Promise.reject(new Error('spawn apt-get ENOENT')),
    };
    await bring(never, variable, () => undefined, new AbortController().signal);
    assert.equal(process.env[variable], undefined);
    assert.match(whyMissing(variable) ?? '', /spawn apt-get ENOENT/);
  });
});
