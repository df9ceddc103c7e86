import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { resolveConfig } from '../../../../../src/core/options/runtimeConfig';
import type { RunloopRuntimeOptions } from '../../../../../src/core/options/runtimeOptions';
import { sessionKeyFile } from '../../../../../src/core/actionServer/startupCommand';
import { createBody } from '../../../../../src/core/runtime/connect/createBody';

describe('What a create of a runtime asks for', () => {
  const body = (options: Partial<RunloopRuntimeOptions> = {}): ReturnType<typeof createBody> =>
    createBody(resolveConfig({ apiKey: 'ak_of_a_test', sid: 'mine', ...options }), 'the session key');

  it('is a tunnel whose requests are no use of the devbox, with a token unless it is to be open', () => {
    assert.deepEqual(body().tunnel, { auth_mode: 'authenticated', http_keep_alive: false });
    assert.deepEqual(body({ tunnelAuthMode: 'open' }).tunnel, { auth_mode: 'open', http_keep_alive: false });
  });

  it('has the session key in its one file, and neither key anywhere else', () => {
    const { mounts, ...rest } = body();
    const file = (mounts ?? []).filter((mount) => JSON.stringify(mount).includes('the session key'));
    assert.deepEqual(file, [{ type: 'file_mount', target: sessionKeyFile, content: 'the session key' }]);
    assert.ok(!JSON.stringify(rest).includes('the session key'));
    assert.ok(!JSON.stringify([rest, mounts]).includes('ak_of_a_test'));
  });

  it('is one end of its life: a fixed one, or that of an idle rule', () => {
    const fixed = body({ keepAliveTimeSeconds: 120 }).launch_parameters;
    assert.deepEqual(
      [fixed?.keep_alive_time_seconds, fixed?.lifecycle, fixed?.launch_commands],
      [120, undefined, undefined],
    );
    const idle = body({ idle: { afterSeconds: 600, action: 'suspend' }, launchCommands: ['date'] }).launch_parameters;
    assert.deepEqual(
      [idle?.keep_alive_time_seconds, idle?.lifecycle, idle?.launch_commands],
      [undefined, { after_idle: { idle_time_seconds: 600, on_idle: 'suspend' } }, ['date']],
    );
  });
});
