import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { programOn } from '../../../src/ground/programOn';

describe('A program on a search path', () => {
  it('is the first that can be executed, and never one below the folder where somebody happens to be', () => {
    const folders = [1, 2].map((number) => mkdtempSync(join(tmpdir(), `path-${number}-`)));
    const [first = '', second = ''] = folders;
    const before = process.cwd();
    try {
      for (const folder of folders) writeFileSync(join(folder, 'tool'), '#!/bin/sh\n');
      chmodSync(join(second, 'tool'), 0o755);
      assert.equal(programOn('tool', `${first}:${second}`), join(second, 'tool'));
      chmodSync(join(first, 'tool'), 0o755);
      assert.equal(programOn('tool', `${first}:${second}`), join(first, 'tool'));
      process.chdir(first);
      for (const path of ['.', '', `:${second}/none`]) assert.equal(programOn('tool', path), undefined);
    } finally {
      process.chdir(before);
      for (const folder of folders) rmSync(folder, { recursive: true });
    }
  });
});
