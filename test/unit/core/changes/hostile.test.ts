import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { DevboxChanges } from '../../../../src/core/changes/devboxChanges';
import { discard, discardable } from '../../../../src/core/changes/discard';
import { RuntimeError } from '../../../../src/core/errors';
import { usePlatform } from '../../../platform/usePlatform';
import { changesDevbox, short, signal, type ChangesDevbox } from './useChanges';

/** A program that tells that it ran, and goes on. */
const canary = (name: string): string => `sh -c 'echo ${name} >> /tmp/ran; cat; true' x`;

/** Settings that make some command of git's run a program, with what goes with them. */
const settings: readonly (readonly [name: string, value: string, ...more: readonly string[]])[] = [
  ['core.fsmonitor', '/tmp/canary'],
  ['core.hooksPath', '/tmp/hooks'],
  ['filter.F.clean', canary('clean')],
  ['filter.F.smudge', canary('smudge')],
  ['filter.F.process', '/tmp/canary'],
  ['filter.F.required', 'true'],
  ['diff.D.textconv', '/tmp/canary'],
  ['diff.D.command', '/tmp/canary'],
  ['diff.external', '/tmp/canary'],
  ['merge.M.driver', canary('merge')],
  ['log.showSignature', 'true'],
  ['gpg.program', '/tmp/canary'],
  ['gpg.ssh.program', '/tmp/canary'],
  ['core.pager', canary('pager')],
  ['pager.status', canary('pager')],
  ['pager.diff', canary('pager')],
  ['alias.status', '!/tmp/canary'],
  ['alias.cat-file', '!/tmp/canary'],
  ['alias.rev-parse', '!/tmp/canary'],
  ['alias.hash-object', '!/tmp/canary'],
  ['credential.helper', '!/tmp/canary'],
  ['core.askPass', '/tmp/canary'],
  ['core.editor', '/tmp/canary'],
  ['sequence.editor', '/tmp/canary'],
  ['core.sshCommand', '/tmp/canary'],
  ['core.gitProxy', '/tmp/canary'],
  ['core.alternateRefsCommand', '/tmp/canary'],
  ['uploadpack.packObjectsHook', '/tmp/canary'],
  ['interactive.diffFilter', '/tmp/canary'],
  ['trailer.x.command', '/tmp/canary'],
  ['remote.R.url', 'ext::/tmp/canary'],
  ['remote.R.promisor', 'true'],
  ['remote.R.partialCloneFilter', 'blob:none'],
  ['remote.R.uploadpack', '/tmp/canary'],
  ['protocol.ext.allow', 'always'],
  ['extensions.partialClone', 'R'],
  ['submodule.sub.update', '!/tmp/canary'],
  ['init.templateDir', '/tmp/hooks'],
  ['core.attributesFile', '/tmp/attributes'],
  ['core.excludesFile', '/tmp/excludes'],
  ['core.untrackedCache', 'true'],
  ['core.preloadIndex', 'true'],
];

describe('A hostile repository in a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'hostile' });
    await box.bash(
      `printf '#!/bin/sh\\necho canary "$0" >> /tmp/ran\\n' > /tmp/canary; chmod 755 /tmp/canary; mkdir /tmp/hooks; ` +
        `for h in post-index-change reference-transaction post-checkout pre-commit fsmonitor-watchman; do cp /tmp/canary /tmp/hooks/$h; done; ` +
        `printf '* filter=F diff=D merge=M\\n' > /tmp/attributes; : > /tmp/ran`,
    );
  });

  /** A repository with all kinds of changes, a submodule and a blob that is missing. */
  async function changed(): Promise<string> {
    const lib = await box.repository('echo lib > lib');
    const top = await box.repository(
      `printf '* filter=F diff=D merge=M\\n' > .gitattributes; for f in a b c d e; do echo $f > $f; done; echo lost > lost; ` +
        `git -c protocol.file.allow=always submodule --quiet add ${lib} sub`,
    );
    await box.bash(
      `cd ${top}; echo 2 > a; rm b; git mv c moved; touch -d 2001-01-01 d; echo f > f; echo g > sub/lib; ` +
        `echo 3 > lost; blob=$(git rev-parse :lost); rm -f .git/objects/\${blob%??????????????????????????????????????}/*; ` +
        `mkdir -p .git/info; printf '* filter=F diff=D\\n' > .git/info/attributes; cp /tmp/hooks/* .git/hooks/`,
    );
    return top;
  }
  /** All bytes, names, modes and times below a git directory. */
  const fingerprint = (top: string): Promise<string> =>
    box.bash(
      `cd ${top}; find .git -printf '%p %m %s %T@ %C@ %l\\n' | sort | sha256sum; find .git -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum`,
    );
  const ran = (): Promise<string> => box.bash('cat /tmp/ran; : > /tmp/ran');

  it('runs nothing when it is looked at, whatever it configures, and stays as it was to the byte', async () => {
    const top = await changed();
    const set = (file: string): string =>
      settings.map(([name, value]) => `git config --file ${file} ${name} "${value.replaceAll('"', '\\"')}"`).join('; ');
    // In all of the places at once: its own, an included one, the user's, the submodule's.
    await box.bash(
      `cd ${top}; cp .git/config /tmp/plain-config; ${set('/tmp/included')}; ${set('.git/config')}; ` +
        `git config --file .git/config include.path /tmp/included; git config --file .git/config extensions.worktreeConfig true; ` +
        `${set('.git/config.worktree')}; ${set('~/.gitconfig')}; ${set('.git/modules/sub/config')}`,
    );
    await box.bash(`cd ${top}; git status >/dev/null 2>&1; git diff >/dev/null 2>&1; true`);
    assert.match(await ran(), /canary/, 'the settings are live: git itself runs them');
    const before_ = await fingerprint(top);
    assert.deepEqual((await box.changes.find(top, signal)).repositories, [top, `${top}/sub`]);
    const found = await box.read(top);
    assert.deepEqual(found.groups.uncommitted.map(short), [
      'modified a filtered',
      'deleted b',
      'untracked f',
      'modified lost filtered',
      'renamed moved < c',
    ]);
    await box.bash(`cd ${top}; echo again > a; echo new > new`);
    assert.deepEqual((await box.groups(top)).since, ['modified a filtered', 'untracked new']);
    assert.deepEqual(await box.sides(top, 'a'), ['a\n', 'again\n']);
    assert.deepEqual(await box.sides(top, 'a', 'sinceStart'), ['2\n', 'again\n']);
    assert.deepEqual((await box.sides(top, 'lost'))[0], '{"kind":"missing"}');
    await box.groups(`${top}/sub`);
    assert.equal(await ran(), '');
    assert.equal(await fingerprint(top), before_);
    await box.bash('rm ~/.gitconfig');
  });

  it('runs no program of its own where the search path leads into it', async () => {
    const top = await box.repository(
      'for p in git stat sort find id bash sha256sum; do cp /tmp/canary $p; done; echo a > a',
    );
    await box.bash(`cd ${top}; echo b > a; echo b > b`);
    const commands: DevboxCommands = {
      run: (command, options) => box.commands.run(`cd ${top}; export PATH=".::bin/..:$PATH"; ${command}`, options),
    };
    const changes = new DevboxChanges({ devboxId: box.id, commands, requireRunning: () => Promise.resolve() });
    await changes.find(top, signal);
    const found = await changes.read(top, signal);
    assert.deepEqual(found.groups.uncommitted.map(short), ['modified a', 'untracked b']);
    assert.deepEqual(await box.sidesIn(found, 'a'), ['a\n', 'b\n']);
    await changes.readFolder(top, signal);
    const { state } = await discardable(changes, { top, paths: [], signal });
    await discard(changes, { top, paths: [], signal, state, devboxId: box.id });
    assert.equal(await ran(), '');
  });

  it('holds nobody up with a pipe in the place of one of its files, and another one is read meanwhile', async () => {
    const quick = await changesDevbox(used.api, { name: 'pipes', stepSeconds: 2 });
    const good = await quick.repository('echo a > a');
    const places = [
      '.git/config',
      '.git/HEAD',
      '.git/index',
      '.git/commondir',
      '.git/info/exclude',
      '.git/objects/info/alternates',
      '.gitattributes',
      '.gitignore',
    ];
    const look = async (place: string): Promise<string> => {
      const top = await quick.repository(`echo a > a; echo '* text' > .gitattributes; echo x > .gitignore`);
      await quick.bash(`cd ${top}; echo b > a; rm -f ${place}; mkfifo ${place}`);
      try {
        await quick.read(top);
        return 'read';
      } catch (error) {
        assert.ok(RuntimeError.is(error, 'file'), String(error));
        return error.problem.id;
      }
    };
    const [ends, other] = await Promise.all([Promise.all(places.map(look)), quick.groups(good)]);
    for (const [index, end] of ends.entries()) {
      assert.ok(
        ['read', 'changes_late', 'changes_not_repository', 'changes_unreadable'].includes(end),
        `${String(places[index])}: ${end}`,
      );
    }
    assert.ok(ends.includes('changes_late'));
    assert.deepEqual(other.uncommitted, []);
    // Nothing of it is left, of processes or of files.
    assert.equal(await quick.bash(`sleep 3; pgrep -c git || true`), '0\n');
    assert.equal(await quick.bash(`ls -A /var/tmp/.runloop-devboxes-* | grep -c '^look' || true`), '0\n');
  });
});
