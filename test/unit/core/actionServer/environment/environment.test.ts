import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { ActionExecutionClient } from '../../../../../src/core/actionServer/actionExecutionClient';
import { EventStream, type StreamEvent } from '../../../../../src/core/actionServer/eventStream';
import { setGitIdentity } from '../../../../../src/core/actionServer/environment/gitIdentity';
import { setupEnvironment } from '../../../../../src/core/actionServer/environment/setupEnvironment';
import { RuntimeError } from '../../../../../src/core/errors';
import { RunningServer, sessionKey } from '../../../local/actionServer/runningServer';

/** Every value that upstream's quoting changes, executes or chokes on (D9), and what else a value can be. */
const hostile: Readonly<Record<string, string>> = {
  E_HOME: '$HOME',
  E_BACKTICK: '`id`',
  E_SUBSHELL: '$(touch /tmp/never)',
  E_NEWLINE: 'first\nsecond\n',
  E_UNICODE: 'grüße 你好 🚀 \u202e',
  E_HISTORY: 'bang !word and !!',
  E_APOSTROPHE: "it's",
  E_QUOTES: 'a "quoted" word and a \\ backslash \\; \\n',
  E_BLANKS: '  two  words\t ',
  E_CONTROL: '\u0001\u001b[31mred\r\u007f',
  E_EMPTY: '',
  E_SEMICOLON: 'x; echo pwned; #',
  E_PERCENT: '%s %d {"a": [1]} *?[a-z]',
  E_LONG: 'x'.repeat(50_000),
};

describe('the environment of a devbox', function () {
  this.timeout(30_000);
  let server: RunningServer;
  let client: ActionExecutionClient;
  const events = new EventStream();
  const seen: StreamEvent[] = [];

  before(async () => {
    server = await RunningServer.start();
    client = new ActionExecutionClient(
      { url: `http://127.0.0.1:${server.port}`, sessionKey, tunnelToken: undefined },
      { events },
    );
    events.on((event) => seen.push(event), 0);
    await setupEnvironment(client, { variables: hostile, jupyter: false });
  });

  after(async () => {
    client.dispose();
    await server.stop();
  });

  const bytesOf = async (name: string, isStatic: boolean): Promise<string> => {
    const command = `printf %s "$${name}" | od -An -v -tx1 | tr -d ' \\n'`;
    const { content } = await client.run(command, isStatic ? { isStatic: true } : {});
    return content;
  };

  it('reaches the shell byte for byte, whatever a value contains (D9)', async () => {
    for (const [name, value] of Object.entries(hostile)) {
      if (name === 'E_LONG') continue;
      assert.equal(await bytesOf(name, false), Buffer.from(value).toString('hex'), name);
    }
    assert.equal((await client.run('echo ${#E_LONG}')).content, '50000');
  });

  it('reaches static sessions and new shells as well (D10)', async () => {
    const { content } = await client.run('env -0 | grep -z ^E_ | grep -zv ^E_LONG | od -An -v -tx1 | tr -d " \\n"', {
      isStatic: true,
    });
    const hex = (text: string): string => Buffer.from(`${text}\0`).toString('hex');
    for (const [name, value] of Object.entries(hostile)) {
      if (name !== 'E_LONG') assert.ok(content.includes(hex(`${name}=${value}`)), name);
    }
    assert.equal(await bytesOf('E_NEWLINE', true), Buffer.from(hostile['E_NEWLINE'] ?? '').toString('hex'));
    assert.equal(await bytesOf('E_QUOTES', true), Buffer.from(hostile['E_QUOTES'] ?? '').toString('hex'));
  });

  it('replaces a changed value everywhere, keeps the others, and has one line in .bashrc (D10)', async () => {
    await setupEnvironment(client, { variables: { e_home: 'new token' }, jupyter: false });
    assert.equal((await client.run('echo "$E_HOME"')).content, 'new token');
    assert.equal((await client.run('echo "$E_HOME-$E_APOSTROPHE"', { isStatic: true })).content, "new token-it's");
    assert.equal((await client.run('grep -c openhands-runtime ~/.bashrc')).content, '1');
    assert.equal((await client.run('stat -c %a ~/.openhands-runtime/environment/E_HOME')).content, '600');
    assert.equal((await client.run('ls -A ~/.openhands-runtime/incoming')).content, '');
  });

  it('shows no value in a command, an observation, an error or the log (D11)', async () => {
    const secret = 'very-secret-value-4711';
    await setupEnvironment(client, { variables: { TOKEN: secret }, jupyter: true });
    assert.equal((await client.run('echo ${#TOKEN}')).content, String(secret.length));
    assert.ok(!JSON.stringify(seen).includes(secret));
    assert.ok(seen.some((event) => event.kind === 'action'));
    assert.ok(!server.stderr.includes(secret) && !server.stdout.includes(secret));
  });

  it('refuses what no environment can hold, without repeating the value', async () => {
    for (const variables of [
      { A: 'nul\0byte-secret' },
      { 'A-B': 'x-secret' },
      { '1A': 'x-secret' },
      { A: 'lone \ud800-secret' },
      { 'A;id': 'x-secret' },
    ]) {
      await assert.rejects(
        setupEnvironment(client, { variables, jupyter: false }),
        (error) => RuntimeError.is(error, 'invalid_option') && !error.message.includes('secret'),
      );
    }
  });

  it('gives git an identity byte for byte, and is not stopped by it (D13)', async () => {
    const name = 'O\'Neil "Å" $(id) `x` \\; !bang\nsecond';
    assert.equal(await setGitIdentity(client, { name, email: 'a@b.example' }), true);
    const { content } = await client.run('git config --global --null user.name | od -An -v -tx1 | tr -d " \\n"');
    assert.equal(content, Buffer.from(`${name}\0`).toString('hex'));
    assert.equal((await client.run('git config --global user.email')).content, 'a@b.example');
  });
});
