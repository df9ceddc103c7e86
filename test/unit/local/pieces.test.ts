import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LineSplitter } from '../../../src/local/host/lineSplitter';
import { translatePaths } from '../../../src/local/sandbox/plainPaths';
import { destinationOf } from '../../../src/local/http/hostNames';

describe('local platform, small pieces', () => {
  it('splits output into lines whatever the chunks', () => {
    const bytes = Buffer.from('ä\r\n10%\r20%\nrest 😀');
    for (let size = 1; size <= bytes.length; size += 1) {
      const lines: string[] = [];
      const splitter = new LineSplitter((line) => lines.push(line));
      for (let at = 0; at < bytes.length; at += size) {
        splitter.write(bytes.subarray(at, at + size));
      }
      splitter.end();
      assert.deepEqual(lines, ['ä\r', '10%\r20%', 'rest 😀'], `chunks of ${size}`);
    }
  });

  it('translates the devbox’s paths only where a word starts with one', () => {
    const translate = (command: string): string => translatePaths(command, '/r');
    assert.equal(translate('mkdir -p /workspace'), 'mkdir -p /r/workspace');
    assert.equal(
      translate('[ ! -d /openhands/code ];cd "/workspace/a"'),
      '[ ! -d /r/openhands/code ];cd "/r/workspace/a"',
    );
    assert.equal(
      translate("bash -c 'A=/openhands/x && cat</home/user/k'"),
      "bash -c 'A=/r/openhands/x && cat</r/home/user/k'",
    );
    for (const same of [
      '/workspaces',
      '/home/users/x',
      'https://host/workspace',
      './workspace',
      '$X/workspace',
      '${X}/workspace',
      '/srv/workspace',
      '/workspace-2',
      '/home/userx',
    ]) {
      assert.equal(translate(same), same);
    }
  });

  it('tells API, tunnels and strangers apart by host name', () => {
    assert.deepEqual(destinationOf('4444-abc1.tunnel.localhost:9'), { kind: 'tunnel', port: 4444, key: 'abc1' });
    assert.deepEqual(destinationOf('1-a.TUNNEL.runloop.localhost'), { kind: 'tunnel', port: 1, key: 'a' });
    for (const api of ['127.0.0.1:80', 'localhost', '[::1]:5', 'api.localhost', 'api.a.b.localhost:7']) {
      assert.equal(destinationOf(api).kind, 'api', api);
    }
    for (const stranger of [
      undefined,
      '',
      'x',
      '127.0.0.1.nip.io',
      'evil.localhost.example',
      '0-a.tunnel.localhost',
      '70000-a.tunnel.localhost',
      'api.example',
      '127.0.0.2',
    ]) {
      assert.equal(destinationOf(stranger).kind, 'refused', stranger);
    }
  });
});
