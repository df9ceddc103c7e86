import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { scriptProblem } from '../../../../src/core/changes/scriptProblems';
import { problemText } from '../../../../src/core/problems/problem';

describe('A problem of a script', () => {
  it('tells a large number as other texts do', () => {
    const problem = scriptProblem('folder_many', { name: 'app', seconds: 25 }) ?? assert.fail();
    assert.ok(problemText(problem).includes(` ${(20_000).toLocaleString()} files`), problemText(problem));
    assert.equal(scriptProblem('constructor', { name: 'app', seconds: 25 }), undefined);
  });
});
