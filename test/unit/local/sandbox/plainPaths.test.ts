import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { translatePaths } from '../../../../src/local/sandbox/plainPaths';

describe('local platform, paths without namespaces', () => {
  it('translates the devbox’s paths only where a word starts with one', () => {
    const translate = (command: string): string => translatePaths(command, '/r');
    assert.equal(translate('mkdir -p /workspace'), 'mkdir -p /r/workspace');
    assert.equal(
      translate('[ ! -d /openhands/code ];cd "/workspace/a"'),
      '[ ! -d /r/openhands/code ];cd "/r/workspace/a"',
    );
    assert.equal(
      translate("bash -c 'A=/openhands/x && cat</home/user/k'"),
      "bash -c 'A=/r/openhands/x && cat</r/home/user/k'",
    );
    for (const same of [
      '/workspaces',
      '/home/users/x',
      'https://host/workspace',
      './workspace',
      '$X/workspace',
      '${X}/workspace',
      '/srv/workspace',
      '/workspace-2',
      '/home/userx',
    ]) {
      assert.equal(translate(same), same);
    }
  });
});
