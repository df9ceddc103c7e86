import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { RunningServer } from '../runningServer';

describe('HTTP rules', () => {
  let server: RunningServer;
  before(async () => (server = await RunningServer.start()));
  after(() => server.stop());

  const withKey = (key: string): Record<string, string> => ({ 'X-Session-API-Key': key });

  it('needs the key for everything but two paths', async () => {
    for (const path of ['/alive', '/server_info']) {
      assert.equal((await server.request('GET', path, undefined, withKey('wrong'))).status, 200);
    }
    for (const path of [
      '/alive/',
      '/list_files',
      '/nonsense',
      '/docs',
      '/mcp/sse',
      '/vscode/connection_token',
      '//alive',
    ]) {
      for (const key of ['wrong', '']) {
        const { status, text } = await server.request('GET', path, undefined, withKey(key));
        assert.deepEqual([status, text], [403, '{"detail":"Invalid API Key"}'], path);
      }
    }
    assert.deepEqual((await server.request('GET', '/alive', undefined, withKey('x'))).json, { status: 'ok' });
  });

  it('answers unknown paths and methods', async () => {
    const unknown = await server.request('GET', '/toString');
    assert.deepEqual([unknown.status, unknown.text], [404, '{"detail":"Not Found"}']);
    const wrong = await server.request('GET', '/execute_action');
    assert.deepEqual([wrong.status, wrong.text], [405, '{"detail":"Method Not Allowed"}']);
    assert.equal((await server.request('OPTIONS', '/alive')).status, 405);
    assert.equal((await server.request('HEAD', '/alive')).status, 405);
  });

  it('answers requests that are not well-formed', async () => {
    for (const body of ['{}', 'no json', '{"action":1}', '[]', '']) {
      const { status, json } = await server.request('POST', '/execute_action', body);
      assert.deepEqual(
        [status, json['detail'], typeof json['errors']],
        [422, 'Invalid request parameters', 'string'],
        body,
      );
    }
    const untyped = await server.request('POST', '/execute_action', '{"action":{}}', { 'content-type': 'text/plain' });
    assert.equal(untyped.status, 422);
  });

  it('answers 500 for actions that it does not execute', async () => {
    for (const type of ['think', 'message', 'call_tool_mcp', 'finish', 'task_tracking']) {
      const { status, json } = await server.action(type, {});
      assert.deepEqual(
        [status, json['detail']],
        [500, `Internal server error: 'ActionExecutor' object has no attribute '${type}'`],
      );
    }
    const failures: [unknown, RegExp][] = [
      [{ action: 'dance', args: {} }, /^Internal server error: .*dance.*run, run_ipython, read/],
      [{ observation: 'run', content: '' }, /^Internal server error: 400: Invalid action type$/],
      [{ action: 'run', args: null }, /^Internal server error: /],
      [{ action: 'run' }, /^Internal server error: .*'command'/],
      [{ action: 'run', args: { command: 'true' }, source: null }, /^Internal server error: .*source/],
      [{ action: 'run_ipython', args: { code: '1' } }, /^Internal server error: .*not found/],
    ];
    for (const [action, expected] of failures) {
      const { status, json } = await server.request('POST', '/execute_action', { action });
      assert.equal(status, 500);
      assert.match(String(json['detail']), expected);
    }
  });

  it('answers failures of the action itself with an observation', async () => {
    const browser = await server.action('browse', { url: 'http://x' });
    assert.deepEqual(
      [browser.status, browser.json['content']],
      [200, 'Browser functionality is not supported or disabled.'],
    );
    const typed = await server.action('run', { command: 5 });
    assert.deepEqual([typed.status, typed.json['observation']], [200, 'error']);
    const nul = await server.action('run', { command: 'echo \0' });
    assert.equal(nul.json['observation'], 'error');
  });

  it('accepts fields of newer clients', async () => {
    assert.equal((await server.run('echo hi', { from_the_future: 1, thought: '', security_risk: -1 })).content, 'hi');
  });

  it('tells about itself', async () => {
    await server.run('true');
    const { json } = await server.request('GET', '/server_info');
    const resources = json['resources'] as Record<string, Record<string, number>>;
    assert.ok(Number(json['uptime']) >= Number(json['idle_time']));
    assert.deepEqual(Object.keys(resources), ['cpu_percent', 'memory', 'disk', 'io']);
    assert.deepEqual(Object.keys(resources['memory']!), ['rss', 'vms', 'percent']);
    assert.deepEqual(Object.keys(resources['disk']!), ['total', 'used', 'free', 'percent']);
    assert.ok(resources['memory']!['rss']! > 1_000_000);
    assert.ok(resources['disk']!['total']! > 0);
    await server.logged(/openhands:INFO: .*\/server_info/);
  });

  it('knows no MCP servers, and no VS Code when there is none', async () => {
    assert.equal((await server.request('POST', '/update_mcp_server', {})).status, 400);
    assert.equal((await server.request('POST', '/update_mcp_server', [{ name: 1 }])).status, 500);
    const none = await server.request('POST', '/update_mcp_server', []);
    assert.deepEqual([none.status, none.json['router_error_log']], [200, '']);
    const one = await server.request('POST', '/update_mcp_server', [{ name: 'a', command: 'b', args: [], env: {} }]);
    assert.equal(one.status, 200);
    assert.match(String(one.json['router_error_log']), /^Failed to start the MCP server a: .*ENOENT/);
    assert.equal((await server.request('GET', '/vscode/connection_token')).text, '{"token":null}');
  });
});
