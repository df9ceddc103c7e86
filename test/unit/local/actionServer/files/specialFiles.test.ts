import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'mocha';
import { RunningServer } from '../runningServer';

describe('action server, what is no regular file', () => {
  let server: RunningServer;

  before(async () => {
    server = await RunningServer.start();
  });
  after(() => RunningServer.stopAll());

  it('refuses pipes and devices at once, and answers the next action', async () => {
    const pipe = `${server.workspace}/pipe`;
    execFileSync('mkfifo', [pipe]);
    // More than Node has threads to wait with.
    for (const path of [pipe, pipe, pipe, '/dev/zero', '/dev/tty', '/dev/stdin', pipe]) {
      for (const [action, args] of [
        ['read', {}],
        ['read', { impl_source: 'oh_aci' }],
        ['write', { content: 'x' }],
        ['edit', { command: 'view' }],
        ['edit', { command: 'insert', insert_line: 0, new_str: 'x' }],
        ['edit', { command: 'create', file_text: 'x' }],
      ] as const) {
        const { text } = await server.action(action, { path, ...args });
        assert.match(
          text,
          /regular file|already exists|No such device|not found|does not exist|ERROR_BINARY|Is a directory|Permission/i,
          `${action} ${path}`,
        );
      }
    }
    const { content } = await server.run('echo next');
    assert.equal(content, 'next');
  });

  it('answers what programs ask the terminal', async () => {
    const ask = (query: string, stop: string): Promise<{ content: string }> =>
      server.run(
        `old=$(stty -g); stty raw -echo min 0 time 20; printf '${query}' > /dev/tty; IFS= read -r -t 3 -d '${stop}' answer < /dev/tty; stty "$old"; printf '%q' "$answer"`,
      );
    assert.match((await ask('\\e[c', 'c')).content, /1;2/);
    assert.match((await ask('\\e[>c', 'c')).content, /84;0;0/);
    assert.match((await ask('\\e[5n', 'n')).content, /\[0/);
    assert.match((await ask('\\e[6n', 'R')).content, /\d+;\d+/);
    assert.match((await ask('\\e[>q', '\\\\')).content, /tmux/);
    assert.match((await ask('\\e]11;?\\e\\\\', '\\\\')).content, /11;rgb:0000/);
    // What asks and does not read the answer spoils nothing.
    assert.equal((await server.run("printf 'asked\\e[c\\e[6n\\n'")).content, 'asked');
    const after = await server.run('echo still here');
    assert.deepEqual([after.content, after.exitCode], ['still here', 0]);
  });
});
