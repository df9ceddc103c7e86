import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { BuildChannels } from '../../../../src/extension/start/buildChannels';
import { buildBlueprint } from '../../../../src/extension/start/buildBlueprint';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

describe('The log of a build', function () {
  this.timeout(20_000);
  const used = useFakeEditor();
  const running: { server?: ScriptedServer } = {};
  afterEach(() => running.server?.stop());

  /** Builds a blueprint whose log has these lines. @returns what its channel shows */
  async function channelOf(lines: readonly string[]): Promise<string> {
    const server = await ScriptedServer.start(({ method, url }, answer) => {
      if (url.includes('/logs')) sendJson(answer, { logs: lines.map((message) => ({ message })) });
      else if (method === 'POST') sendJson(answer, { id: 'bpt_1', status: 'building' });
      else if (url.includes('bpt_1')) sendJson(answer, { id: 'bpt_1', status: 'build_complete' });
      else sendJson(answer, { blueprints: [] });
    });
    running.server = server;
    const { editor } = used;
    const account = { apiKey: 'ak_of_a_test', baseUrl: server.origin, source: 'secret' } as const;
    const channels = new BuildChannels();
    editor.answer(/^Build the blueprint mine/, 'Build and Start');
    await buildBlueprint(
      { buildChannels: () => Promise.resolve(channels) },
      { ...account, api: new RunloopApi(account), ended: new AbortController().signal },
      'mine',
    );
    return editor.output(/Build of mine/);
  }

  it('shows no private key that the build prints, and no secret that it breaks over lines', async () => {
    const body = 'MIIEpAIBAAKCAQEA7bq2kXo1Zr9TnVcYh4uPfL0sWm3eJdQ8gHjKxBvC5tRyUzA6';
    const shown = await channelOf([
      'Step 2: RUN cat /root/.ssh/id_rsa',
      '-----BEGIN RSA PRIVATE KEY-----',
      body,
      body,
      '-----END RSA PRIVATE KEY-----',
      'token \u001b[31mghp_A1b2C3d4E5f6\u001b[0m',
      'G7h8I9j0K1l2M3n4O5p6',
      'Step 3: done',
    ]);
    assert.match(shown, /Step 2[^]*Step 3: done/);
    assert.doesNotMatch(shown, /MIIE|G7h8I9j0/);
  });
});
