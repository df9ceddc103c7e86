import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { takeFolderLock, takeFolderLockNow } from '../../vscode/folderLock';

describe('the lock of the install folder', () => {
  const never = new AbortController().signal;
  const folder = `/folder-of-a-test/${process.pid}`;

  it('lets one in at a time, and the next one in when it is free', async () => {
    const order: string[] = [];
    const first = await takeFolderLock(folder, () => order.push('first waits'), never);
    assert.equal(await takeFolderLockNow(folder), undefined);
    let second: Promise<{ release(): Promise<void> }> | undefined;
    await new Promise<void>((waits) => {
      second = takeFolderLock(folder, waits, never);
    });
    order.push('first out');
    await first.release();
    const lock = await second;
    order.push('second in');
    await lock?.release();
    assert.deepEqual(order, ['first out', 'second in']);
  });

  it('stops waiting when asked to', async () => {
    const held = await takeFolderLock(folder, () => undefined, never);
    const stop = new AbortController();
    const reason = new Error('enough');
    await assert.rejects(
      takeFolderLock(folder, () => stop.abort(reason), stop.signal),
      reason,
    );
    await held.release();
  });
});
