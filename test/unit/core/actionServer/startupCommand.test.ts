import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import {
  restartCommand,
  entrypoint,
  sessionKeyFile,
  startupArgv,
  type StartupOptions,
} from '../../../../src/core/actionServer/startupCommand';

const defaults: StartupOptions = {
  workspacePath: '/workspace',
  plugins: ['agent_skills', 'jupyter', 'vscode'],
  username: 'openhands',
  userId: 1000,
  enableBrowser: true,
  debug: false,
};

/** The words that bash makes of a command line whose first word is `sudo`. */
function words(commandLine: string): string[] {
  const output = execFileSync('bash', ['-c', `sudo() { printf '%s\\0' "$@"; }\n${commandLine}`], { encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

describe('the startup command', () => {
  const tail = (options: Partial<StartupOptions>): string =>
    startupArgv({ ...defaults, ...options })
      .slice(10)
      .join(' ');

  it("is OpenHands' own for the observed configurations", () => {
    assert.equal(
      startupArgv(defaults).slice(0, 6).join(' '),
      '/openhands/micromamba/bin/micromamba run -n openhands poetry run',
    );
    assert.equal(
      startupArgv(defaults).slice(6, 10).join(' '),
      'python -u -m openhands.runtime.action_execution_server',
    );
    assert.equal(tail({ plugins: [] }), '4444 --working-dir /workspace --username openhands --user-id 1000');
    assert.equal(
      tail({}),
      '4444 --working-dir /workspace --plugins agent_skills jupyter vscode --username openhands --user-id 1000',
    );
    assert.equal(
      tail({ username: 'root', userId: 0, plugins: ['jupyter'] }),
      '4444 --working-dir /workspace --plugins jupyter --username root --user-id 0',
    );
    assert.equal(
      tail({ enableBrowser: false, plugins: ['jupyter'] }),
      '4444 --working-dir /workspace --plugins jupyter --username openhands --user-id 1000 --no-enable-browser',
    );
  });

  it('keeps an evaluation environment one word (upstream splits it)', () => {
    assert.ok(startupArgv({ ...defaults, browsergymEvalEnv: 'browsergym/miniwob x' }).includes('browsergym/miniwob x'));
  });
});

describe('the entrypoint', () => {
  it("is sudo bash -c with a script that ends in OpenHands' own", () => {
    const [bash, option, script, ...rest] = words(entrypoint(defaults));
    assert.deepEqual([bash, option, rest.length], ['bash', '-c', 0]);
    assert.ok(
      script?.endsWith(
        'export MAMBA_ROOT_PREFIX=/openhands/micromamba && cd /openhands/code && /openhands/micromamba/bin/micromamba run -n openhands poetry config virtualenvs.path /openhands/poetry && /openhands/micromamba/bin/micromamba run -n openhands poetry run python -u -m openhands.runtime.action_execution_server 4444 --working-dir /workspace --plugins agent_skills jupyter vscode --username openhands --user-id 1000',
      ),
      script,
    );
  });

  it('exports VSCODE_PORT inside the script, past the reset of sudo (D3, D4)', () => {
    assert.match(words(entrypoint(defaults))[2] ?? '', /&& export VSCODE_PORT=4445 /);
    assert.match(words(entrypoint({ ...defaults, debug: true }))[2] ?? '', / DEBUG=true /);
  });

  it('survives a workspace path with blanks, dollars, quotes and semicolons (D13)', () => {
    const workspacePath = `/my work/it's $HOME; "x" \`id\``;
    const script = words(entrypoint({ ...defaults, workspacePath }))[2] ?? '';
    execFileSync('bash', ['-n', '-c', script]);
    const command = script.slice(script.lastIndexOf(' && ') + 4);
    // The server's own words, as the inner shell sees them.
    assert.ok(words(`sudo ${command}`).includes(workspacePath));
  });

  it('refuses to start a server without a key, and a devbox without OpenHands (D12, D24)', () => {
    const script = words(entrypoint(defaults))[2] ?? '';
    assert.match(script, /\[ -n "\$SESSION_API_KEY" \] && export SESSION_API_KEY/);
    let failure: unknown;
    try {
      execFileSync('bash', ['-c', script], { stdio: 'pipe', encoding: 'utf8' });
    } catch (error) {
      failure = error;
    }
    assert.ok(failure instanceof Error && 'status' in failure && 'stderr' in failure);
    assert.equal(failure.status, 64);
    assert.match(String(failure.stderr), /not made from an OpenHands runtime image/);
  });

  it('lets nobody but its owner read the key, however it was written (D12)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'entrypoint-'));
    const key = join(folder, 'key');
    writeFileSync(key, 'the key', { mode: 0o644 });
    const script = words(entrypoint(defaults))[2] ?? '';
    const [first = ''] = script
      .replaceAll(sessionKeyFile, key)
      .replaceAll('/openhands/code', folder)
      .split(' && export ');
    const out = execFileSync('bash', ['-c', `${first} && echo "$SESSION_API_KEY"`], { encoding: 'utf8' });
    assert.equal(out, 'the key\n');
    assert.equal(statSync(key).mode & 0o777, 0o600);
    rmSync(folder, { recursive: true });
  });

  it('never contains the session key itself', () => {
    assert.ok(!/[0-9a-f]{64}/.test(entrypoint(defaults)));
  });
});

describe('starting the server again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runloop-restart-'));
  const run = (command: string, environment: NodeJS.ProcessEnv = {}): string =>
    execFileSync('sh', ['-c', command.replaceAll('/home/user/.openhands-runtime', folder)], {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...environment },
    });
  /** A `sudo` that tells its words and the variables it got; without the right to hand any on, if so asked. */
  const sudo = `#!/bin/bash
if [ "$STRICT" = 1 ]; then case "$1" in --preserve-env*) echo refused >&2; exit 1;; esac; fi
if [ "$2" != true ]; then echo "$1 $A"; fi
`;

  after(() => rmSync(folder, { recursive: true }));

  it('is done as it was at first, whatever the window that asks for it has', () => {
    const again = restartCommand({ ...defaults, workspacePath: '/another' });
    writeFileSync(join(folder, 'sudo'), sudo, { mode: 0o755 });
    assert.equal(run(again).trim(), 'bash', 'a devbox that does not tell how it was started');
    writeFileSync(join(folder, 'start_command'), `${entrypoint({ ...defaults, variableNames: ['A', 'B_2'] })}\n`);
    assert.equal(run(again, { A: 'kept' }).trim(), '--preserve-env=A,B_2 kept');
    assert.equal(
      run(again, { A: 'kept', STRICT: '1' }).trim(),
      'bash kept',
      'without the variables rather than not at all',
    );
  });
});
