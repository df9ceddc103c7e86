import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { localGit } from '../../../../../src/core/changes/home/localGit';
import { RuntimeError } from '../../../../../src/core/errors';

describe('git on this computer', function () {
  this.timeout(120_000);

  it('is ended where it lists more than is checked, as of trees within each other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bounds-'));
    try {
      // Ten trees of ten each, seven times: ten million files of one blob.
      const make =
        'git init -q .; id=$(echo x | git hash-object -w --stdin); kind="100644 blob"; for level in 1 2 3 4 5 6 7; do ' +
        'id=$(for i in 0 1 2 3 4 5 6 7 8 9; do printf "%s %s\\tn%s\\n" "$kind" "$id" $i; done | git mktree); kind="040000 tree"; done; printf %s $id';
      const tree = execFileSync('bash', ['-c', make], { cwd: folder, encoding: 'utf8' });
      const { signal } = new AbortController();
      await assert.rejects(localGit(folder, ['ls-tree', '-r', '-z', tree], { signal }), (error) => {
        assert.ok(RuntimeError.is(error, 'file'), String(error));
        assert.equal(error.problem.id, 'home_many');
        assert.match(error.message, /more than 64 MB/);
        return true;
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
