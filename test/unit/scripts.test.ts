import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { asObject, asString, parseJson } from '../../src/core/parse';

const scripts = Object.entries(asObject(asObject(parseJson(readFileSync('package.json', 'utf8')))?.['scripts']) ?? {});
const builds = /^(node esbuild\.mjs|npm run build:dev)/;

describe('the scripts of package.json', () => {
  it('build what they run, so that none of them tests old code or needs another one first', () => {
    const old = scripts.filter(
      ([name, words]) =>
        !name.startsWith('built:') &&
        /\bout\/|built:/.test(asString(words) ?? '') &&
        !builds.test(asString(words) ?? ''),
    );
    assert.deepEqual(old, []);
  });

  it('build once in the whole run of all tests', () => {
    const run = (name: string): readonly string[] => {
      const words = asString(scripts.find(([other]) => other === name)?.[1]) ?? '';
      const others = scripts.map(([other]) => other).filter((other) => words.split(/[ "&]+/).includes(other));
      return [words, ...others.filter((other) => other !== name).flatMap(run)];
    };
    assert.equal(run('test').filter((words) => words.includes('esbuild.mjs')).length, 1, run('test').join('\n'));
  });
});
