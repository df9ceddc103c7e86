import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { gatherEvidence } from '../../../../src/core/diagnosis/evidence';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { followEvents } from '../../../../src/core/logs/followDevbox';
import { pipeLines } from '../../../../src/core/logs/linePipeline';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { asOwn, isOwn, OwnEntries } from '../../../../src/core/platform/ownExecutions';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { startCuttingProxy } from './cuttingProxy';

describe('Executions of our own', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  for (const source of ['a stream', 'the list and the streams of executions'] as const) {
    it(`are in the devbox\u2019s log, and not in what is shown of it by ${source}`, async () => {
      const { id } = await used.api.devboxes.create({ name: 'own' }, { requestId: crypto.randomUUID() });
      await used.api.devboxes.waitForStatus(id, ['running'], 20);
      let { api } = used;
      if (source !== 'a stream') {
        const proxy = await startCuttingProxy(used.platform.baseUrl, { hide: '/logs/tail' });
        closing.push(() => proxy.close());
        api = new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: proxy.url });
      }
      const texts: string[] = [];
      const stop = new AbortController();
      const pace = { reconnectMs: [5, 50], pollMs: [20, 50] } as const;
      const done = pipeLines(followEvents(api, id, { signal: stop.signal, pace }), {
        secrets: { known: () => Promise.resolve([]) },
        show: (groups) => void texts.push(...groups.flatMap(({ text }) => text.split('\n'))),
      });
      closing.push(async () => {
        stop.abort();
        await done;
      });
      const call = { signal: stop.signal, deadlineMs: 20_000 };
      const commands = new ExecutionCommands(used.api, id);
      const theirs = runCommand(used.api, id, 'echo theirs-1; sleep 1; echo theirs-2; exit 5');
      const ours = runCommand(used.api, id, asOwn('echo ours-1; sleep 1; echo ours-2; exit 6'));
      const file = await commands.run('cat; echo ours-3 >&2; exit 4', { ...call, stdin: Buffer.from('ours-4') });
      assert.deepEqual([file.exitCode, Buffer.from(file.stdout).toString()], [4, 'ours-4']);
      assert.deepEqual([(await theirs).exitStatus, (await ours).exitStatus], [5, 6]);
      await eventually(
        () => Promise.resolve(texts.join('\n')),
        (text) => text.includes('theirs-2') && /exit (?:code )?5|5/.test(text),
      );
      await runCommand(used.api, id, 'echo the-end');
      await eventually(
        () => Promise.resolve(texts),
        (shown) => shown.includes('the-end'),
      );
      assert.doesNotMatch(texts.join('\n'), /ours|own;|exit code [46]/);
      const whole = await used.api.logs.newest(id);
      assert.ok(whole.some(({ command }) => command !== undefined && isOwn(command)));
      const { logLines, lastExit } = await gatherEvidence(used.api, id);
      assert.ok(logLines < whole.length);
      assert.equal(lastExit?.code, 0);
      await runCommand(used.api, id, asOwn('exit 9'));
      assert.equal((await gatherEvidence(used.api, id)).lastExit?.code, 0);
      await used.api.devboxes.shutdown(id);
    });
  }

  it('are told by the first word of the command only, and no others with them', () => {
    const entry = { level: '', source: 'exec', timestampMs: undefined };
    const own = new OwnEntries();
    assert.ok(!own.has({ ...entry, text: asOwn('x') }));
    assert.ok(!own.has({ ...entry, text: '', command: `echo ${asOwn('x')}`, executionId: 'a' }));
    assert.ok(!own.has({ ...entry, text: 'out', executionId: 'a' }));
    assert.ok(own.has({ ...entry, text: '', command: asOwn('x'), executionId: 'b' }));
    assert.ok(own.has({ ...entry, text: 'out', executionId: 'b' }));
    assert.ok(!own.has({ ...entry, text: 'out' }));
    assert.ok(own.has({ ...entry, text: '', command: asOwn('x') }));
  });
});
