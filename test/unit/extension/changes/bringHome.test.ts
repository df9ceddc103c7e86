import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import { useChangeRows } from './useChangeRows';

const first =
  'export GIT_AUTHOR_DATE="2026-01-01T00:00:00Z" GIT_COMMITTER_DATE="2026-01-01T00:00:00Z" GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t ' +
  'GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t; git init -q -b main app && cd app && echo a > a && git add -A && git commit -qm first';

describe('Bringing commits home', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, lines, opened } = useChangeRows(used);
  const folder = mkdtempSync(join(tmpdir(), 'bring-home-'));
  // What is temporary here is this test's alone.
  let outer: string | undefined;
  before(() => {
    outer = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
  });
  after(() => {
    process.env['TMPDIR'] = outer ?? '/tmp';
    rmSync(folder, { recursive: true, force: true });
  });
  const sh = (command: string): string =>
    execFileSync('bash', ['-c', command], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  it('says what comes, makes one branch when that is wanted, and none else', async () => {
    const { box, changes } = await opened('agent one', first);
    sh(first);
    const app = async (): Promise<unknown> => (await below((await changes()).row, 'app')).row;
    await lines((await changes()).row);
    used.editor.workspaceFolders = [{ uri: Uri.file(join(folder, 'app')), name: 'app', index: 0 }];
    used.editor.answer(/Select the clone/, 'app');
    used.editor.answer(/Select what to do with/, /^Commits/);
    await used.editor.run('runloop.bringHome', await app());
    await used.editor.message(/app has no commits that the clone does not have/);
    await box.bash(
      'cd ~/app; git config user.name t; git config user.email t@t; echo b >> a; git commit -qam "work [x](command:y)"; ln -s /etc/x l; git add l; git commit -qm link',
    );
    const untouched = sh('cd app; git for-each-ref; git status --porcelain; git count-objects');
    used.editor.answer(/Select the clone/, 'app');
    used.editor.answer(/Create a branch with 2 commits of app in app\?/, undefined);
    used.editor.answer(/Select what to do with/, /^Commits/);
    await used.editor.run('runloop.bringHome', await app());
    assert.equal(sh('cd app; git for-each-ref; git status --porcelain; git count-objects'), untouched);
    const { detail } = await used.editor.message(/Create a branch with 2 commits/);
    assert.match(detail, /• link\n• work \[x\]\(command:y\)\n/);
    assert.match(detail, /Branch: runloop\/agent-one-main\n/);
    assert.match(detail, /Links that point outside the repository: l\n/);
    used.editor.answer(/Select the clone/, 'app');
    used.editor.answer(/Create a branch with 2 commits/, 'Create Branch');
    used.editor.answer(/Select what to do with/, /^Commits/);
    await used.editor.run('runloop.bringHome', await app());
    await used.editor.message(/The branch runloop\/agent-one-main was created in app/);
    const head = (await box.bash('git -C ~/app rev-parse HEAD')).trim();
    assert.equal(sh('git -C app rev-parse runloop/agent-one-main').trim(), head);
    assert.equal(sh('cd app; git status --porcelain; git branch --show-current'), 'main\n');
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => /^runloop-(home|bundle)-/.test(name)),
      [],
    );
  });

  it('makes what is not committed staged changes of a clone when that is wanted', async () => {
    const { box, changes } = await opened('agent three', first);
    await box.bash('cd ~/app; echo b >> a; echo new > n');
    sh(`rm -rf app; ${first}`);
    const app = (await below((await changes()).row, 'app')).row;
    used.editor.workspaceFolders = [{ uri: Uri.file(join(folder, 'app')), name: 'app', index: 0 }];
    const bring = async (yes: string | undefined): Promise<void> => {
      used.editor.answer(/Select what to do with/, /^Uncommitted/);
      used.editor.answer(/Select the clone that gets the changes in app/, 'app');
      used.editor.answer(/Apply the changes in app to app\? Files: 2/, yes);
      await used.editor.run('runloop.bringHome', app);
    };
    await bring(undefined);
    assert.match(
      (await used.editor.message(/Apply the changes/)).detail,
      /^• a\n• n\n\nThey are staged, not committed/,
    );
    assert.equal(sh('cd app; git status --porcelain'), '');
    await bring('Apply Changes');
    await used.editor.message(/The changes in app are staged in app/);
    assert.equal(sh('cd app; git status --porcelain; cat a n'), 'M  a\nA  n\na\nb\nnew\n');
  });

  it('saves what is not committed as a patch', async () => {
    const { box, changes } = await opened('agent two', first);
    await box.bash('cd ~/app; echo b >> a; echo new > n');
    const app = await below((await changes()).row, 'app');
    used.editor.saveTo = Uri.file(join(folder, 'work.patch'));
    used.editor.answer(/Select what to do with/, /Patch File/);
    await used.editor.run('runloop.bringHome', (await below(app.row, 'Uncommitted')).row);
    await used.editor.message(/The changes in app were saved/);
    assert.match(readFileSync(join(folder, 'work.patch'), 'utf8'), /\+b\n[^]*new file mode 100644[^]*\+new\n/);
  });

  it('saves what was committed since the start where nothing is uncommitted, and no patch of nothing', async () => {
    const { box, changes } = await opened('agent done', first);
    await lines((await changes()).row);
    const app = async (): Promise<unknown> => (await below((await changes()).row, 'app')).row;
    const offered = (): string[] => used.editor.offered.map((one) => (typeof one === 'string' ? one : one.label));
    used.editor.answer(/Select what to do with/, undefined);
    await used.editor.run('runloop.bringHome', await app());
    assert.deepEqual(offered(), ['Commits into a New Branch…', 'Send My Changes to the Devbox…']);
    await box.bash('cd ~/app; echo b >> a; git -c user.name=t -c user.email=t@t commit -qam work');
    await used.editor.run('runloop.refreshDevboxes');
    const committed = await app();
    used.editor.answer(/Select what to do with/, /Patch File/);
    used.editor.saveTo = Uri.file(join(folder, 'done.patch'));
    await used.editor.run('runloop.bringHome', committed);
    assert.deepEqual(offered(), [
      'Commits into a New Branch…',
      'Changes into a Patch File…',
      'Send My Changes to the Devbox…',
    ]);
    await used.editor.message(/The changes in app were saved/);
    assert.match(readFileSync(join(folder, 'done.patch'), 'utf8'), /^diff --git a\/a b\/a\n[^]*\n\+b\n$/);
    // The row is of before.
    await box.bash('cd ~/app; git reset -q --hard HEAD~1');
    used.editor.answer(/Select what to do with/, /Patch File/);
    used.editor.saveTo = Uri.file(join(folder, 'nothing.patch'));
    await used.editor.run('runloop.bringHome', committed);
    await used.editor.message(/app has no such changes any more, so no patch was saved/);
    assert.ok(!readdirSync(folder).includes('nothing.patch'));
  });

  it('says why a patch cannot be saved, and leaves no part of it and what was there', async () => {
    const { box, changes } = await opened('agent full', first);
    await box.bash('cd ~/app; head -c 3000000 /dev/urandom > n');
    const app = await below((await changes()).row, 'app');
    const save = async (path: string): Promise<void> => {
      used.editor.saveTo = Uri.file(path);
      used.editor.answer(/Select what to do with/, /Patch File/);
      await used.editor.run('runloop.bringHome', (await below(app.row, 'Uncommitted')).row);
    };
    await save('/dev/full');
    await used.editor.message(/This computer has no space left/);
    await save('/sys/work.patch');
    await used.editor.message(/The patch was not saved: you have no permission to write "work\.patch" there/);
    sh('mkdir here; echo old > here/work.patch; mkdir here/taken.patch');
    await save(join(folder, 'nowhere', 'work.patch'));
    await used.editor.message(/The patch was not saved as "work\.patch": ENOENT/);
    await save(join(folder, 'here', 'taken.patch'));
    await used.editor.message(/The patch was not saved as "taken\.patch": E/);
    assert.deepEqual(readdirSync(join(folder, 'here')), ['taken.patch', 'work.patch']);
    sh('chmod 640 here/work.patch; ln -s work.patch here/link.patch');
    await save(join(folder, 'here', 'link.patch'));
    await used.editor.message(/The changes in app were saved/);
    assert.equal(
      sh('stat -c "%F %a" here/link.patch here/work.patch; grep -cx old here/work.patch || true'),
      'symbolic link 777\nregular file 640\n0\n',
    );
  });

  it('says of a clone without a commit that there is none', async () => {
    const { box, changes } = await opened('agent empty', first);
    sh('git init -q empty');
    const app = await below((await changes()).row, 'app');
    await box.bash('cd ~/app; git status');
    used.editor.workspaceFolders = [{ uri: Uri.file(join(folder, 'empty')), name: 'empty', index: 0 }];
    used.editor.answer(/Select the clone/, 'empty');
    used.editor.answer(/Create a branch with 1 commit of app in empty\?/, undefined);
    used.editor.answer(/Select what to do with/, /^Commits/);
    await used.editor.run('runloop.bringHome', app.row);
    const { detail } = await used.editor.message(/Create a branch with 1 commit of app in empty/);
    assert.match(detail, /\nNo commit is checked out there yet/);
    assert.doesNotMatch(detail, /in common/);
  });

  it('sends what a clone has beyond the devbox when that is wanted, and says where it does not fit', async () => {
    const { box, changes } = await opened('agent four', first);
    sh(`rm -rf app; ${first}; echo mine >> a; echo new > n; echo '[x](command:y)' > 'odd [x](command:y)'`);
    const app = async (): Promise<unknown> => (await below((await changes()).row, 'app')).row;
    used.editor.workspaceFolders = [{ uri: Uri.file(join(folder, 'app')), name: 'app', index: 0 }];
    const send = async (yes?: { readonly answer: string | undefined }): Promise<void> => {
      used.editor.answer(/Select what to do with/, /^Send My Changes/);
      used.editor.answer(/Select the clone whose changes are sent to app/, 'app');
      if (yes !== undefined) used.editor.answer(/Send the changes in app to app in the devbox\? Files: 3/, yes.answer);
      await used.editor.run('runloop.bringHome', await app());
    };
    await send({ answer: undefined });
    const { detail } = await used.editor.message(/Send the changes in app/);
    assert.match(
      detail,
      /^• a\n• n \(new\)\n• odd \[x\]\(command:y\) \(new\)\n\nAll that is not ignored is sent, untracked/,
    );
    assert.equal(await box.bash('git -C ~/app status --porcelain'), '');
    await send({ answer: 'Send Changes' });
    await used.editor.message(/The changes in app are now uncommitted changes of app in the devbox/);
    assert.equal(await box.bash('cd ~/app; cat a n'), 'a\nmine\nnew\n');
    assert.ok((await lines((await changes()).row)).some((line) => line.includes('app')));
    await send();
    await used.editor.message(/app has no changes that app in the devbox does not have/);
    await box.bash('cd ~/app; echo theirs > n');
    sh('echo other > app/n');
    await send();
    await used.editor.message(/Files were changed in the same places in "app", so nothing was sent to it: n\./);
    assert.equal(await box.bash('cd ~/app; cat n'), 'theirs\n');
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => /^runloop-(home|send)-/.test(name)),
      [],
    );
  });
});
