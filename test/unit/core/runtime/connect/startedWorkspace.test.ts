import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { resolveConfig } from '../../../../../src/core/options/runtimeConfig';
import { parseDevbox, workspacePathKey } from '../../../../../src/core/platform/devbox';
import { asStarted } from '../../../../../src/core/runtime/connect/startedWorkspace';

describe('The workspace folder of a devbox that is there already', () => {
  const config = resolveConfig({ apiKey: 'ak_x', sid: 's', workspaceMountPathInSandbox: '/of-this-window' });
  const pathOf = (metadata: Readonly<Record<string, unknown>>): string =>
    asStarted(config, parseDevbox({ id: 'dbx_1', status: 'running', metadata })).workspacePath;

  for (const path of ['/workspace', '/home/user/clone', "/a b/c'd & e", '/工作', '/']) {
    it(`is the one that it was started with: ${path}`, () => {
      assert.equal(pathOf({ [workspacePathKey]: path }), path);
    });
  }

  for (const [what, metadata] of Object.entries({
    'nothing is said of one': {},
    'it is none': { [workspacePathKey]: '' },
    'it is relative': { [workspacePathKey]: 'workspace' },
    'it has a line end': { [workspacePathKey]: '/workspace\nrm -rf' },
    'it has an escape': { [workspacePathKey]: '/work\u001b[2Jspace' },
    'it has no end': { [workspacePathKey]: `/${'a'.repeat(5_000)}` },
    'it is no text': { [workspacePathKey]: 7 },
  })) {
    it(`is the one of this window where ${what}`, () => {
      assert.equal(pathOf(metadata), '/of-this-window');
    });
  }
});
