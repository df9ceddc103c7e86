import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import { useChangeRows } from './useChangeRows';

const first =
  'export GIT_AUTHOR_DATE="2026-01-01T00:00:00Z" GIT_COMMITTER_DATE="2026-01-01T00:00:00Z" GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t ' +
  'GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t; git init -q -b main app && cd app && echo a > a && git add -A && git commit -qm first';

describe('What is moved between a devbox and a clone, and its account', function () {
  this.timeout(300_000);
  const used = useWindow();
  const { below, devbox, opened } = useChangeRows(used);
  const folder = mkdtempSync(join(tmpdir(), 'left-account-'));
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

  it('stay as they are where somebody signs out at one of its questions, and that is said', async () => {
    const { editor, platform } = used;
    const { box } = await opened('left', `${first}; echo b > b; git add b; git commit -qm two; echo c >> a`);
    sh(`${first}; cp -a ../app ../app.plain; echo mine > mine; cp -a ../app ../app.mine`);
    const state = async (): Promise<string> =>
      sh('cd app; git for-each-ref; git status --porcelain') +
      (await box.bash('cd ~/app; git status --porcelain; git stash list'));
    const ways = [
      { way: /^Commits/, clone: 'plain', yes: 'Create Branch' },
      { way: /^Uncommitted/, clone: 'plain', yes: 'Apply Changes' },
      { way: /Patch File/, clone: 'plain', yes: undefined },
      { way: /^Send My/, clone: 'mine', yes: 'Send Changes' },
      { way: /^Discard/, clone: 'plain', yes: /Discard/ },
    ];
    const came: string[] = [];
    for (const { way, clone, yes } of ways) {
      for (let at = 1; ; at += 1) {
        sh(`rm -rf app; cp -a app.${clone} app; rm -f work.patch`);
        await signIn(editor, platform.apiKey);
        const row = await devbox('left');
        const app = await below((await below(row?.row, 'Changes')).row, 'app');
        const before_ = await state();
        editor.messages.length = 0;
        editor.forgive();
        editor.workspaceFolders = [{ uri: Uri.file(join(folder, 'app')), name: 'app', index: 0 }];
        editor.saveTo = Uri.file(join(folder, 'work.patch'));
        editor.answer(/Select what to do with/, way);
        editor.answer(/Select the clone/, 'app');
        editor.answer(/^(?:Create a branch|Apply the changes|Send the changes|Discard)/, yes);
        const asked: string[] = [];
        editor.whileBusy = async (what) => {
          if (!/^question (?:Select|Create a|Apply the|Send the|Discard)/.test(what)) return;
          asked.push(what);
          if (asked.length === at) await editor.run('runloop.signOut');
        };
        await editor.run('runloop.bringHome', app.row);
        editor.whileBusy = () => Promise.resolve();
        if (asked.length < at) break;
        came.push(asked.at(-1) ?? '');
        await editor.message(/has switched to another account/);
        assert.equal(await state(), before_, asked.join());
        assert.deepEqual(
          readdirSync(folder).filter((name) => name.startsWith('runloop-') || name.endsWith('.patch')),
          [],
          asked.join(),
        );
      }
      await box.bash('cd ~/app; git reset -q --hard; git clean -qfd; echo c >> a');
    }
    assert.ok(came.length > 8, came.join('\n'));
    editor.forgive();
  });
});
