import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { RuntimeError } from '../../../../src/core/errors';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { usePlatform } from '../../../platform/usePlatform';
import { startCuttingProxy, type CuttingProxy } from '../logs/cuttingProxy';

describe('An output that is too large for one answer', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const open: CuttingProxy[] = [];
  afterEach(async () => {
    for (const proxy of open.splice(0)) await proxy.close();
  });

  async function commands(options: Parameters<typeof startCuttingProxy>[1]): Promise<ExecutionCommands> {
    const { id } = await used.api.devboxes.create({ name: 'large' }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    const proxy = await startCuttingProxy(used.platform.baseUrl, options);
    open.push(proxy);
    return new ExecutionCommands(new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: proxy.url }), id);
  }

  const call = { signal: new AbortController().signal, deadlineMs: 50_000 };

  it('comes whole over connections that are cut', async () => {
    const carrier = await commands({ cutAfter: () => 5_000_000 });
    const { stdout } = await carrier.run('head -c 9000000 /dev/urandom | tee /tmp/large', call);
    assert.equal(stdout.byteLength, 9_000_000);
    assert.ok((open[0]?.cuts() ?? 0) > 0);
  });

  it('is told of as what it is where the platform has no streams', async () => {
    const carrier = await commands({ hide: '/stream_' });
    const small = await carrier.run('seq 1000', call);
    assert.equal(Buffer.from(small.stdout).toString().split('\n').length, 1001);
    await assert.rejects(carrier.run('head -c 9000000 /dev/urandom', call), (error) => RuntimeError.is(error));
  });

  it('comes line by line while it runs, or not at all where only its end can be had', async () => {
    const followed = async (hide: string, count: number): Promise<number> => {
      const carrier = await commands({ hide });
      const command = await carrier.open(`seq -f 'line %.0f ${'x'.repeat(40)}' ${count}; sleep 2; echo last`, call);
      let lines = 0;
      for await (const some of command.lines()) lines += some.filter((line) => line !== '').length;
      return lines;
    };
    assert.equal(await followed('/no-such-path', 300_000), 300_001);
    assert.equal(await followed('/stream_', 10_000), 10_001);
    await assert.rejects(followed('/stream_', 300_000), (error) => RuntimeError.is(error));
  });
});
