import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { hiddenUse } from '../../../../src/local/host/hiddenUse';
import { ProcessTable } from '../../../../src/local/host/processTable';
import { waitFor } from '../../../eventually';

describe('what a devbox holds beside its folder', () => {
  it('is counted while some of its processes have ended and nobody asks how', async () => {
    const scope = { kind: 'mark', mark: 'with-a-zombie' } as const;
    // It becomes another program with a child that ends, and with a file that has no name any more.
    const script =
      'file=$(mktemp) && exec 3> "$file" && rm "$file" && head -c 1000000 /dev/zero >&3; sleep 0.5 & echo $!; exec sleep 100';
    const parent = spawn('sh', ['-c', script], {
      env: { ...process.env, RUNLOOP_LOCAL_DEVBOX: scope.mark },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = Number(chunk.toString());
      await waitFor('the end of its child', () =>
        Promise.resolve(/\) Z /.test(readFileSync(`/proc/${zombie}/stat`, 'latin1')) ? true : undefined),
      );
      const { disk, memory } = hiddenUse(scope);
      assert.ok(disk + memory >= 1_000_000, `${disk} ${memory}`);
      assert.ok((new ProcessTable().measure([scope])[0]?.processes ?? 0) >= 1);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
