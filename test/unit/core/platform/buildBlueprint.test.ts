import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import {
  awaitBuild,
  beginBuild,
  buildUnderWay,
  openhandsDockerfile,
  usualOpenhandsTag,
} from '../../../../src/core/platform/buildBlueprint';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { usePlatform } from '../../../platform/usePlatform';

describe('building a blueprint with OpenHands in it', function () {
  this.timeout(120_000);
  const on = usePlatform();

  it('ends in one that a runtime starts from, with its whole log', async () => {
    const lines: string[] = [];
    const statuses: string[] = [];
    const build = await beginBuild(on.api, {
      name: 'mine',
      dockerfile: `${openhandsDockerfile(usualOpenhandsTag)}RUN echo built here\n`,
    });
    await awaitBuild(on.api, build, { onLog: (line) => lines.push(line), onStatus: (status) => statuses.push(status) });
    assert.equal(statuses.at(-1), 'build_complete');
    assert.equal(lines.filter((line) => line === 'built here').length, 1, lines.join('\n'));
    assert.equal(await buildUnderWay(on.api, 'mine'), undefined);
    const { apiKey, baseUrl } = on.platform;
    const runtime = new RunloopRuntime({ apiKey, baseUrl, sid: 'built', blueprintName: 'mine', headlessMode: true });
    await runtime.connect();
    assert.equal(runtime.state, 'ready');
    await runtime.close();
  });

  it('says what the platform cannot build from', async () => {
    await assert.rejects(
      beginBuild(on.api, { name: 'strange', dockerfile: 'FROM quay.io/somebody/else:1\n' }),
      (error) =>
        RuntimeError.is(error) && error.status === 400 && error.message.includes('is not an image that this computer'),
    );
  });

  it('tells that a build failed, and finds one that is under way', async () => {
    const build = await beginBuild(on.api, { name: 'broken', dockerfile: 'FROM ubuntu\nRUN sleep 2; exit 3\n' });
    assert.equal((await buildUnderWay(on.api, 'broken'))?.id, build.id);
    const ignore = (): void => undefined;
    await assert.rejects(awaitBuild(on.api, build, { onLog: ignore, onStatus: ignore }), (error) =>
      RuntimeError.is(error, 'api'),
    );
    assert.equal(await on.api.blueprints.remove(build.id), true);
  });

  it('is ended while it is under way', async () => {
    const build = await beginBuild(on.api, { name: 'dropped', dockerfile: 'FROM ubuntu\nRUN sleep 60\n' });
    assert.equal(await on.api.blueprints.remove(build.id), true);
    assert.equal(await buildUnderWay(on.api, 'dropped'), undefined);
  });

  it('is not waited for any longer than wanted', async () => {
    const build = await beginBuild(on.api, { name: 'long', dockerfile: 'FROM ubuntu\nRUN sleep 3\n' });
    const stop = new AbortController();
    const waiting = awaitBuild(on.api, build, {
      onLog: () => stop.abort(),
      onStatus: () => undefined,
      signal: stop.signal,
    });
    await assert.rejects(waiting, (error) => RuntimeError.is(error, 'cancelled'));
  });

  it('takes no tag that is none', () => {
    for (const tag of ['', 'a b', 'x\nRUN rm', '../x']) {
      assert.throws(
        () => openhandsDockerfile(tag),
        (error) => RuntimeError.is(error, 'invalid_option'),
      );
    }
  });
});
