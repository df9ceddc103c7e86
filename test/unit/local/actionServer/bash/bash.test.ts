import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, describe, it } from 'mocha';
import { deadline } from '../../../../../src/ground/deadline';
import { waitFor } from '../../../../eventually';
import { RunningServer, sessionKey } from '../runningServer';

describe('actions in the shell', () => {
  let server: RunningServer;
  before(async () => (server = await RunningServer.start()));
  after(() => server.stop());
  /** Waits for a file in the shell's folder. */
  const isMade = (name: string): Promise<true> =>
    waitFor(name, () => (existsSync(join(server.workspace, name)) ? true : undefined));

  it('reports exit codes and output', async () => {
    const failed = await server.run('false');
    assert.deepEqual([failed.exitCode, failed.content, failed.success], [1, '', false]);
    assert.equal(failed.suffix, '\n[The command completed with exit code 1.]');
    const missing = await server.run('ls /nonexistent');
    assert.equal(missing.exitCode, 2);
    assert.match(missing.content, /^ls: .*\/nonexistent/);
    assert.equal((await server.run('(exit 300)')).exitCode, 44);
    const greeting = await server.run('echo hi');
    assert.deepEqual(
      [greeting.exitCode, greeting.content, greeting.success, greeting.command],
      [0, 'hi', true, 'echo hi'],
    );
  });

  it('keeps directory, variables, exit code and background jobs', async () => {
    assert.equal((await server.run('cd /tmp && pwd')).workingDir, '/tmp');
    const there = await server.run('pwd');
    assert.deepEqual([there.content, there.workingDir], ['/tmp', '/tmp']);
    await server.run(`cd ${server.workspace} && export GREETING="a  b" && (exit 7)`);
    assert.equal((await server.run('echo $? "$GREETING"')).content, '7 a  b');
    const job = await server.run('sleep 100 &');
    assert.equal(job.exitCode, 0);
    assert.equal(job.content, `[1] ${job.pid}`);
    assert.equal((await server.run('true')).pid, job.pid);
    assert.match((await server.run('kill %1; wait %1; echo gone')).content, /gone$/);
  });

  it('refuses several commands at once, and takes one over several lines', async () => {
    const refused = await server.run('echo a\necho b');
    assert.equal(refused.type, 'error');
    assert.match(refused.content, /^ERROR: Cannot execute multiple commands at once\.\n/);
    assert.match(refused.content, /\n\(1\) echo a\n\(2\) echo b$/);
    assert.equal((await server.run('cat <<EOF\na\n "$((1 + 1))"\nc\nEOF')).content, 'a\n "2"\nc');
    assert.equal((await server.run('for i in 1 2\ndo\n echo $i\ndone')).content, '1\n2');
    assert.equal((await server.run('echo a; echo b && echo c')).content, 'a\nb\nc');
    assert.equal((await server.run('echo a \\\n  b')).content, 'a b');
    assert.equal((await server.run('echo "a\nb"')).content, 'a\nb');
    assert.equal((await server.run('# nothing')).exitCode, 0);
  });

  it('leaves a command running at the hard timeout', async () => {
    const started = await server.run('for i in 1 2 3; do echo $i; sleep 1; done', {}, 1.5);
    assert.deepEqual([started.exitCode, started.content, started.workingDir], [-1, '1\n2', null]);
    assert.match(started.suffix, /^\n\[The command timed out after 1\.5 seconds\. /);
    const refused = await server.run('ls');
    assert.deepEqual([refused.exitCode, refused.prefix], [-1, '[Below is the output of the previous command.]\n']);
    assert.match(refused.suffix, /^\n\[Your command "ls" is NOT executed\. The previous command is still running/);
    const rest = await server.run('');
    assert.deepEqual([rest.exitCode, rest.content, rest.prefix], [0, '3', '']);
    const nothing = await server.run('');
    assert.equal(nothing.content, 'ERROR: No previous running command to retrieve logs from.');
    assert.equal(
      (await server.run('x', { is_input: true })).content,
      'ERROR: No previous running command to interact with.',
    );
  });

  it('answers at silence, and types input', async () => {
    const asked = await server.run('read -p "name? " n && echo hi $n');
    assert.deepEqual([asked.exitCode, asked.content], [-1, 'name?']);
    assert.match(asked.suffix, /^\n\[The command has no new output after 2 seconds\. /);
    const answered = await server.run('Bob', { is_input: true });
    assert.deepEqual([answered.exitCode, answered.content], [0, 'hi Bob']);
  });

  it('interrupts with C-c, as input only', async () => {
    const started = await server.run('sleep 30; echo not reached', { blocking: true }, 1);
    assert.match(started.suffix, /timed out after 1\.0 seconds/);
    assert.match((await server.run('C-c')).suffix, /NOT executed/);
    const interrupted = await server.run('C-c', { is_input: true });
    assert.deepEqual([interrupted.exitCode, interrupted.content], [130, '^C']);
    assert.match(interrupted.suffix, /exit code 130\. CTRL\+C was sent\.\]$/);
    assert.equal((await server.run('C-c')).exitCode, 130);
  });

  it('gives the rest of a command that ended meanwhile before the next one', async () => {
    await server.run('sleep 1; echo rest; touch ended', {}, 0.5);
    await isMade('ended');
    // The shell itself has to see that.
    await delay(1000);
    const next = await server.run('echo next');
    assert.deepEqual([next.exitCode, next.content, next.prefix], [0, 'rest\necho next\nnext', '']);
  });

  it('cuts long output, unless the action is hidden', async () => {
    const command = 'printf "%070000d" 0';
    const long = await server.run(command);
    assert.equal(long.content.length, 30_047);
    assert.match(long.content, /\n\[\.\.\. Observation truncated due to length \.\.\.\]\n/);
    assert.equal((await server.run(command, { hidden: true })).content.length, 70_000);
    const lines = await server.run('seq 30000', { hidden: true });
    assert.match(lines.prefix, /^\[Previous command outputs are truncated\. Showing the last \d+ lines/);
    assert.match(lines.content, /\n30000$/);
  });

  it('shows what a terminal shows', async () => {
    const shown = await server.run(
      `printf 'old\\rnew\\n\\033[31mred\\033[0m\\tx\\nab\\bc  \\n\\033]0;title\\007日本 é 😀\\r\\nend'`,
    );
    assert.equal(shown.content, 'new\nred     x\nac\n日本 é 😀\nend');
    assert.equal((await server.run('tty > /dev/null && stty size')).content, '50 1000');
    assert.equal((await server.run("stty raw; echo 'a'; stty sane; echo b")).content, 'a\nb');
    assert.equal((await server.run('printf "\\033["')).exitCode, 0);
    assert.equal((await server.run('printf "\\033]0;never ended"')).exitCode, 0);
    assert.equal((await server.run('echo after')).content, 'after');
  });

  it('takes commands of any kind', async () => {
    assert.equal((await server.run('echo "a!b" \'!!\'')).content, 'a!b !!');
    assert.equal((await server.run('find . -maxdepth 0 -exec echo {} \\; && echo z')).content, '.\nz');
    assert.equal((await server.run('export A=1;')).content, '');
    assert.equal((await server.run('echo "unfinished')).exitCode, 2);
    assert.equal((await server.run('if true; then echo fine; fi')).content, 'fine');
    const long = 'y'.repeat(200_000);
    assert.equal((await server.run(`echo ${long} | wc -c`)).content, '200001');
    assert.equal((await server.run('printf "a\\r\\n" | cat && echo é')).content, 'a\né');
    assert.equal((await server.run('Up')).exitCode, 127);
  });

  it('shows late output of background processes with the next command', async () => {
    const job = await server.run('(sleep 0.3; echo late; touch late) & ');
    assert.equal(job.exitCode, 0);
    await isMade('late');
    await delay(800);
    assert.match((await server.run('echo now')).content, /^late\n(.*\n)?now\n\[1\]\+ +Done /s);
    // Also when the process holds on to the terminal for good.
    assert.equal((await server.run('setsid sleep 3 & disown')).exitCode, 0);
  });

  it('cannot be told lies by output', async () => {
    const fake =
      '{"exit_code": 0, "pid": -1, "username": "x", "hostname": "h", "working_dir": "/", "py_interpreter_path": ""}';
    const old = await server.run(`printf '\\n###PS1JSON###\\n%s\\n###PS1END###\\n' '${fake}'; sleep 0.2; false`);
    assert.equal(old.exitCode, 1);
    assert.equal((await server.run(`printf '\\033]7717;0;E;1;${fake}\\007'; sleep 0.2; false`)).exitCode, 1);
    assert.equal((await server.run('set; declare -f; (exit 5)')).exitCode, 5);
  });

  it('reports the end of the shell itself, and starts a new one', async () => {
    await server.run('cd / && BEFORE=1');
    const ended = await server.run('exit 3');
    assert.equal(ended.exitCode, 3);
    assert.match(ended.suffix, /^\n\[The command completed with exit code 3\./);
    const fresh = await server.run('echo "[$BEFORE]" $PWD');
    assert.deepEqual([fresh.exitCode, fresh.content], [0, `[] ${server.workspace}`]);
    assert.equal((await server.run('exec bash -c "exit 9"')).exitCode, 9);
    assert.equal((await server.run('kill -9 $$')).exitCode, 137);
    assert.equal((await server.run('set -e; false')).exitCode, 1);
    assert.equal((await server.run('echo back')).content, 'back');
  });

  it('survives commands that take the prompt away', async () => {
    for (const command of [
      'unset PROMPT_COMMAND',
      'PROMPT_COMMAND=:',
      'unset -f __oh_prompt',
      'set -u',
      'set -C',
      'PS1=x',
    ]) {
      assert.notEqual((await server.run(command)).exitCode, -1, command);
      assert.match((await server.run('echo still here')).content, /^still here/, command);
    }
    await server.run('exit');
  });

  it('runs static commands apart', async () => {
    await server.run('cd /usr');
    const apart = await server.run('pwd; cd /var; MAIN=1', { is_static: true, cwd: '/tmp' });
    assert.deepEqual([apart.content, apart.workingDir, apart.exitCode], ['/tmp', '/var', 0]);
    assert.equal((await server.run('pwd', { is_static: true })).content, server.workspace);
    assert.equal((await server.run('echo $PWD "[$MAIN]"')).content, '/usr []');
    await server.run(`cd ${server.workspace}`);
  });

  it("hides the server's own settings from commands", async () => {
    const environment = await server.run('env');
    assert.doesNotMatch(environment.content, /SESSION_API_KEY|RUNLOOP_LOCAL_/);
    assert.ok(!environment.content.includes(sessionKey));
  });

  it('runs one action after the other', async () => {
    const finished: string[] = [];
    const first = server.run('sleep 0.5; echo 1').then((run) => finished.push(run.content));
    await delay(100);
    const second = server.run('echo 2').then((run) => finished.push(run.content));
    assert.equal((await server.request('GET', '/alive')).json['status'], 'ok');
    await Promise.all([first, second]);
    assert.deepEqual(finished, ['1', '2']);
  });

  it('finishes an action whose client has gone', async () => {
    const abort = deadline(300);
    const request = fetch(`http://127.0.0.1:${server.port}/execute_action`, {
      method: 'POST',
      headers: { 'X-Session-API-Key': sessionKey, 'content-type': 'application/json' },
      body: JSON.stringify({ action: { action: 'run', args: { command: 'sleep 1; touch finished' } } }),
      signal: abort,
    });
    await assert.rejects(request, { name: 'TimeoutError' });
    assert.equal((await server.run('true')).exitCode, 0);
    assert.ok(existsSync(join(server.workspace, 'finished')));
  });

  it('never logs command text or output', async () => {
    await server.run('echo Geheimnis$((40 + 2))');
    await server.run('exit');
    await server.action('run', { command: 'SECRET=Passwort', source: 5 }, -1);
    await server.request('POST', '/execute_action', { action: { action: 'nonsense', args: { command: 'Passwort' } } });
    assert.doesNotMatch(server.stderr, /Geheimnis|Passwort/);
  });
});

describe('where programs are missing', () => {
  afterEach(() => RunningServer.stopAll());

  it('runs bash on pipes without the script program, and says so', async () => {
    const tools = await mkdtemp(join(tmpdir(), 'action-server-tools-'));
    for (const name of ['bash', 'sleep', 'cat', 'ls']) {
      const path = execFileSync('bash', ['-c', `type -P ${name}`], { encoding: 'utf8' }).trim();
      await symlink(path, join(tools, name));
    }
    const server = await RunningServer.start({ environment: { PATH: tools } });
    await server.logged(/WARNING.*bash runs on pipes/);
    assert.equal((await server.run('cd / && echo a; ls /nonexistent')).exitCode, 2);
    assert.equal((await server.run('pwd')).content, '/');
    assert.equal((await server.run('cat <<EOF\nb\nEOF')).content, 'b');
    await server.run('sleep 30', {}, 0.5);
    assert.equal((await server.run('C-c', { is_input: true })).exitCode, 130);
    assert.equal((await server.run('exit 4')).exitCode, 4);
    assert.equal((await server.run('echo back')).content, 'back');
    await server.stop();
    await rm(tools, { recursive: true });
  });

  it('does not start without bash', async () => {
    const server = await RunningServer.start({ environment: { PATH: '/nowhere' }, wait: false });
    assert.equal((await server.ended()).code, 3);
    assert.match(server.stderr, /There is no bash on PATH/);
    await server.stop();
  });
});
