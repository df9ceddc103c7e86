import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { languageShims, npmSettings } from '../../../../../src/local/sandbox/rootfs/languageShims';
import { skip } from '../../../../run/skip';

describe('languages as this computer has them', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'language-shims-'));
    await mkdir(join(folder, 'shims'));
    const shims = languageShims((program) => program !== 'python');
    for (const [name, text] of Object.entries(shims)) {
      await writeFile(join(folder, 'shims', name), text, { mode: 0o755 });
    }
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function put(path: string): Promise<void> {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), `#!/bin/sh\necho ${path} "$@"\n`, { mode: 0o755 });
  }

  function run(
    name: string,
    path: readonly string[],
    args: readonly string[] = [],
    user: { uid?: number; gid?: number } = {},
  ) {
    const { stdout, stderr, status } = spawnSync(join(folder, 'shims', name), args, {
      env: { PATH: ['shims', ...path].map((each) => join(folder, each)).join(':'), HOME: join(folder, 'home') },
      encoding: 'utf8',
      ...user,
    });
    return { stdout, stderr, status };
  }

  it('give python a name where only python3 has one', () => {
    assert.deepEqual(Object.keys(languageShims(() => true)), ['corepack']);
    assert.deepEqual(Object.keys(languageShims((name) => name === 'python3')), ['python']);
    assert.deepEqual(Object.keys(languageShims(() => false)), []);
  });

  it('let any other python come first', async () => {
    await put('a/python3');
    assert.equal(run('python', ['a'], ['-c', 'x  y']).stdout, 'a/python3 -c x  y\n');
    await put('b/python');
    assert.equal(run('python', ['a', 'b']).stdout, 'b/python\n');
    assert.deepEqual(run('python', []), {
      stdout: '',
      stderr: 'python: there is no python3. Install it with apt-get install python3.\n',
      status: 127,
    });
  });

  it('tell corepack where to leave what it makes', async () => {
    await put('a/corepack');
    assert.equal(run('corepack', ['a'], ['prepare', 'pnpm@9']).stdout, 'a/corepack prepare pnpm@9\n');
    assert.equal(
      run('corepack', ['a'], ['enable', '--install-directory', '/x']).stdout,
      'a/corepack enable --install-directory /x\n',
    );
    // Never beside the shim.
    assert.equal(
      run('corepack', ['a'], ['enable', 'yarn']).stdout,
      `a/corepack enable --install-directory ${join(folder, 'a')} yarn\n`,
    );
  });

  it('tell corepack the home of a user who may not write where it is', async function () {
    if (process.getuid?.() !== 0) {
      skip(this, 'only root can be another user');
    }
    // Where everybody may go.
    const everybodys = await mkdtemp('/var/tmp/language-shims-');
    await cp(join(folder, 'shims'), join(everybodys, 'shims'), { recursive: true });
    await rm(folder, { recursive: true });
    folder = everybodys;
    await symlink('/bin/mkdir', join(folder, 'shims', 'mkdir'));
    await put('a/corepack');
    await mkdir(join(folder, 'home'));
    await chown(join(folder, 'home'), 65_534, 65_534);
    await chmod(folder, 0o755);
    const user = { uid: 65_534, gid: 65_534 };
    assert.equal(
      run('corepack', ['a'], ['enable'], user).stdout,
      `a/corepack enable --install-directory ${join(folder, 'home/.local/bin')}\n`,
    );
  });

  it('know where npm reads what holds for everybody', () => {
    const having = (...paths: readonly string[]) => npmSettings((path) => paths.includes(path));
    assert.equal(having('/usr/bin/node'), '/usr/etc/npmrc');
    assert.equal(having('/usr/bin/node', '/usr/local/bin/node'), '/usr/local/etc/npmrc');
    assert.equal(having('/usr/bin/node', '/usr/share/nodejs/npm/package.json'), '/etc/npmrc');
    assert.equal(having('/usr/local/bin/node', '/usr/share/nodejs/npm/package.json'), '/usr/local/etc/npmrc');
    assert.equal(having(), undefined);
  });
});
