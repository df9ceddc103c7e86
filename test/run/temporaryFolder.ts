import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes a folder the temporary folder of this process and of all it starts from now on, and sees to it that the folder goes
 * when this process has ended, however it does: a test that is interrupted clears nothing away itself.
 */
export function useOwnTemporaryFolder(): void {
  // A short name: sockets are made in it, and the kernel takes no longer paths for those than 107 characters.
  const folder = mkdtempSync(join(tmpdir(), 'rl-'));
  // Like the one it stands for: some tests have programs of other users.
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  // It waits for the end of its input. What the processes of the run still write as they end goes in the next round.
  const clear = 'cat > /dev/null; for round in $(seq 20); do rm -rf -- "$1"; sleep 1; [ -e "$1" ] || exit 0; done';
  const remover = spawn('sh', ['-c', clear, 'sh', folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  remover.on('error', (error) => process.emitWarning(`The temporary folder ${folder} will stay: ${error.message}`));
  remover.unref();
}
