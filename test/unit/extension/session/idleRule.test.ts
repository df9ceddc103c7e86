import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { resolveConfig } from '../../../../src/core/options/runtimeConfig';
import { createBody } from '../../../../src/core/runtime/connect/createBody';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';

/** Seconds; Runloop's own rules are longer, and work the same. */
const idleSeconds = 6;

describe('A devbox with an idle rule that a window is attached to (M6)', function () {
  this.timeout(120_000);
  const used = useWindow();
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** A devbox with an action server, and whether its tunnel counts requests as use, as ours never do. */
  async function made(
    sid: string,
    tunnel?: { readonly http_keep_alive: boolean },
    idle = idleSeconds,
  ): Promise<string> {
    const config = resolveConfig({ apiKey: 'unused', sid, headlessMode: true, plugins: [] });
    const body = createBody(config, 'a session key');
    const ours = body.tunnel ?? assert.fail();
    const launch = { ...body.launch_parameters };
    Reflect.deleteProperty(launch, 'keep_alive_time_seconds');
    const { id } = await used.api.devboxes.create(
      {
        ...body,
        tunnel: { ...ours, ...tunnel },
        launch_parameters: {
          ...launch,
          lifecycle: { after_idle: { idle_time_seconds: idle, on_idle: 'suspend' } },
        },
      },
      { requestId: sid },
    );
    ends.push(() => used.api.devboxes.shutdown(id));
    return id;
  }

  const status = async (id: string): Promise<string> => (await used.api.devboxes.retrieve(id)).status;
  /** Runs a command as another extension may that the person lets do so. */
  async function run(id: string, command: string): Promise<{ readonly content: string }> {
    used.editor.answer(/wants to run a command/, 'Run Once');
    return used.extension.run(id, command);
  }
  const suspended = (id: string): Promise<string> =>
    eventually(
      () => status(id),
      (seen) => seen === 'suspended',
    );
  /** Looks at the window again and again, and at nothing in it. */
  function lookingOn(): void {
    const timer = setInterval(() => used.editor.focus(true), 300);
    ends.push(() => clearInterval(timer));
  }

  for (const counts of [false, true]) {
    it(`is suspended while nobody uses it${counts ? ', also where its tunnel counts requests as use' : ''}`, async () => {
      const { editor } = used;
      const id = await made(`unused-${String(counts)}`, { http_keep_alive: counts });
      await editor.run('runloop.attachDevbox', id);
      lookingOn();
      await suspended(id);
      editor.messages.length = 0;
    });
  }

  it('asks for a tunnel whose requests are no use, whatever ends the devbox', () => {
    const config = resolveConfig({ apiKey: 'unused', sid: 'x', idle: { afterSeconds: 60, action: 'suspend' } });
    for (const one of [config, { ...config, idle: undefined }]) {
      assert.equal(createBody(one, 'key').tunnel?.http_keep_alive, false);
    }
    assert.deepEqual(createBody(config, 'key').launch_parameters?.lifecycle, {
      after_idle: { idle_time_seconds: 60, on_idle: 'suspend' },
    });
  });

  it('is not suspended while commands run in it, and is afterwards; the status bar says so', async () => {
    const { editor } = used;
    const id = await made('used');
    await editor.run('runloop.attachDevbox', id);

    const end = Date.now() + 2.5 * idleSeconds * 1000;
    // One command that outlasts the rule, then several.
    await run(id, `sleep ${idleSeconds * 1.5}`);
    while (Date.now() < end) {
      await run(id, 'true');
      assert.equal(await status(id), 'running');
      await sleep(500);
    }
    const item = editor.statusItems.find((one) => one.id === 'runloop.session') ?? assert.fail();
    assert.match(JSON.stringify(item.tooltip), /Kept alive while you use it/);
    await suspended(id);
  });

  it('is suspended under commands where the setting is off', async () => {
    const { editor } = used;
    editor.settings.set('runloop.keepAliveWhileUsed', false);
    const id = await made('switched-off');
    await editor.run('runloop.attachDevbox', id);

    await assert.rejects(run(id, 'sleep 40'));
    assert.notEqual(await status(id), 'running');
    await suspended(id);
    editor.messages.length = 0;
  });
});
