import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { AgentDevboxes, type MarkSources } from '../../../../src/extension/agents/agentDevboxes';
import { FakeMemory } from '../../../fakeVscode/memory';
import { CountingProxy } from '../../../platform/countingProxy';
import { usePlatform } from '../../../platform/usePlatform';
import { eventually } from '../../../eventually';
import { filesDevbox } from '../../core/files/useFiles';

describe('The mark of a devbox with agents', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const started: { proxy?: CountingProxy } = {};
  const proxy = (): CountingProxy => started.proxy ?? assert.fail();
  before(async () => {
    started.proxy = await CountingProxy.start(used.platform.baseUrl);
  });
  after(() => started.proxy?.stop());

  /** A devbox that was not marked when it was made, and a window that marks it. */
  async function unmarked(name: string) {
    const { apiKey } = used.platform;
    const box = await filesDevbox(used.api, name);
    await used.api.devboxes.replaceMetadata(box.id, { team: 'a' });
    const devbox = await used.api.devboxes.retrieve(box.id);
    const failures: unknown[] = [];
    const known = new AgentDevboxes(new FakeMemory(() => Promise.resolve()), (error) => failures.push(error));
    const api = new RunloopApi({ apiKey, baseUrl: proxy().baseUrl });
    const account = { apiKey, baseUrl: proxy().baseUrl, api, ended: new AbortController().signal };
    const sources: MarkSources = {
      account: { current: () => Promise.resolve(account as never) },
      store: { get: () => devbox },
    };
    const metadata = (): Promise<unknown> => used.api.devboxes.metadata(box.id);
    return { id: box.id, known, sources, failures, metadata };
  }

  it('is put there later where somebody else wrote into its metadata just then', async () => {
    const { id, known, sources, metadata } = await unmarked('written meanwhile');
    proxy().reset();
    proxy().before = async (count) => {
      if (count === 2) await used.api.devboxes.replaceMetadata(id, { team: 'b' });
    };
    known.mark(id, sources);
    await proxy().quiet(500);
    assert.deepEqual([await metadata(), proxy().count], [{ team: 'b' }, 2]);
    known.mark(id, sources);
    await eventually(metadata, (now) => JSON.stringify(now) === '{"team":"b","runloop-devboxes-agents":"yes"}');
    await proxy().quiet(500);
    const { count } = proxy();
    known.mark(id, sources);
    await proxy().quiet(500);
    assert.equal(proxy().count, count, 'it is there, and nobody asks again');
  });

  it('is given up after some tries: what cannot be written costs no request at each thing an agent does', async () => {
    const { id, known, sources, metadata } = await unmarked('always written');
    let times = 0;
    proxy().reset();
    proxy().before = async (count) => {
      if (count % 2 === 0) await used.api.devboxes.replaceMetadata(id, { team: String((times += 1)) });
    };
    for (let tries = 0; tries < 6; tries += 1) {
      known.mark(id, sources);
      await proxy().quiet(500);
    }
    assert.deepEqual([await metadata(), proxy().count], [{ team: '3' }, 6]);
  });
});
