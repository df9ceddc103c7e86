import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RunloopSDK } from '@runloop/api-client';
import { waitFor } from '../../../../../eventually';
import { processesWith } from '../../../../../platform/devboxProcesses';
import { type Client, type TestPlatform, startPlatform } from '../../../../../platform/testPlatform';

describe('local platform executions', () => {
  let platform: TestPlatform;
  let client: Client;
  let id: string;

  before(async () => {
    platform = await startPlatform();
    client = platform.client('http2');
    ({ id } = await client.devboxes.createAndAwaitRunning({ environment_variables: { COLOUR: 'blue' } }));
  });
  after(async () => {
    await platform.stop();
  });

  /** Sends a POST below the devbox and gives status and body. */
  async function post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown>; retry: string | null }> {
    const answer = await fetch(`${platform.baseUrl}/v1/devboxes/${id}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return {
      status: answer.status,
      body: (await answer.json()) as Record<string, unknown>,
      retry: answer.headers.get('x-should-retry'),
    };
  }

  it('runs commands in bash at home and gives output and exit status', async () => {
    const done = await client.devboxes.executeAndAwaitCompletion(id, {
      command: 'echo {1..3} "$COLOUR" "$PWD"; echo wrong >&2; exit 7',
    });
    assert.deepEqual(
      [done.status, done.exit_status, done.stdout, done.stderr],
      ['completed', 7, '1 2 3 blue /home/user\n', 'wrong\n'],
    );
    assert.deepEqual([done.stdout_truncated, done.stderr_truncated, done.shell_name], [false, false, undefined]);
    const sync = await post('execute_sync', { command: 'echo sync' });
    assert.deepEqual(sync.body, { devbox_id: id, exit_status: 0, stdout: 'sync\n', stderr: '' });
    const long = `: ${'x'.repeat(300_000)}; echo long`;
    assert.equal((await post('execute_sync', { command: long })).body['stdout'], 'long\n');
    assert.equal((await post('execute', { command: '' })).status, 400);
    await assert.rejects(client.devboxes.executions.retrieve(id, 'nothing'), /404/);
  });

  it('reads what installers leave in the profile, as a login shell does', async () => {
    const run = async (command: string, shell?: string): Promise<unknown> =>
      (await post('execute', { command, ...(shell === undefined ? {} : { shell_name: shell }) })).body['stdout'];
    await run(
      'mkdir -p ~/tools; printf "#!/bin/sh\\necho tool\\n" > ~/tools/tool; chmod +x ~/tools/tool; echo \'PATH="$HOME/tools:$PATH"; told=$((told + 1))\' > ~/.profile',
    );
    assert.equal(await run('tool; echo "${BASH_ENV-none} $told $0"; bash -c tool'), 'tool\nnone 1 /bin/bash\ntool\n');
    assert.equal(await run('tool; told=5', 'login'), 'tool\n');
    assert.equal(await run('tool; echo $told', 'login'), 'tool\n5\n');
    await run("echo 'told=first' > ~/.bash_profile");
    assert.equal(await run('echo $told; tool 2> /dev/null || echo no tool'), 'first\nno tool\n');
    await run('rm -r ~/.profile ~/.bash_profile ~/tools');
  });

  it('runs a command with the same command_id, and a repeated request, once', async () => {
    const request = { command: 'echo once >> ~/count; cat ~/count', command_id: '0190-same' };
    const answers = await Promise.all([post('execute', request), post('execute', request)]);
    assert.deepEqual(
      answers.map(({ body }) => body['stdout']),
      ['once\n', 'once\n'],
    );
    const repeated = { 'x-request-id': 'again' };
    const starts = await Promise.all([
      post('execute_async', { command: 'true' }, repeated),
      post('execute_async', { command: 'true' }, repeated),
    ]);
    assert.equal(starts[0].body['execution_id'], starts[1].body['execution_id']);
  });

  it('answers execute after its optimistic time, holds waits, then answers 408 to be asked again', async () => {
    const { body } = await post('execute', { command: 'sleep 30', optimistic_timeout: 0.1 });
    assert.equal(body['status'], 'running');
    assert.equal(body['exit_status'], undefined);
    const path = `executions/${String(body['execution_id'])}`;
    const late = await post(`${path}/wait_for_status`, { statuses: ['completed'], timeout_seconds: 0.1 });
    assert.deepEqual([late.status, late.retry], [408, 'true']);
    assert.equal((await post(`${path}/wait_for_status`, { statuses: ['running'] })).status, 400);
    for (let turn = 0; turn < 2; turn += 1) {
      const killed = await client.devboxes.executions.kill(id, String(body['execution_id']));
      assert.deepEqual([killed.status, killed.exit_status], ['completed', 137]);
    }
  });

  it('kills a whole process group', async () => {
    const mark = `mark-${id}-group`;
    const { execution_id: execution } = await client.devboxes.executeAsync(id, {
      command: `MARK=${mark} sleep 300 & MARK=${mark} sleep 300; true`,
    });
    await waitFor('two processes', () => (processesWith(`MARK=${mark}\0`).length === 2 ? true : undefined));
    await client.devboxes.executions.kill(id, execution, { kill_process_group: true });
    await waitFor('no process', () => (processesWith(`MARK=${mark}\0`).length === 0 ? true : undefined));
  });

  it('feeds standard input, ends it, and interrupts', async () => {
    const { execution_id: fed } = await client.devboxes.executeAsync(id, {
      command: 'while read -r line; do echo "got $line"; done; echo end',
      attach_stdin: true,
    });
    assert.deepEqual(await client.devboxes.executions.sendStdIn(id, fed, { text: 'älpha\n' }), {
      devbox_id: id,
      execution_id: fed,
      success: true,
    });
    await client.devboxes.executions.sendStdIn(id, fed, { text: 'beta\n' });
    // Given alone, the SDK takes this parameter for the request's abort signal.
    assert.equal((await post(`executions/${fed}/send_std_in`, { signal: 'EOF' })).body['success'], true);
    const done = await client.devboxes.waitForCommand(id, fed, { statuses: ['completed'] });
    assert.equal(done.stdout, 'got älpha\ngot beta\nend\n');
    assert.equal((await client.devboxes.executions.sendStdIn(id, fed, { text: 'late' })).success, false);

    const { execution_id: stopped } = await client.devboxes.executeAsync(id, {
      command: `trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.1; done`,
    });
    const ready = await client.devboxes.executions.streamStdoutUpdates(id, stopped);
    let text = '';
    for await (const { output } of ready) {
      text += output;
      if (text === 'ready\n') {
        assert.equal((await post(`executions/${stopped}/send_std_in`, { signal: 'INTERRUPT' })).body['success'], true);
      }
    }
    assert.equal(text, 'ready\ninterrupted\n');
    assert.equal((await client.devboxes.executions.retrieve(id, stopped)).exit_status, 9);
    assert.equal((await post(`executions/${stopped}/send_std_in`, { text: 'x' })).status, 400);
  });

  it('take input, and its end, as soon as their id is known', async () => {
    for (const padding of ['', 'x'.repeat(300_000)]) {
      const command = `: ${padding}; cat`;
      const { execution_id: early } = await client.devboxes.executeAsync(id, { command, attach_stdin: true });
      for (const input of [{ text: 'early\n' }, { signal: 'EOF' }]) {
        assert.equal((await post(`executions/${early}/send_std_in`, input)).body['success'], true);
      }
      const done = await client.devboxes.executions.awaitCompleted(id, early);
      assert.deepEqual([done.exit_status, done.stdout], [0, 'early\n']);
    }
  });

  it('keeps folder, variables, functions and options of a named shell and runs its commands in turn', async () => {
    const run = async (command: string, shell = 'main') =>
      (await client.devboxes.executeAndAwaitCompletion(id, { command, shell_name: shell })).stdout;
    await run(`mkdir -p "/workspace/a b"; cd "/workspace/a b"; export NEW='two
lines'; plain=(1 "2 3"); unset COLOUR; hello() { echo "hello $1"; }; shopt -s nullglob; IFS=,`);
    assert.equal(
      await run(
        `pwd; echo "$NEW"; echo "\${plain[1]} \${COLOUR-gone}"; hello you; echo none*; env | grep -c '^plain='; exit 3`,
      ),
      '/workspace/a b\ntwo\nlines\n2 3 gone\nhello you\n\n0\n',
    );
    assert.equal(await run('cd /tmp; kill -9 $$'), '');
    assert.equal(await run('pwd; IFS=x; printf "[%s]" $#'), '/workspace/a b\n[0]');
    assert.equal(await run('echo "$PWD $COLOUR"', 'other'), '/home/user blue\n');

    const first = await client.devboxes.executeAsync(id, {
      command: 'until [ -e ~/go-on ]; do sleep 0.05; done; echo first; export ORDER=1',
      shell_name: 'main',
    });
    const second = await client.devboxes.executeAsync(id, { command: 'echo "second $ORDER"', shell_name: 'main' });
    assert.deepEqual([second.status, second.shell_name], ['queued', 'main']);
    assert.equal((await post('execute_sync', { command: 'touch ~/go-on' })).body['exit_status'], 0);
    assert.equal(
      (await client.devboxes.waitForCommand(id, second.execution_id, { statuses: ['completed'] })).stdout,
      'second 1\n',
    );
    assert.equal((await client.devboxes.executions.retrieve(id, first.execution_id)).status, 'completed');
  });

  it('shows the last lines and says what is missing; the streams have everything, from any offset', async () => {
    const command =
      'for i in {1..150}; do echo "line $i"; done; printf "no end"; for i in {1..30000}; do printf "äöü€😀"; done >&2';
    const done = await client.devboxes.executeAndAwaitCompletion(id, { command });
    assert.deepEqual(
      [done.stdout?.split('\n').length, done.stdout?.split('\n')[0], done.stdout_truncated],
      [100, 'line 52', true],
    );
    const three = await client.devboxes.executions.retrieve(id, done.execution_id, { last_n: '3' });
    assert.deepEqual([three.stdout, three.stdout_truncated], ['line 149\nline 150\nno end', true]);
    const all = await client.devboxes.executions.retrieve(id, done.execution_id, { last_n: '151' });
    assert.deepEqual([all.stdout_truncated, all.stderr_truncated, all.stderr?.length], [false, false, 30_000 * 6]);

    let text = '';
    let middle = { text: '', offset: 0 };
    for await (const { output, offset } of await client.devboxes.executions.streamStderrUpdates(
      id,
      done.execution_id,
    )) {
      text += output;
      assert.equal(offset, Buffer.byteLength(text));
      assert.ok(!output.includes('\ufffd'));
      middle = middle.offset === 0 ? { text, offset } : middle;
    }
    assert.equal(text, 'äöü€😀'.repeat(30_000));
    let rest = middle.text;
    for await (const { output } of await client.devboxes.executions.streamStderrUpdates(id, done.execution_id, {
      offset: String(middle.offset),
    })) {
      rest += output;
    }
    assert.equal(rest, text);
    assert.equal(
      (await client.devboxes.executions.retrieve(id, done.execution_id, { last_n: '1' })).stderr_truncated,
      false,
    );
  });

  it('holds back a character until all of its bytes are there', async () => {
    const { execution_id: execution } = await client.devboxes.executeAsync(id, {
      command: String.raw`printf 'a\xe2\x82'; read -r; printf '\xac\xff'`,
      attach_stdin: true,
    });
    const chunks: string[] = [];
    for await (const { output } of await client.devboxes.executions.streamStdoutUpdates(id, execution)) {
      if (chunks.push(output) === 1) {
        await client.devboxes.executions.sendStdIn(id, execution, { text: '\n' });
      }
    }
    assert.equal(chunks[0], 'a');
    assert.equal(chunks.slice(1).join(''), '€\ufffd');
  });

  it('completes although something it left behind holds its output', async () => {
    const done = await client.devboxes.executeAndAwaitCompletion(id, { command: 'sleep 300 & echo started' });
    assert.deepEqual([done.status, done.stdout], ['completed', 'started\n']);
  });

  it("works with the SDK's object layer: callbacks, shells, results that were cut", async () => {
    const sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey });
    const devbox = sdk.devbox.fromId(id);
    const seen = { stdout: '', stderr: '', output: '' };
    const result = await devbox.cmd.exec('for i in {1..200}; do echo "o$i"; done; echo e >&2', {
      stdout: (chunk) => (seen.stdout += chunk),
      stderr: (chunk) => (seen.stderr += chunk),
      output: (chunk) => (seen.output += chunk),
    });
    const whole = Array.from({ length: 200 }, (_, index) => `o${index + 1}\n`).join('');
    assert.deepEqual([result.exitCode, seen.stdout, seen.stderr], [0, whole, 'e\n']);
    assert.equal(await result.stdout(), whole);
    assert.equal(await result.stdout(2), 'o199\no200');
    const shell = devbox.shell('oo');
    await shell.exec('cd /tmp && export OO=1');
    assert.equal(await (await shell.exec('echo $PWD $OO')).stdout(), '/tmp 1\n');
    const running = await devbox.cmd.execAsync('sleep 60');
    await running.kill();
    assert.equal((await running.result()).exitCode, 137);
  });

  it('logs executions with their ids, and filters by execution and shell', async () => {
    const done = await client.devboxes.executeAndAwaitCompletion(id, {
      command: 'echo out; echo err >&2; exit 4',
      shell_name: 'logged',
    });
    for (const query of [{ execution_id: done.execution_id }, { shell_name: 'logged' }]) {
      const { logs } = await client.devboxes.logs.list(id, query);
      assert.ok(
        logs.every((entry) => entry.source === 'exec' && entry.shell_name === 'logged' && entry.timestamp_ms > 0),
      );
      assert.deepEqual(logs[0]?.cmd, 'echo out; echo err >&2; exit 4');
      assert.deepEqual(
        logs
          .slice(1, -1)
          .map(({ level, message }) => `${level} ${message ?? ''}`)
          .sort(),
        ['error err', 'info out'],
      );
      assert.equal(logs.at(-1)?.exit_code, 4);
    }
    const answer = await fetch(`${platform.baseUrl}/v1/devboxes/${id}/logs/tail?execution_id=${done.execution_id}`, {
      headers: { authorization: `Bearer ${platform.apiKey}` },
    });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"exit_code":4')) {
      text += (await reader.read()).value ?? '';
    }
    await reader.cancel();
    assert.equal(text.match(/^data: /gm)?.length, 4);
  });
});
