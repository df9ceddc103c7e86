import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { startFile } from '../../../../../src/core/actionServer/startupCommand';
import { optionsFromConfigToml } from '../../../../../src/core/options/configToml';
import { RuntimeError } from '../../../../../src/core/errors';
import { optionsFromEnvironment } from '../../../../../src/core/options/optionsFromEnvironment';
import { resolveConfig } from '../../../../../src/core/options/runtimeConfig';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { createBody } from '../../../../../src/core/runtime/connect/createBody';
import { RunloopRuntime } from '../../../../../src/core/runtime/runloopRuntime';
import type { RunloopRuntimeOptions } from '../../../../../src/core/options/runtimeOptions';
import type { RuntimeEvent } from '../../../../../src/core/runtime/runtimeStatus';
import { type TestPlatform, startPlatform } from '../../../../platform/testPlatform';

describe('the workspace of a new devbox', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let folder: string;
  const runtimes: RunloopRuntime[] = [];

  before(async () => {
    platform = await startPlatform([]);
    folder = await mkdtemp(join(tmpdir(), 'runloop-workspace-'));
    for (const [path, text] of Object.entries({
      'project/.gitignore': 'build/\n*.log\n',
      'project/main.py': "print('grüße')\n",
      'project/debug.log': 'never',
      'project/build/out.bin': 'never',
      'project/.env': 'TOKEN=secret-4711\n',
      'project/keys/id_ed25519': 'secret-4711\n',
      'project/two words/ü.txt': 'x',
      'project/pages/[...slug].tsx': 'x',
    })) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await mkdir(join(folder, 'project/empty'));
    await symlink('two words/ü.txt', join(folder, 'project/inside'));
    await symlink('../outside', join(folder, 'project/outside'));
    await writeFile(join(folder, 'project/run.sh'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
  });

  after(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.close({ mode: 'shutdown' })));
    await platform.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const connected = async (
    options: Partial<RunloopRuntimeOptions>,
  ): Promise<{ runtime: RunloopRuntime; events: RuntimeEvent[] }> => {
    const runtime = new RunloopRuntime({
      apiKey: platform.apiKey,
      baseUrl: platform.baseUrl,
      headlessMode: true,
      plugins: [],
      ...options,
    });
    runtimes.push(runtime);
    const events: RuntimeEvent[] = [];
    runtime.onEvent((event) => events.push(event));
    await runtime.connect();
    return { runtime, events };
  };
  /** All files below the workspace, in order. */
  const files = async (runtime: RunloopRuntime): Promise<string[]> =>
    (await runtime.actions.run("find . -type f -not -path './.git/*' | sort")).content.split('\n');

  it('gets the folder of workspace_base, without what git ignores and what looks like a secret', async () => {
    const { runtime, events } = await connected({ sid: 'upload', workspaceBase: join(folder, 'project') });
    assert.deepEqual(await files(runtime), [
      './.gitignore',
      './main.py',
      './pages/[...slug].tsx',
      './run.sh',
      './two words/ü.txt',
    ]);
    assert.equal((await runtime.actions.run('./run.sh && cat main.py')).content, "ran\nprint('grüße')");
    assert.equal(
      (await runtime.actions.run('cat inside; ls -d empty; ls outside 2>&1; ls -A ~/.openhands-runtime/incoming'))
        .content,
      "xempty\nls: cannot access 'outside': No such file or directory",
    );
    const statuses = events.flatMap((event) => (event.type === 'status' ? [event.status] : []));
    assert.deepEqual(statuses, [
      'STATUS$STARTING_RUNTIME',
      'STATUS$RUNTIME_STARTED',
      'STATUS$SETTING_UP_WORKSPACE',
      'STATUS$READY',
    ]);
    assert.ok(events.some((event) => event.type === 'upload' && event.sent > 0 && event.files === 6));
    assert.ok(
      events.some(
        (event) => event.type === 'note' && event.message === '2 files that look like secrets were not uploaded.',
      ),
    );
    // A session that goes on in its devbox does not overwrite what was done there meanwhile.
    await runtime.actions.run('echo changed > main.py');
    const again = await connected({ sid: 'upload', workspaceBase: join(folder, 'project') });
    assert.equal(again.runtime.createdHere, false);
    assert.equal((await again.runtime.actions.run('cat main.py')).content, 'changed');
  });

  it('gets what looks like a secret only after a yes, and no after a no', async () => {
    const asked: string[][] = [];
    const answering = (answer: boolean) => (paths: readonly string[]) => {
      asked.push([...paths].sort());
      return Promise.resolve(answer);
    };
    const workspaceBase = join(folder, 'project');
    const yes = await connected({ sid: 'yes', workspaceBase, confirmSecrets: answering(true) });
    assert.ok((await files(yes.runtime)).includes('./keys/id_ed25519'));
    const no = await connected({ sid: 'no', workspaceBase, confirmSecrets: answering(false) });
    assert.ok(!(await no.runtime.actions.run('grep -rl secret-4711 . || true')).content.includes('id_'));
    assert.deepEqual(asked, [
      ['.env', 'keys/id_ed25519'],
      ['.env', 'keys/id_ed25519'],
    ]);
  });

  it('is told to be unreadable before a devbox is made', async () => {
    const runtime = new RunloopRuntime({
      apiKey: platform.apiKey,
      baseUrl: platform.baseUrl,
      headlessMode: true,
      plugins: [],
      sid: 'none',
      workspaceBase: join(folder, 'none'),
    });
    await assert.rejects(
      runtime.connect(),
      (error) => RuntimeError.is(error, 'transfer') && /none/.test(error.message) && error.nextStep !== '',
    );
    assert.equal(runtime.devbox, undefined);
    await runtime.close();
  });

  it('gets a git repository if asked, but only where nothing is in it', async () => {
    const empty = await connected({ sid: 'git', initGitInEmptyWorkspace: true });
    assert.equal((await empty.runtime.actions.run('git rev-parse --is-inside-work-tree')).content, 'true');
    const full = await connected({
      sid: 'full',
      initGitInEmptyWorkspace: true,
      workspaceBase: join(folder, 'project'),
    });
    assert.notEqual((await full.runtime.actions.run('git rev-parse --is-inside-work-tree')).exitCode, 0);
    const unasked = await connected({ sid: 'unasked' });
    assert.notEqual((await unasked.runtime.actions.run('git rev-parse --is-inside-work-tree')).exitCode, 0);
  });

  it('comes with the limit of iterations for whoever drives the loop, from wherever it was given', async () => {
    const toml = join(folder, 'config.toml');
    await writeFile(
      toml,
      `[core]\nmax_iterations = 21\nworkspace_base = "${join(folder, 'project')}"\nworkspace_mount_path_in_sandbox = "/workspace/deep er"\n`,
    );
    const fromToml = await optionsFromConfigToml(toml);
    const { runtime } = await connected({ sid: 'limits', ...fromToml });
    assert.equal(runtime.config.maxIterations, 21);
    assert.ok((await files(runtime)).includes('./main.py'));
    assert.equal((await runtime.actions.run('pwd')).content, '/workspace/deep er');
    const fromBoth = new RunloopRuntime({
      apiKey: 'ak_x',
      ...fromToml,
      ...optionsFromEnvironment({ MAX_ITERATIONS: '8' }),
    });
    assert.equal(fromBoth.config.maxIterations, 8);
  });

  it('stays where the devbox was started with it, for windows whose setting is another', async () => {
    const { runtime: first } = await connected({ sid: 'placed', workspaceMountPathInSandbox: '/workspace/deep & er' });
    const devboxId = first.devbox?.id ?? '';
    await first.suspend();
    // Its server ends with a suspend: the other window starts it again.
    const { runtime } = await connected({
      attachToExisting: true,
      devboxId,
      workspaceMountPathInSandbox: '/elsewhere',
      resumeSuspended: true,
    });
    assert.equal((await runtime.actions.run('pwd')).content, '/workspace/deep & er');
  });

  it('stays where the devbox was started with it, also where its server has to be started again', async () => {
    const sid = 'restarted';
    const own = resolveConfig({ apiKey: 'unused', sid, plugins: [], workspaceMountPathInSandbox: '/workspace/placed' });
    const api = new RunloopApi(platform);
    // Kept alive without a server, as after a resume that ran none; it knows how it was to be started, or not.
    for (const isKnown of [true, false]) {
      const { mounts = [], ...body } = createBody(own, 'a session key');
      const kept = isKnown ? mounts : mounts.filter((mount) => !('target' in mount) || mount.target !== startFile);
      const requestId = `restarted, ${isKnown ? 'known' : 'not known'}`;
      const request = { ...body, mounts: kept, entrypoint: 'sleep 1000' };
      const { id } = await api.devboxes.create(request, { requestId });
      const { runtime } = await connected({
        attachToExisting: true,
        devboxId: id,
        workspaceMountPathInSandbox: '/elsewhere',
      });
      assert.equal((await runtime.actions.run('pwd')).content, '/workspace/placed');
      await runtime.close({ mode: 'shutdown' });
    }
  });
});
