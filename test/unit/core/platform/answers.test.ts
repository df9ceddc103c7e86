import assert from 'node:assert/strict';
import type * as http from 'node:http';
import { after, before, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { onceRule } from '../../../../src/core/http/retryRules';
import { awaitBuild, beginBuild, buildUnderWay } from '../../../../src/core/platform/buildBlueprint';
import type { Devbox } from '../../../../src/core/platform/devbox';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { snapshotDevbox } from '../../../../src/core/platform/snapshotDevbox';
import { ScriptedServer, sendJson, sendPage } from '../../../network/scriptedServer';

const call = { rule: onceRule };
const signal = new AbortController().signal;
const quiet = { onLog: () => undefined, onStatus: () => undefined };

async function drain(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Every call that the core makes of the API. */
const calls: Readonly<Record<string, (api: RunloopApi) => Promise<unknown>>> = {
  me: (api) => api.accounts.me(call),
  createDevbox: (api) => api.devboxes.create({}, { requestId: 'r' }),
  retrieve: (api) => api.devboxes.retrieve('d', call),
  listPage: (api) => api.devboxes.listPage({ limit: 1 }, call),
  list: (api) => drain(api.devboxes.list({}, call)),
  snapshotsOf: (api) => api.snapshots.ofDevbox('d', 1, call),
  blueprintName: (api) => api.blueprints.nameOf('b', call),
  waitForStatus: (api) => api.devboxes.waitForStatus('d', ['running'], 1, call),
  shutdown: (api) => api.devboxes.shutdown('d', call),
  start: (api) => api.executions.start('d', 'ls', call),
  ensureTunnel: (api) => api.tunnels.ensure({ id: 'd' } as Devbox, 'authenticated', call),
  openPty: (api) => api.tunnels.openPty('d', call),
  logs: (api) => api.logs.newest('d', call),
  readFile: (api) => api.files.read('d', '/x', call),
  blueprintsNamed: (api) => api.blueprints.named('b', call),
  suspendDevbox: (api) => api.devboxes.suspend('d', call),
  resumeDevbox: (api) => api.devboxes.resume('d', call),
  renameDevbox: (api) => api.devboxes.rename('d', 'n', call),
  metadataOf: (api) => api.devboxes.metadata('d', call),
  markDevbox: (api) => api.devboxes.replaceMetadata('d', {}, call),
  keepDevboxAlive: (api) => api.devboxes.keepAlive('d', call),
  snapshotDevbox: (api) => snapshotDevbox(api, 'd', 'n', call),
  usageOf: (api) => api.devboxes.usage('d', call),
  runCommand: (api) => runCommand(api, 'd', 'ls', call),
  beginBuild: (api) => beginBuild(api, { name: 'b', dockerfile: 'FROM x' }, call),
  buildUnderWay: (api) => buildUnderWay(api, 'b', call),
  awaitBuild: (api) => awaitBuild(api, { id: 'b', status: 'queued' }, { ...call, ...quiet }),
  dropBuild: (api) => api.blueprints.remove('b', call),
  blueprintChoices: (api) => api.blueprints.choices(call),
  snapshotChoices: (api) => api.snapshots.choices(call),
  secretChoices: (api) => api.secrets.choices(call),
  networkPolicyChoices: (api) => api.networkPolicies.choices(call),
  devboxNow: (api) => api.devboxes.retrieveCounted('d', { signal }),
  executionCompleted: (api) => api.executions.isCompleted({ devboxId: 'd', executionId: 'e' }, { signal }),
  listLogs: (api) => drain(api.logs.list('d', { signal })),
};

/** Calls that a reader follows with, which come again by themselves. */
const followed = ['logs', 'devboxNow', 'executionCompleted', 'listLogs'];
/** Calls whose answer is an empty object. */
const emptyIsFine = ['keepDevboxAlive', 'dropBuild'];
const emptyAnswers = ['{}', 'another object', 'a list of something else'];

let elsewhere: ScriptedServer;

/** What comes in an answer's place. */
const impostors: Readonly<Record<string, (answer: http.ServerResponse, url: string) => void>> = {
  'a page': (answer) => sendPage(answer),
  'a page that says it is JSON': (answer) => sendPage(answer, 200, 'application/json'),
  'a page that says it is text': (answer) => sendPage(answer, 200, 'text/html'),
  'a page that does not say what it is': (answer) => answer.writeHead(200).end('<html></html>'),
  'a page of status 201': (answer) => sendPage(answer, 201),
  'a redirect to a page elsewhere': (answer) =>
    answer.writeHead(302, { location: `${elsewhere.origin}/sign-in` }).end(),
  'a redirect to a page here': (answer, url) =>
    url === '/sign-in' ? sendPage(answer) : answer.writeHead(302, { location: '/sign-in' }).end(),
  'a redirect to itself': (answer, url) => answer.writeHead(307, { location: url }).end(),
  'a redirect to nothing': (answer) => answer.writeHead(302).end(),
  'status 204': (answer) => answer.writeHead(204).end(),
  'status 205': (answer) => answer.writeHead(205).end(),
  'nothing, called JSON': (answer) => answer.writeHead(200, { 'content-type': 'application/json' }).end(),
  'JSON that is not called so': (answer) => answer.writeHead(200).end('{"id":"x","status":"running"}'),
  'half of JSON': (answer) => answer.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"x","status'),
  null: (answer) => sendJson(answer, null),
  'a word': (answer) => sendJson(answer, 'ok'),
  'a number': (answer) => sendJson(answer, 1),
  '[]': (answer) => sendJson(answer, []),
  '{}': (answer) => sendJson(answer, {}),
  'another object': (answer) => sendJson(answer, { ok: true, id: 7, logs: {}, devboxes: 'none', status: null }),
  'a list of something else': (answer) => sendJson(answer, { items: [], has_more: false }),
  'a page of status 403': (answer) => sendPage(answer, 403),
  'a page of status 404': (answer) => sendPage(answer, 404),
  'a page of status 400': (answer) => sendPage(answer, 400),
  'a page of status 401': (answer) => sendPage(answer, 401),
  'a text of status 401': (answer) => answer.writeHead(401, { 'content-type': 'text/plain' }).end('Unauthorized'),
  'a text of status 402': (answer) => answer.writeHead(402, { 'content-type': 'text/plain' }).end('Buy a pass'),
  'a text of status 403': (answer) => answer.writeHead(403, { 'content-type': 'text/plain' }).end('Blocked by policy'),
  'a text of status 403 that says it is JSON': (answer) =>
    answer.writeHead(403, { 'content-type': 'application/json' }).end('Blocked by policy'),
  'JSON of status 401 that says it is a text': (answer) =>
    answer.writeHead(401, { 'content-type': 'text/plain' }).end('{"message":"no"}'),
  'nothing, with status 401': (answer) => answer.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
};

describe('an answer that is not the API’s', function () {
  this.timeout(120_000);
  let server: ScriptedServer;
  let api: RunloopApi;

  before(async () => {
    elsewhere = await ScriptedServer.start((_, answer) => sendPage(answer));
    server = await ScriptedServer.start((_, answer) => sendPage(answer));
    api = new RunloopApi({ apiKey: 'ak_any', baseUrl: server.origin });
  });
  after(async () => {
    await server.stop();
    await elsewhere.stop();
  });
  beforeEach(() => void elsewhere.seen.splice(0));

  for (const [what, impostor] of Object.entries(impostors)) {
    it(`is believed by no call: ${what}`, async () => {
      server.script = ({ url }, answer) => impostor(answer, url);
      const isPage = what.startsWith('a page') || / status 40[123]/.test(what);
      await Promise.all(
        Object.entries(calls)
          .filter(([name]) => !(emptyIsFine.includes(name) && emptyAnswers.includes(what)))
          // These come again after a page, for some seconds: a network that asks to sign in is passed sooner or later.
          .filter(([name]) => !(name === 'logs' && isPage))
          // The text of a file may be any text that is called so.
          .filter(([name]) => !(name === 'readFile' && what === 'a page that says it is text'))
          .map(async ([name, make]) => {
            const outcome = await make(api).then(
              (value: unknown) => assert.fail(`${name} took it for an answer: ${JSON.stringify(value)}`),
              (error: unknown) => error,
            );
            assert.ok(RuntimeError.is(outcome), `${name}: ${String(outcome)}`);
            assert.ok(
              ['unexpected_answer', 'api'].includes(outcome.code),
              `${name}: ${outcome.code}: ${outcome.message}`,
            );
            if (outcome.code === 'api') assert.equal(what, 'a redirect to nothing', `${name}: ${outcome.message}`);
            assert.ok(outcome.nextStep !== '' || followed.includes(name));
            assert.match(outcome.message, /\w{3}.*\.$|\w{3}/, name);
          }),
      );
      assert.deepEqual(elsewhere.seen, [], 'a redirect was followed to another origin');
    });
  }

  for (const [status, words] of [
    [407, /proxy requires a user name and a password/],
    [511, /requires you to sign in/],
  ] as const) {
    it(`says in words what ${status} means`, async () => {
      server.script = (_, answer) => answer.writeHead(status, '').end();
      for (const make of [calls['listPage'], calls['devboxNow'], calls['waitForStatus'], calls['start']]) {
        await assert.rejects(make?.(api) ?? assert.fail(), (error) => {
          assert.ok(RuntimeError.is(error, 'network'));
          assert.match(error.message, words);
          assert.doesNotMatch(error.message, /: ?\.$/);
          return true;
        });
      }
    });
  }

  for (const status of [500, 502, 503, 429, 408]) {
    it(`may be that somebody has no time, page or not: ${status}`, async () => {
      server.script = (_, answer) => sendPage(answer, status);
      await assert.rejects(api.devboxes.listPage({ limit: 1 }, call), (error) => {
        assert.ok(RuntimeError.is(error));
        assert.equal(error.status, status);
        assert.doesNotMatch(error.message, /</);
        return true;
      });
    });
  }

  for (const [what, baseUrl] of [
    ['a port that nobody listens at', 'http://127.0.0.1:1'],
    ['a name with several addresses', 'http://localhost:1'],
    ['a name that is not there', 'https://api.invalid'],
  ] as const) {
    it(`says why nothing came: ${what}`, async () => {
      await assert.rejects(
        new RunloopApi({ apiKey: 'ak_x', baseUrl }).devboxes.listPage({ limit: 1 }, call),
        (error) => {
          assert.ok(RuntimeError.is(error, 'network'));
          assert.match(error.message, /listing devboxes: .*(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN)/);
          return true;
        },
      );
    });
  }
});
