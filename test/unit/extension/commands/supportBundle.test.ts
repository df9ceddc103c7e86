import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { Uri } from '../../../fakeVscode/values';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('The support bundle of a window (S1)', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('holds no value that was set, in any scope or devbox, no profile and nobody’s home', async () => {
    const { editor, platform, globalFolder, extension } = used;
    const secretOf = (what: string): string => `plain looking value of ${what}`;
    editor.settings.set('runloop.presets', [
      {
        name: 'preset of Jane',
        blueprint: 'openhands',
        environment: { TOKEN: secretOf('a preset') },
        launchCommands: [`export X='${secretOf('a command')}'`],
      },
    ]);
    editor.settings.set('runloop.profiles', { 'Acme of Jane': 'https://joe:s3cr3t@acme.example.com/x?token=abc' });
    editor.settings.ofWorkspace.set('runloop.presets', [{ environment: { OTHER: secretOf('a workspace') } }]);
    // As it was kept by an earlier window for a devbox that is not listed any more.
    await editor.secrets.store('runloop.setValues', JSON.stringify({ dbx_gone: [secretOf('a devbox that is gone')] }));
    await extension.list();
    const log = [
      ...['a preset', 'a command', 'a workspace', 'a devbox that is gone'].map(secretOf),
      platform.apiKey,
      join(homedir(), 'project'),
      `C:\\Users\\${userInfo().username}\\x`,
    ];
    const logs = join(globalFolder, '..', 'logs');
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, 'Runloop.log'), log.join('\n'));
    writeFileSync(join(logs, 'Runloop: devbox.log'), 'output of a devbox');
    const target = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'bundle.zip');
    editor.saveTo = Uri.file(target);
    await editor.run('runloop.collectSupportBundle');
    await editor.message(/^Support bundle saved/);
    assert.equal(statSync(target).mode & 0o777, 0o600);
    const read =
      'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print([(n,z.read(n).decode()) for n in z.namelist()])';
    const text = execFileSync('python3', ['-c', read, target], { encoding: 'utf8' });
    assert.match(text, /about\.json.*settings\.json.*Runloop\.log/s);
    for (const part of ['value of', 'Jane', 'Acme', 's3cr3t', 'token=abc', platform.apiKey, 'output of a devbox']) {
      assert.ok(!text.includes(part), `${part} in ${text}`);
    }
    // root is nobody.
    if (homedir() !== '/root') assert.ok(!text.includes(join(homedir(), 'project')), text);
  });
});
