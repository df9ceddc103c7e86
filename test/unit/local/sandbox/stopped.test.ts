import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, startPlatform } from '../../../platform/testPlatform';

describe('local platform, a devbox that stops its own processes', () => {
  let platform: TestPlatform;
  let client: Client;

  before(async () => {
    platform = await startPlatform();
    client = platform.client();
  });
  after(() => platform.stop());

  const stoppedIn = async (id: string): Promise<string> => {
    const { execution_id } = await client.devboxes.executeAsync(id, { command: 'touch here; kill -STOP $$; echo on' });
    await waitFor('it to be stopped', async () => {
      const { stdout } = await client.devboxes.executeAndAwaitCompletion(id, {
        command: 'ls here; grep -l "^State:.T" /proc/[0-9]*/status',
      });
      return /here\n\/proc/.test(stdout ?? '') ? true : undefined;
    });
    return execution_id;
  };

  it('is shut down all the same', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({});
    await stoppedIn(id);
    await client.devboxes.shutdown(id);
    const ended = await waitFor('its end', async () => {
      const { status } = await client.devboxes.retrieve(id);
      return status === 'running' ? undefined : status;
    });
    assert.equal(ended, 'shutdown');
  });

  it('has them killed when that is asked for', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const execution = await stoppedIn(id);
    await client.devboxes.executions.kill(id, execution);
    const ended = await waitFor('the command’s end', async () => {
      const seen = await client.devboxes.executions.retrieve(id, execution);
      return seen.status === 'completed' ? seen : undefined;
    });
    assert.equal(ended.exit_status, 137);
    await client.devboxes.shutdown(id);
  });
});
