import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { agentsWindow } from '../../../bench/agents/agentsWindow';
import { FakeSecrets } from '../../../fakeVscode/memory';
import { usePlatform } from '../../../platform/usePlatform';

describe('What windows seal their lines with', function () {
  this.timeout(60_000);
  const used = usePlatform();
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'seal-'))));
  afterEach(() => rm(folder, { recursive: true }));

  /** As slow as a keyring, each time a little slower: who comes later writes later. */
  function slowSecrets(isAsked: () => Promise<void> = () => Promise.resolve()) {
    let count = 0;
    const secrets = new FakeSecrets(async () => {
      await isAsked();
      await sleep((count += 4));
    });
    let stores = 0;
    secrets.onDidChange(() => (stores += 1));
    return { secrets, stores: () => stores };
  }
  const window = (secrets: FakeSecrets, sharedFolder?: string) =>
    agentsWindow(used.api, used.platform, { secrets, ...(sharedFolder !== undefined && { sharedFolder }) });

  it('is made once by a window that looks into devboxes at once, also without turns', async () => {
    const { secrets, stores } = slowSecrets();
    const { agents, end } = window(secrets);
    await Promise.all(['dbx_a', 'dbx_b', 'dbx_c'].map((id) => agents.in(id)));
    assert.equal(stores(), 1);
    end();
  });

  it('is made once by windows that look at once', async () => {
    const { secrets, stores } = slowSecrets();
    const windows = Array.from({ length: 3 }, () => window(secrets, folder));
    await Promise.all(windows.map(({ agents }) => agents.in('dbx_a')));
    assert.equal(stores(), 1);
    for (const { end } of windows) end();
  });

  it('is asked for again after a keyring that refused', async () => {
    let isLocked = true;
    const { secrets } = slowSecrets(() => (isLocked ? Promise.reject(new Error('locked')) : Promise.resolve()));
    const { agents, end } = window(secrets);
    await assert.rejects(agents.in('dbx_a'), /locked/);
    isLocked = false;
    await agents.in('dbx_a');
    end();
  });
});
