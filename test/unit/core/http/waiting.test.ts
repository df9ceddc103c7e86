import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { isTransient, RuntimeError } from '../../../../src/core/errors';
import { platformProblem } from '../../../../src/core/problems/platform';
import { retrying } from '../../../../src/core/http/retry';
import { retryHints } from '../../../../src/core/http/retryHints';
import { onceRule, serverAliveRule } from '../../../../src/core/http/retryRules';
import { parseDevbox } from '../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { waitUntilSuspended, waitWhile } from '../../../../src/core/start/waitForDevbox';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

const serverNow = 'Sun, 06 Nov 1994 08:49:37 GMT';

describe('waiting as a server asks', () => {
  const hints = (headers: Readonly<Record<string, string>>): ReturnType<typeof retryHints> =>
    retryHints((name) => headers[name]);

  for (const [what, headers, seconds] of [
    ['seconds', { 'retry-after': '7' }, 7],
    ['seconds with blanks', { 'retry-after': ' 7 ' }, 7],
    ['a fraction', { 'retry-after': '1.5' }, 1.5],
    ['milliseconds', { 'retry-after-ms': '250' }, 0.25],
    ['a fraction of milliseconds', { 'retry-after-ms': '1500.5' }, 1.5005],
    ['milliseconds before seconds', { 'retry-after-ms': '250', 'retry-after': '7' }, 0.25],
    ['seconds where the milliseconds are 0', { 'retry-after-ms': '0', 'retry-after': '7' }, 7],
    ['seconds where the milliseconds are garbage', { 'retry-after-ms': 'soon', 'retry-after': '7' }, 7],
    ['a date', { 'retry-after': 'Sun, 06 Nov 1994 08:49:47 GMT', date: serverNow }, 10],
    ['a date of RFC 850', { 'retry-after': 'Sunday, 06-Nov-94 08:49:47 GMT', date: serverNow }, 10],
    ['a date of asctime', { 'retry-after': 'Sun Nov  6 08:49:47 1994', date: serverNow }, 10],
    ['a date that is over', { 'retry-after': 'Sun, 06 Nov 1994 08:49:27 GMT', date: serverNow }, undefined],
    ['nothing', {}, undefined],
    ['0', { 'retry-after': '0' }, undefined],
    ['less than 0', { 'retry-after': '-5' }, undefined],
    ['garbage', { 'retry-after': 'tomorrow' }, undefined],
    ['an empty word', { 'retry-after': '' }, undefined],
    ['NaN', { 'retry-after': 'NaN' }, undefined],
    ['an hour', { 'retry-after': '3600' }, 3600],
    ['a thousand years', { 'retry-after': '31536000000' }, 86_400],
    ['infinity', { 'retry-after': 'Infinity' }, 86_400],
    ['more than a number can be', { 'retry-after': '1e999' }, 86_400],
  ] as const) {
    it(`reads ${what}`, () => assert.equal(hints(headers).retryAfterSeconds, seconds));
  }

  it('reads a date by our own clock where the answer has none', () => {
    const seconds = hints({ 'retry-after': new Date(Date.now() + 30_000).toUTCString() }).retryAfterSeconds ?? 0;
    assert.ok(seconds > 20 && seconds <= 30);
  });

  for (const [told, expected] of [
    ['true', true],
    ['false', false],
    ['maybe', undefined],
    ['', undefined],
  ] as const) {
    it(`reads x-should-retry: ${told}`, () => assert.equal(hints({ 'x-should-retry': told }).shouldRetry, expected));
  }

  it('lets the server decide whether another try is of use', () => {
    const failure = (status: number, shouldRetry: boolean | undefined): RuntimeError =>
      new RuntimeError({ problem: platformProblem('log_refused', { status }), status, shouldRetry });
    assert.equal(isTransient(failure(503, undefined)), true);
    assert.equal(isTransient(failure(503, false)), false);
    assert.equal(isTransient(failure(400, true)), true);
  });

  describe('on the wire', function () {
    this.timeout(30_000);
    let server: ScriptedServer;
    let api: RunloopApi;
    before(async () => {
      server = await ScriptedServer.start((_, answer) => sendJson(answer, {}));
      api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
    });
    after(() => server.stop());
    beforeEach(() => void server.seen.splice(0));

    /** Milliseconds between the requests that came. */
    const gaps = (): number[] => server.seen.slice(1).map(({ atMs }, index) => atMs - (server.seen[index]?.atMs ?? 0));

    for (const [headers, atLeastMs] of [
      [{ 'retry-after': '2' }, 2_000],
      [{ 'retry-after-ms': '1700' }, 1_700],
      [{ 'retry-after': '1.6' }, 1_600],
    ] as const) {
      it(`waits ${JSON.stringify(headers)} out, no less`, async () => {
        server.script = (_, answer) => {
          if (server.seen.length > 1) sendJson(answer, { id: 'd', status: 'running' });
          else answer.writeHead(429, { ...headers, 'content-type': 'application/json' }).end('{}');
        };
        await api.devboxes.retrieve('d');
        assert.equal(server.seen.length, 2);
        // A timer may be some milliseconds early.
        assert.ok((gaps()[0] ?? 0) >= atLeastMs - 20, String(gaps()));
      });
    }

    for (const after of ['0', '-1', '0.0001', 'Thu, 01 Jan 1970 00:00:00 GMT', 'garbage']) {
      it(`does not ask without a pause for Retry-After: ${after}`, async () => {
        server.script = (_, answer) => answer.writeHead(503, { 'retry-after': after }).end('{}');
        const signal = deadline(1_500);
        await assert.rejects(
          retrying(
            async () => {
              await api.devboxes.listPage({ limit: 1 }, { rule: onceRule, signal });
            },
            { rule: { ...serverAliveRule, delayMs: 100, factor: 1 }, signal },
          ),
        );
        assert.ok(server.seen.length >= 2 && server.seen.length <= 16, `${server.seen.length} requests`);
      });
    }

    const devbox = (status: string): object => ({ id: 'd', status, metadata: {} });

    for (const trouble of [502, 503, 500, 429, 408, 'cut'] as const) {
      it(`goes on waiting for a devbox that is being suspended after ${trouble}`, async () => {
        server.script = (_, answer) => {
          if (server.seen.length > 2) sendJson(answer, devbox('suspended'));
          else if (trouble === 'cut') answer.destroy();
          else if (trouble === 408 && server.seen.length === 2) sendJson(answer, devbox('suspending'));
          else answer.writeHead(trouble, { 'content-type': 'application/json' }).end('{"message":"no"}');
        };
        const signal = deadline(20_000);
        const found = await waitWhile(api, parseDevbox(devbox('suspending')), { signal });
        assert.equal(found.status, 'suspended');
        server.seen.splice(0);
        assert.equal((await waitUntilSuspended(api, parseDevbox(devbox('suspending')), signal)).status, 'suspended');
      });
    }

    it('keeps its distance from a server that answers at once that nothing has changed', async () => {
      server.script = (_, answer) => sendJson(answer, devbox('suspending'));
      await assert.rejects(waitUntilSuspended(api, parseDevbox(devbox('suspending')), deadline(2_500)));
      assert.ok(server.seen.length <= 4, `${server.seen.length} requests`);
    });
  });
});
