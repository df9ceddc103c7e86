import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { hasOwnOpt, mountedFoldersIn } from '../../../../../src/local/sandbox/rootfs/layers';

describe('what a devbox has of the computer’s /opt', () => {
  let root: string;
  let host: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'layers-'));
    host = join(root, 'host');
    mkdirSync(host);
    mkdirSync(join(root, 'opt'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is one of its own where there is nothing to show, which it may remove, fill or replace', () => {
    assert.equal(hasOwnOpt(root, host), true);
    assert.equal(hasOwnOpt(root, join(root, 'nowhere')), true);
    rmSync(join(root, 'opt'), { recursive: true });
    assert.equal(hasOwnOpt(root, host), true);
    symlinkSync('/nowhere', join(root, 'opt'));
    assert.equal(hasOwnOpt(root, host), true);
  });

  it('is a layer where there is something, but not over what the devbox has put there before', () => {
    writeFileSync(join(host, 'tool'), '');
    assert.equal(hasOwnOpt(root, host), false);
    writeFileSync(join(root, 'opt', 'app'), '');
    assert.equal(hasOwnOpt(root, host), true);
    rmSync(join(root, 'opt'), { recursive: true });
    writeFileSync(join(root, 'opt'), 'a file now');
    assert.equal(hasOwnOpt(root, host), true);
  });

  it('stays a layer where it was one', () => {
    mkdirSync(join(root, '.layers', 'opt'), { recursive: true });
    assert.equal(hasOwnOpt(root, host), false);
  });

  it('is told of where a command takes it away, and not where it empties it', () => {
    assert.deepEqual(mountedFoldersIn('rm -rf /opt && ln -s /data /opt'), ['/opt']);
    assert.deepEqual(mountedFoldersIn('rm -rf "/var/lib/dpkg/"; echo'), ['/var/lib/dpkg']);
    assert.deepEqual(mountedFoldersIn('rm -rf /opt/* /optional /data/opt'), []);
  });
});
