import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { waitFor } from '../../../eventually';
import { processesWith } from '../../../platform/devboxProcesses';
import { logText, startPlatform } from '../../../platform/testPlatform';
import { send, tunnelHost } from '../../../platform/tunnelRequests';

/** OpenHands' entrypoint as the runtime core composes it, word for word. */
const entrypoint =
  `sudo bash -c 'if [ ! -d /openhands/code ]; then echo '\\''There is no /openhands/code in this devbox.'\\'' >&2; exit 64; fi` +
  ` && chmod 600 /home/user/.openhands-runtime/session_api_key` +
  ` && SESSION_API_KEY="$(cat /home/user/.openhands-runtime/session_api_key)" && [ -n "$SESSION_API_KEY" ] && export SESSION_API_KEY` +
  ` && export VSCODE_PORT=4445 WORKSPACE_MOUNT_PATH_IN_SANDBOX=/workspace WORKSPACE_BASE=/workspace` +
  ` && export MAMBA_ROOT_PREFIX=/openhands/micromamba && cd /openhands/code` +
  ` && /openhands/micromamba/bin/micromamba run -n openhands poetry config virtualenvs.path /openhands/poetry` +
  ` && /openhands/micromamba/bin/micromamba run -n openhands poetry run python -u -m openhands.runtime.action_execution_server 4444` +
  ` --working-dir /workspace --plugins agent_skills jupyter vscode --username openhands --user-id 1000'`;

for (const sandbox of ['auto', 'plain']) {
  describe(`local platform, OpenHands’ entrypoint (--sandbox ${sandbox})`, () => {
    it('starts the action server, reachable through the tunnel, and ends with the devbox', async () => {
      const platform = await startPlatform(['--sandbox', sandbox]);
      const client = platform.client();
      const key = `key-of-${process.pid}`;
      const { id, tunnel } = await client.devboxes.createAndAwaitRunning({
        blueprint_name: 'openhands',
        entrypoint,
        mounts: [{ type: 'file_mount', target: '/home/user/.openhands-runtime/session_api_key', content: key }],
        launch_parameters: { launch_commands: ['mkdir -p /workspace'] },
        tunnel: {},
      });
      const host = tunnelHost(platform, 4444, tunnel?.tunnel_key ?? '');
      await waitFor(`the action server (its log: ${await logText(client, id)})`, async () => {
        const { status, text } = await send(platform, host, '/alive');
        return status === 200 && text.includes('"ok"') ? true : undefined;
      });
      const run = {
        action: {
          action: 'run',
          args: { command: 'pwd; echo $((6*7)) > made; env | grep -c -e RUNLOOP -e SESSION_API' },
        },
      };
      const headers = { 'content-type': 'application/json', 'x-session-api-key': key };
      const denied = await send(platform, host, '/execute_action', {
        method: 'POST',
        headers: { ...headers, 'x-session-api-key': 'x' },
        body: JSON.stringify(run),
      });
      assert.equal(denied.status, 403);
      const done = await send(platform, host, '/execute_action', {
        method: 'POST',
        headers,
        body: JSON.stringify(run),
      });
      assert.equal(done.status, 200, done.text);
      assert.match((JSON.parse(done.text) as { content: string }).content, /\/workspace\s+0/);
      assert.equal(await client.devboxes.readFileContents(id, { file_path: '/workspace/made' }), '42\n');
      await client.devboxes.shutdown(id);
      assert.deepEqual(processesWith(id), []);
      assert.equal(await platform.stop(), 0);
    });
  });
}

describe('local platform, a devbox without OpenHands', () => {
  it('ends with the entrypoint’s own sentence', async () => {
    const platform = await startPlatform();
    const client = platform.client();
    const { id } = await client.devboxes.create({
      entrypoint,
      mounts: [{ type: 'file_mount', target: '/home/user/.openhands-runtime/session_api_key', content: 'k' }],
    });
    const ended = await waitFor('its end', async () => {
      const devbox = await client.devboxes.retrieve(id);
      return devbox.status === 'shutdown' ? devbox : undefined;
    });
    assert.equal(ended.shutdown_reason, 'entrypoint_exit');
    assert.match(await logText(client, id), /There is no \/openhands\/code in this devbox\.\n.*exit code 64/);
    await platform.stop();
  });
});
