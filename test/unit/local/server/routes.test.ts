import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every request the SDK's resources can make, read from their own code, with an example where an id belongs. */
function sdkRoutes(): readonly Route[] {
  const folder = join(process.cwd(), 'node_modules', '@runloop', 'api-client', 'resources');
  const found = new Map<string, Route>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.mjs'),
  )) {
    const code = readFileSync(join(folder, name), 'utf8');
    for (const [, method = '', path = ''] of code.matchAll(
      /_client\.(get|post|put|patch|delete|getAPIList)\(\s*[`']([^`']+)[`']/g,
    )) {
      const route = {
        method: method === 'getAPIList' ? 'GET' : method.toUpperCase(),
        path: path.replaceAll(/\$\{[^}]+\}/g, 'example'),
      };
      found.set(`${route.method} ${route.path}`, route);
    }
  }
  return [...found.values()];
}

describe('local platform, every route of the SDK', () => {
  let platform: TestPlatform;

  before(async () => {
    platform = await startPlatform();
  });
  after(async () => {
    await platform.stop();
  });

  it('answers each of them, or says with 501 that it is not offered', async () => {
    const routes = sdkRoutes();
    assert.ok(routes.length > 120, `only ${routes.length} routes were found in the SDK`);
    const notOffered: string[] = [];
    for (const { method, path } of routes) {
      const gone = new AbortController();
      const answer = await fetch(platform.baseUrl + path, {
        method,
        signal: gone.signal,
        headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
      });
      const what = `${method} ${path}: ${answer.status}`;
      if (answer.headers.get('content-type') === 'text/event-stream') {
        gone.abort();
        continue;
      }
      const body = (await answer.json()) as { error?: string; message?: string };
      assert.ok(body.error !== 'no_such_route' && answer.status !== 405 && answer.status !== 500, what);
      if (answer.status === 501) {
        assert.equal(answer.headers.get('x-should-retry'), 'false', what);
        assert.match(
          body.message ?? '',
          /^The local platform does not offer [^.]+\. Use a Runloop account for it\.$/,
          what,
        );
        notOffered.push(path);
      } else if (answer.status !== 200) {
        assert.match(body.message ?? '', /\.$/, what);
      }
    }
    for (const offered of [
      '/v1/objects',
      '/v1/blueprints',
      '/v1/secrets',
      '/v1/network-policies',
      '/v1/devboxes',
      '/v1/accounts/me',
    ]) {
      assert.ok(!notOffered.includes(offered), offered);
    }
    assert.ok(notOffered.includes('/v1/agents/example') && notOffered.includes('/v1/scenarios/runs/example/score'));
  });

  it('says of a path that nobody knows that it is not there, and of a wrong method that it is not possible', async () => {
    const ask = async (method: string, path: string): Promise<number> =>
      (await fetch(platform.baseUrl + path, { method, headers: { authorization: `Bearer ${platform.apiKey}` } }))
        .status;
    assert.equal(await ask('GET', '/v1/nothing'), 404);
    assert.equal(await ask('DELETE', '/v1/devboxes'), 405);
    assert.equal(await ask('PUT', '/v1/agents/any/thing'), 501);
  });
});
