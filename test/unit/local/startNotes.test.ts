import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { startNotes } from '../../../src/local/startNotes';
import { startPlatform } from '../../platform/testPlatform';
import { localPlatformBundle } from '../../vscode/projectPaths';
import { skip } from '../../run/skip';

const all = {
  isRoot: true,
  has: () => true,
  resolves: () => Promise.resolve(true),
  hasControlGroups: true,
  port: 8787,
};

describe('local platform, what it says at a start', function () {
  this.timeout(120_000);

  it('is nothing where everything works', async () => {
    assert.deepEqual(await startNotes(all), []);
  });

  it('is how tunnels are reached where no name below localhost leads here, with what mends it', async () => {
    const asked: string[] = [];
    const resolves = (name: string): Promise<boolean> => {
      asked.push(name);
      return Promise.resolve(false);
    };
    const [note = '', remedy = '', ...more] = await startNotes({ ...all, resolves });
    assert.deepEqual(asked, ['4444-trial.tunnel.localhost']);
    assert.match(note, /X-Runloop-Host to http:\/\/127\.0\.0\.1:8787/);
    assert.match(remedy, /: sudo apt-get install -y libnss-myhostname$/);
    assert.deepEqual(more, []);
  });

  it('is what is missing, and one line that mends it', async () => {
    const notes = await startNotes({ ...all, isRoot: false, has: (name) => !['ip', 'script'].includes(name) });
    assert.match(notes[0] ?? '', /not run as root.*no apt-get install, no useradd.*sudo/);
    assert.match(notes[1] ?? '', /network policies \(ip is missing\), terminals \(script is missing\)/);
    assert.match(notes[2] ?? '', /: sudo apt-get install -y iproute2 bsdutils$/);
    assert.equal(notes.length, 3);
  });

  it('is that memory is only looked at where no control groups hold it', async () => {
    const notes = await startNotes({ ...all, hasControlGroups: false });
    assert.match(notes.join('\n'), /^No control groups hold the memory .* 2 to 20 times a second, .* ended late.*$/);
    const platform = await startPlatform(['--control-groups', 'off']);
    try {
      assert.match(platform.stderr(), /^No control groups hold the memory of devboxes here/m);
    } finally {
      await platform.stop();
    }
  });

  it('is what goes into devboxes where there is no Perl', async () => {
    const notes = await startNotes({ ...all, has: (name) => name !== 'perl' });
    assert.match(notes[0] ?? '', /keeping the open files and keys .* out of devboxes \(perl is missing\)/);
    assert.match(notes[1] ?? '', /: sudo apt-get install -y perl-base$/);
  });

  it('is told to an ordinary user', async function () {
    if (process.getuid?.() !== 0) {
      skip(this, 'only root can start it as somebody else');
    }
    const folder = mkdtempSync(join(tmpdir(), 'runloop-ordinary-'));
    try {
      // What the bundle is in may be closed to others.
      execFileSync('cp', ['-r', join(localPlatformBundle, '..'), join(folder, 'dist')]);
      execFileSync('chmod', ['-R', 'a+rX', folder]);
      chmodSync(folder, 0o755);
      const state = join(folder, 'state');
      execFileSync('mkdir', [state]);
      chownSync(state, 65_533, 65_533);
      const { first, said } = await startAsOrdinary(folder, state);
      assert.match(first, /baseURL/);
      assert.match(said, /This platform does not run as root, so everything in a devbox belongs to one user/);
      // What a start with sudo has left there is nobody's damage.
      execFileSync('chown', ['-R', '0:0', join(state, 'logs'), join(state, 'secrets.key')]);
      const refused = await startAsOrdinary(folder, state);
      assert.equal(refused.first, '');
      assert.match(
        refused.said,
        /secrets\.key, logs cannot be used by this user, as after a start with sudo\. Give the folder back/,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Starts a platform as a user who is nobody here, and ends it when it has said its first word. */
async function startAsOrdinary(folder: string, state: string): Promise<{ first: string; said: string }> {
  const platform = spawn(
    'setpriv',
    [
      ...['--reuid', '65533', '--regid', '65533', '--clear-groups', '--', process.execPath],
      ...[join(folder, 'dist/local.mjs'), '--data-dir', state],
    ],
    { env: { PATH: process.env['PATH'], HOME: state }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [first, said] = ['', ''];
  platform.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  platform.stdout.on('data', (chunk: Buffer) => {
    first += chunk.toString();
    platform.kill();
  });
  await new Promise((resolve) => platform.once('close', resolve));
  return { first, said };
}
