import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { startPlainDevbox } from '../../../../src/core/start/plainDevbox';
import { asObject, parseJson } from '../../../../src/core/parse';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

describe('A create whose answer is none of the devbox that was made', function () {
  this.timeout(30_000);
  const running: { server?: ScriptedServer } = {};
  afterEach(() => running.server?.stop());

  for (const [what, wrong] of [
    ['one without an id', { id: '' }],
    ['one without a status', { status: '' }],
    ['somebody else’s', { id: 'dbx_of_another', status: 'failure', metadata: {} }],
  ] as const) {
    it(`is looked for, and nothing else is taken for it: ${what}`, async () => {
      let made: Record<string, unknown> | undefined;
      const server = await ScriptedServer.start(({ method, url, body }, answer) => {
        if (method === 'POST' && url === '/v1/devboxes') {
          const metadata = asObject(asObject(parseJson(body))?.['metadata']) ?? {};
          made = { id: 'dbx_made', status: 'running', name: 'mine', metadata };
          const [key = ''] = Object.keys(metadata);
          const theirs = 'metadata' in wrong ? { metadata: { [key]: 'theirs' } } : {};
          sendJson(answer, { ...made, ...wrong, ...theirs });
        } else if (url.startsWith('/v1/devboxes?')) {
          sendJson(answer, { devboxes: made === undefined ? [] : [made], has_more: false });
        } else {
          sendJson(answer, made ?? {});
        }
      });
      running.server = server;
      const { id } = await startPlainDevbox(
        new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: server.origin }),
        'mine',
        { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } },
        { signal: new AbortController().signal },
      );
      assert.equal(id, 'dbx_made');
      assert.deepEqual(
        server.seen.filter(({ method, url }) => method === 'POST' && url !== '/v1/devboxes').map(({ url }) => url),
        [],
      );
    });
  }
});
