import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { openClone, receiveBundle } from '../../../../../src/core/changes/home/clone';
import { RuntimeError } from '../../../../../src/core/errors';
import { stripControls } from '../../../../../src/core/safeText';
import { signal } from '../useChanges';

describe('A hostile bundle', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
  const [clone, there] = [join(folder, 'clone'), join(folder, 'there')];
  const outer = process.env['TMPDIR'];
  const sh = (cwd: string, command: string): string =>
    execFileSync('bash', ['-c', command], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const identity = 'git config user.name t; git config user.email t@t';
  let ids: Readonly<Record<'base' | 'head' | 'other' | 'tag' | 'tree' | 'blob', string>>;
  let pack: Buffer = Buffer.of();
  /** The same without files. */
  let bare: Buffer = Buffer.of();

  before(() => {
    sh(folder, `git init -q -b main clone; cd clone; ${identity}; echo a > a; git add a; git commit -qm one`);
    sh(folder, 'cp -a clone pristine');
    sh(folder, `git clone -q clone there; cd there; ${identity}; echo b > b; git add b; git commit -qm two`);
    sh(there, 'git tag -am t t; git checkout -qb other; git commit -qm three --allow-empty; git checkout -q main');
    const of = (name: string): string => sh(there, `git rev-parse ${name}`);
    ids = {
      base: of('main~'),
      head: of('main'),
      other: of('other'),
      tag: of('t'),
      tree: of('main^{tree}'),
      blob: of('main:b'),
    };
    const input = `${ids.head}\n${ids.other}\n${ids.tag}\n^${ids.base}\n`;
    const packed = (...further: readonly string[]): Buffer =>
      execFileSync('git', ['pack-objects', '--revs', '--stdout', '-q', ...further], { cwd: there, input });
    [pack, bare] = [packed(), packed('--filter=blob:none')];
    process.env['TMPDIR'] = join(folder, 'tmp');
    sh(folder, 'mkdir tmp');
  });
  after(() => {
    process.env['TMPDIR'] = outer ?? '/tmp';
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the clone is, down to its objects, and what stands beside it. */
  const state = (): string =>
    sh(
      clone,
      'git for-each-ref; cat .git/HEAD; git status --porcelain; find .git -type f | sort | xargs sha256sum; ls ..',
    );

  /** @returns the branch that is made, or why there is none; whatever else is different is a failure of the test */
  async function brought(bytes: Buffer, head = ids.head): Promise<string> {
    sh(folder, 'rm -rf clone; cp -a pristine clone');
    const file = join(folder, 'bundle');
    writeFileSync(file, bytes);
    const before_ = state();
    try {
      const local = await openClone(clone, signal);
      const arrival = await receiveBundle(local, { file, head, signal });
      assert.equal(state(), before_);
      assert.equal(arrival.commits, 1);
      const branch = await arrival.bring('runloop/x', signal);
      await arrival.dispose();
      assert.equal(sh(clone, `git for-each-ref --format='%(refname) %(objectname)'`).split('\n').length, 2);
      assert.equal(sh(clone, `git rev-parse ${branch}`), ids.head);
      return branch;
    } catch (error) {
      if (!RuntimeError.is(error, 'file')) throw error;
      assert.equal(state(), before_);
      assert.equal(error.message, stripControls(error.message));
      return `${error.problem.id}: ${error.message}`;
    } finally {
      assert.deepEqual(readdirSync(join(folder, 'tmp')), []);
    }
  }
  const bundle = (lines: readonly string[], rest = pack, first = '# v2 git bundle'): Buffer =>
    Buffer.concat([Buffer.from(`${[first, ...lines].join('\n')}\n\n`), rest]);

  const e = (): string => `${ids.head} refs/heads/e`;
  const base = (): string => `-${ids.base} one`;

  it('has other references, whatever they are called and lead to, and none of them comes', async () => {
    const odd = ['refs/heads/../../x', 'refs/heads/-x', 'HEAD', 'refs/heads/a.lock', '--upload-pack=touch x', '/etc/x'];
    const text = ['refs/heads/\u001b[31m', 'refs/heads/\u202e', 'refs/heads/a\rb', `refs/heads/${'x'.repeat(70_000)}`];
    const places = ['refs/heads/main', 'refs/heads/e/x', 'refs/tags/t', `refs/replace/${ids.base}`, '.git/config'];
    for (const name of [...odd, ...text, ...places]) {
      for (const id of [ids.other, ids.tag, ids.tree, ids.blob]) {
        if (id !== ids.other && name !== 'refs/heads/main' && name !== 'refs/tags/t') continue;
        assert.equal(await brought(bundle([base(), `${id} ${name}`, e()])), 'runloop/x', JSON.stringify(name));
      }
    }
    const many = Array.from({ length: 5_000 }, (_, n) => `${ids.other} refs/heads/n${n}`);
    assert.equal(await brought(bundle([base(), ...many, e()])), 'runloop/x');
  });

  it('that names something else than a commit, or one that is not in it, is refused', async () => {
    for (const id of [ids.tag, ids.tree, ids.blob, '1'.repeat(40), '0'.repeat(40)]) {
      assert.match(await brought(bundle([base(), `${id} refs/heads/e`]), id), /^home_refused: /);
    }
    for (const lines of [
      [`${ids.other} refs/heads/e`],
      [`${ids.base} refs/heads/e`],
      [e(), `${ids.other} refs/heads/e`],
    ]) {
      assert.match(await brought(bundle([base(), ...lines])), /^home_refused: .*another commit came/);
    }
    assert.match(await brought(bundle([base()])), /^home_refused: .*couldn't find remote ref/);
  });

  it('that lies about what it holds, or is needed for it, is refused', async () => {
    const lies: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
      'a commit that nobody has': [bundle([`-${'1'.repeat(40)} x`, e()]), /lacks these prerequisite/],
      'a blob as one': [bundle([base(), `-${ids.blob}`, e()]), /lacks these prerequisite/],
      'its own commit': [bundle([`-${ids.head}`, e()]), /lacks these prerequisite/],
      'another hash': [bundle(['@object-format=sha256', base(), e()], pack, '# v3 git bundle'), /refused/],
      'a capability': [bundle(['@x=y', base(), e()], pack, '# v3 git bundle'), /unknown capability/],
      'no filter': [bundle(['@filter=combine:', base(), e()], pack, '# v3 git bundle'), /combine/],
      'all files, and has none': [bundle(['@filter=blob:none', base(), e()], bare, '# v3 git bundle'), /./],
      'the same, and does not say so': [bundle([base(), e()], bare), /./],
      'a short hash': [bundle([base(), `${ids.head.slice(0, 10)} refs/heads/e`]), /refused/],
      'no pack': [bundle([base(), e()], Buffer.of()), /early EOF/],
      'a pack that is cut': [bundle([base(), e()], pack.subarray(0, -10)), /early EOF/],
      'a pack with something behind': [bundle([base(), e()], Buffer.concat([pack, pack])), /junk at the end/],
      'a pack of another version': [
        bundle([base(), e()], Buffer.concat([pack.subarray(0, 7), Buffer.of(9), pack.subarray(8)])),
        /version 9/,
      ],
      'a pack of 4 billion objects': [
        bundle([base(), e()], Buffer.concat([pack.subarray(0, 8), Buffer.alloc(4, 255), pack.subarray(12)])),
        /./,
      ],
    };
    for (const [name, [bytes, why]] of Object.entries(lies)) {
      const said = await brought(bytes);
      assert.match(said, /^home_(?:refused|inflated): /, name);
      assert.match(said, why, name);
    }
  });

  it('that is none is given to git by no name: it might lead to another repository, on a computer of its choice', async () => {
    sh(there, 'git branch -f e main');
    for (const text of [
      `gitdir: ${there}/.git\n`,
      'gitdir: //192.0.2.1/share/x\n',
      '',
      '#!/bin/sh\n',
      'bundle.version=1\n',
    ]) {
      assert.match(await brought(Buffer.from(text)), /^home_refused: .*it is no bundle/, text);
    }
    for (const first of ['# v9 git bundle', '# v2 git bundle\r', ' # v2 git bundle']) {
      assert.match(await brought(bundle([base(), e()], pack, first)), /^home_refused: .*it is no bundle/, first);
    }
  });
});
