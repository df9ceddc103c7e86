import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import type { RunloopRuntimeOptions } from '../../../../src/core/options/runtimeOptions';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import type { StartChoices } from '../../../../src/core/start/startChoices';
import { eventually } from '../../../eventually';
import { processesOf } from '../../../platform/devboxProcesses';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { ensureVscode } from '../../../vscode/install';
import { type GitServer, startGitServer } from '../../local/account/gitServer';

const choices: StartChoices = {
  source: { kind: 'blueprint', name: 'openhands' },
  size: 'SMALL',
  endRule: { kind: 'lifetime', seconds: 3_600 },
};

describe('what is chosen at a start', function () {
  this.timeout(120_000);
  let git: GitServer;
  let platform: TestPlatform;
  let api: RunloopApi;
  const secretValue = 'the value; of "a" secret';

  before(async function () {
    this.timeout(600_000);
    const { serverRoot, node } = await ensureVscode(() => undefined, deadline(600_000));
    git = await startGitServer('acme', 'tool', '');
    platform = await startPlatform(['--vscode-server', serverRoot, '--vscode-node', node], {
      environment: { RUNLOOP_LOCAL_GIT_BASE: git.address },
    });
    api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    await fetch(`${platform.baseUrl}/v1/secrets`, {
      method: 'POST',
      headers: { authorization: api.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'my-secret', value: secretValue }),
    });
  });

  after(async () => {
    await platform.stop();
    git.stop();
  });

  const runtimeWith = (options: Partial<RunloopRuntimeOptions>): RunloopRuntime =>
    new RunloopRuntime({ apiKey: platform.apiKey, baseUrl: platform.baseUrl, ...options });

  it('reaches the shell of the agent and the VS Code as variables, also after a resume, and no argument of a program', async () => {
    const given = { chosen_variable: `it's; "quoted" $HOME`, OTHER: 'two\nlines' };
    const runtime = runtimeWith({
      sid: 'chosen variables',
      choices: { ...choices, environment: given, secrets: { MY_SECRET: 'my-secret' } },
    });
    await runtime.connect();
    const id = runtime.devbox?.id ?? '';
    const show = 'printf "%s|%s|%s" "$chosen_variable" "$OTHER" "$MY_SECRET"';
    const expected = `${given.chosen_variable}|${given.OTHER}|${secretValue}`;
    assert.equal((await runtime.actions.run(show)).content.replaceAll('\r', ''), expected);
    assert.notEqual(await runtime.vscodeUrl(), undefined);
    const editors = `for p in /proc/[0-9]*; do if tr '\\0' ' ' < $p/cmdline | grep -q [s]erver-main; then tr '\\0' '\\n' < $p/environ; fi; done`;
    const seen = await eventually(
      async () => (await runtime.actions.run(`sudo bash -c ${JSON.stringify(editors).replaceAll('$', '\\$')}`)).content,
      (text) => text.includes('MY_SECRET='),
    );
    assert.ok(seen.includes(`MY_SECRET=${secretValue}`) && seen.includes('chosen_variable='), seen);
    const started = await runtime.actions.run('cat /proc/[0-9]*/cmdline | tr "\\0" " "');
    assert.ok(!started.content.includes('the value;') && !started.content.includes('quoted'), started.content);
    assert.ok(processesOf(id).length > 0);

    await api.devboxes.suspend(id);
    await runtime.close({ mode: 'keep' });
    // Another window, which knows nothing of what was chosen.
    const later = runtimeWith({
      attachToExisting: true,
      devboxId: id,
      workspaceMountPathInSandbox: '/another',
      resumeSuspended: true,
    });
    await later.connect();
    assert.equal((await later.actions.run(show)).content.replaceAll('\r', ''), expected);
    await later.close({ mode: 'shutdown' });
  });

  it('has the shell and the VS Code in the clone of a repository, also for a window that attaches later', async () => {
    const runtime = runtimeWith({
      sid: 'with a clone',
      choices: { ...choices, repository: { owner: 'acme', name: 'tool' } },
    });
    await runtime.connect();
    const { content } = await runtime.actions.run('pwd; git rev-parse --abbrev-ref HEAD; cat file');
    assert.match(content.replaceAll('\r', ''), /^\/home\/user\/tool\nmain\non main/);
    assert.deepEqual((await runtime.actions.listFiles()).includes('file'), true);
    const later = runtimeWith({ attachToExisting: true, devboxId: runtime.devbox?.id });
    await later.connect();
    for (const one of [runtime, later]) {
      assert.equal(new URL((await one.vscodeUrl()) ?? '').searchParams.get('folder'), '/home/user/tool');
    }
    await later.close({ mode: 'keep' });
    await runtime.close({ mode: 'shutdown' });
  });
});
