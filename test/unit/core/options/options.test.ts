import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { optionsFromConfigToml } from '../../../../src/core/options/configToml';
import { RuntimeError } from '../../../../src/core/errors';
import { optionsFromEnvironment } from '../../../../src/core/options/optionsFromEnvironment';
import { resolveConfig } from '../../../../src/core/options/runtimeConfig';

describe('options', () => {
  it("come from OpenHands' and Runloop's environment names", () => {
    assert.deepEqual(
      optionsFromEnvironment({
        RUNLOOP_API_KEY: ' ak_x ',
        RUNLOOP_BASE_URL: 'http://127.0.0.1:1',
        RUNTIME: 'runloop',
        WORKSPACE_BASE: './w',
        WORKSPACE_MOUNT_PATH_IN_SANDBOX: '/w',
        MAX_ITERATIONS: '7',
        RUN_AS_OPENHANDS: 'false',
        RUNTIME_USERNAME: 'bob',
        RUNTIME_UID: '0',
        ENABLE_BROWSER: '1',
        DEBUG: 'TRUE',
        GIT_USER_NAME: 'n',
        GIT_USER_EMAIL: 'e',
        SANDBOX_TIMEOUT: '30',
        SANDBOX_BROWSERGYM_EVAL_ENV: 'a b',
        SANDBOX_ENABLE_AUTO_LINT: 'yes',
        SANDBOX_KEEP_RUNTIME_ALIVE: 'true',
        SANDBOX_RUNTIME_STARTUP_ENV_VARS: `{'A': 'it\\'s', "B": "x\\ny", }`,
        SANDBOX_ENV_TOKEN: ' t ',
        EMPTY: '',
      }),
      {
        apiKey: 'ak_x',
        baseUrl: 'http://127.0.0.1:1',
        runtime: 'runloop',
        workspaceBase: './w',
        workspaceMountPathInSandbox: '/w',
        maxIterations: 7,
        runAsOpenhands: false,
        username: 'bob',
        userId: 0,
        enableBrowser: true,
        debug: true,
        gitUserName: 'n',
        gitUserEmail: 'e',
        actionTimeoutSeconds: 30,
        browsergymEvalEnv: 'a b',
        enableAutoLint: false,
        closeMode: 'keep',
        runtimeStartupEnvVars: { A: "it's", B: 'x\ny' },
        envVars: { TOKEN: ' t ' },
      },
    );
    assert.deepEqual(optionsFromEnvironment({ MAX_ITERATIONS: 'many', ENABLE_BROWSER: ' ' }), {});
    assert.throws(
      () => optionsFromEnvironment({ SANDBOX_RUNTIME_STARTUP_ENV_VARS: "{'A': secret()}" }),
      (error) => RuntimeError.is(error, 'invalid_option') && !error.message.includes('secret'),
    );
  });

  it('come from a config.toml, without its API keys', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runloop-toml-'));
    const file = join(folder, 'config.toml');
    try {
      await writeFile(
        file,
        `[core]\nruntime = "runloop"\nworkspace_base = "./w"\nmax_iterations = 9\nenable_browser = false\nrun_as_openhands = "yes"\n[sandbox]\ntimeout = 60\npause_closed_runtimes = true\nruntime_startup_env_vars = { A = "1" }\n[mcp]\nsse_servers = ["http://127.0.0.1:9/sse", { url = "http://127.0.0.1:8/sse", api_key = "k" }]\nstdio_servers = [{ name = "fetch", command = "uvx", args = ["mcp-server-fetch"] }]\n`,
      );
      assert.deepEqual(await optionsFromConfigToml(file), {
        runtime: 'runloop',
        workspaceBase: './w',
        maxIterations: 9,
        enableBrowser: false,
        actionTimeoutSeconds: 60,
        closeMode: 'suspend',
        runtimeStartupEnvVars: { A: '1' },
        mcp: {
          stdio: [{ name: 'fetch', command: 'uvx', args: ['mcp-server-fetch'], env: {} }],
          sse: [{ url: 'http://127.0.0.1:9/sse' }, { url: 'http://127.0.0.1:8/sse', apiKey: 'k' }],
          shttp: [],
        },
      });
      await writeFile(file, '[core\nsecret = "hidden-value"');
      await assert.rejects(
        optionsFromConfigToml(file),
        (error) => RuntimeError.is(error, 'invalid_option') && !error.message.includes('hidden-value'),
      );
      await assert.rejects(optionsFromConfigToml(join(folder, 'none.toml')), (error) =>
        RuntimeError.is(error, 'invalid_option'),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('have documented defaults, and later variables win in upper case', () => {
    const config = resolveConfig({
      apiKey: 'ak_x',
      enableAutoLint: true,
      envVars: { a: '1', b: '1' },
      gitProviderTokens: { github: 'g' },
      runtimeStartupEnvVars: { B: '2' },
    });
    assert.deepEqual(config.environment, { ENABLE_AUTO_LINT: 'true', A: '1', B: '2', GITHUB_TOKEN: 'g' });
    assert.deepEqual(
      [
        config.maxIterations,
        config.actionTimeoutSeconds,
        config.username,
        config.userId,
        config.gitUserName,
        config.gitUserEmail,
        config.plugins,
      ],
      [500, 120, 'openhands', 1000, 'openhands', 'openhands@all-hands.dev', ['agent_skills', 'jupyter', 'vscode']],
    );
    assert.deepEqual(
      [
        resolveConfig({ apiKey: 'k', userId: 0 }).userId,
        resolveConfig({ apiKey: 'k', runAsOpenhands: false }).username,
      ],
      [0, 'root'],
    );
  });

  it('that cannot work are refused, without their values', () => {
    for (const options of [
      { runtime: 'docker' },
      { envVars: { 'A B': 'secret' } },
      { envVars: { A: 'nul\0secret' } },
      { maxIterations: 0 },
      { actionTimeoutSeconds: -1 },
      { userId: -1 },
      { gitUserName: 'nul\0secret' },
      { idle: { afterSeconds: 1, action: 'suspend' as const } },
    ]) {
      assert.throws(
        () => resolveConfig({ apiKey: 'k', ...options }),
        (error) =>
          RuntimeError.is(error, 'invalid_option') && !error.message.includes('secret') && error.nextStep !== '',
      );
    }
  });
});
