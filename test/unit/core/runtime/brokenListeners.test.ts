import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { RunloopRuntimeOptions } from '../../../../src/core/options/runtimeOptions';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { startPlainDevbox } from '../../../../src/core/start/plainDevbox';
import { usePlatform } from '../../../platform/usePlatform';

describe('A runtime whose listeners throw', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const warnings: string[] = [];
  const onWarning = ({ name, message }: Error): void => {
    if (name === 'RunloopListenerWarning') warnings.push(message);
  };
  // Instead of Node's own, which prints them.
  const usual = process.listeners('warning');
  before(() => process.removeAllListeners('warning').on('warning', onWarning));
  after(() => {
    process.removeAllListeners('warning');
    for (const listener of usual) process.on('warning', listener);
  });

  const runtimeWith = (options: Partial<RunloopRuntimeOptions>): RunloopRuntime =>
    new RunloopRuntime({
      apiKey: used.platform.apiKey,
      baseUrl: used.platform.baseUrl,
      headlessMode: true,
      plugins: [],
      ...options,
    });
  const broken = (): never => {
    throw new Error('this listener is broken');
  };

  it('on every event, also later, connects, acts, suspends, resumes and closes all the same (R1)', async () => {
    const runtime = runtimeWith({ sid: 'broken listeners' });
    const heard: string[] = [];
    runtime.onEvent(broken);
    const later: () => unknown = () => Promise.reject(new Error('this one is broken later'));
    // As a program in JavaScript would.
    runtime.onEvent(later);
    runtime.onEvent((event) => {
      if (event.type === 'state') heard.push(event.to);
    });
    await runtime.connect();
    await runtime.suspend();
    await runtime.resume();
    await runtime.close();
    assert.deepEqual(heard, [
      'connecting',
      'ready',
      'suspending',
      'suspended',
      'resuming',
      'ready',
      'closing',
      'closed',
    ]);
    assert.equal((await used.api.devboxes.retrieve(runtime.devbox?.id ?? '')).status, 'shutdown');
    assert.ok(warnings.some((text) => text.includes('this listener is broken')));
    assert.ok(warnings.some((text) => text.includes('this one is broken later')));
  });

  it('on the stream, from the beginning and as it goes, gives the outcome of an action that was executed (R1)', async () => {
    const runtime = runtimeWith({ sid: 'broken stream' });
    runtime.stream.on(broken);
    await runtime.connect();
    runtime.stream.on(broken, 0);
    const seen: string[] = [];
    runtime.stream.on(({ kind }) => seen.push(kind));
    assert.equal((await runtime.actions.run('echo done')).content, 'done');
    assert.ok(seen.includes('observation'));
    assert.equal(runtime.state, 'ready');
    await runtime.close();
  });

  it('of a plain start do not fail it (R1)', async () => {
    const { signal } = new AbortController();
    const choices = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;
    const options = { signal, onStatus: broken, onWait: broken, onUpload: broken };
    const devbox = await startPlainDevbox(used.api, 'broken', choices, options);
    assert.equal((await used.api.devboxes.retrieve(devbox.id)).status, 'running');
    await used.api.devboxes.shutdown(devbox.id);
  });
});
