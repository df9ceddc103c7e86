import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { findProgram } from '../../../../../src/local/host/hostPrograms';
import { RunningServer } from '../runningServer';

describe('action server, shells within the shell', () => {
  let server: RunningServer;

  before(async () => {
    server = await RunningServer.start();
  });
  after(() => RunningServer.stopAll());
  afterEach(async () => {
    // Whatever a test has left: back to the first shell.
    await server.run('C-c');
  });

  const shells: readonly string[] = ['bash', 'bash --norc', 'bash --noediting', 'sh', 'dash', 'exec bash'];
  const asRoot = process.getuid?.() === 0;

  for (const command of [...shells, ...(asRoot && findProgram('su') !== undefined ? ['su'] : [])]) {
    it(`reports from ${command} as before, and from the first one after it`, async () => {
      await server.run('cd /tmp && outer=1');
      const entered = await server.run(command);
      assert.equal(entered.exitCode, 0, entered.content + entered.suffix);
      const inside = await server.run('inner=2; cd /usr; echo "one two"');
      assert.deepEqual([inside.content, inside.exitCode, inside.workingDir], ['one two', 0, '/usr']);
      assert.equal((await server.run('(exit 3)')).exitCode, 3);
      const again = await server.run('echo $inner$outer; printf "a\\nb\\n"');
      assert.match(again.content, /^2\na\nb$/);
      if (command === 'exec bash') return;
      const left = await server.run('exit');
      assert.equal(left.exitCode, 0, left.content + left.suffix);
      const back = await server.run('echo $outer; pwd');
      assert.deepEqual([back.content, back.exitCode], ['1\n/tmp', 0]);
    });
  }

  it('goes in and out several times, one within the other', async () => {
    for (const command of ['bash', 'sh', 'bash']) assert.equal((await server.run(command)).exitCode, 0, command);
    assert.equal((await server.run('echo deep')).content, 'deep');
    for (const way of ['exit', 'exit', 'exit']) await server.run(way);
    assert.equal((await server.run('echo out')).content, 'out');
  });

  it('lets the user’s traps strike at the user’s commands only', async () => {
    await server.run("trap 'echo debug' DEBUG");
    assert.equal((await server.run('echo one')).content, 'debug\none');
    assert.equal((await server.run('true')).content, 'debug');
    await server.run('trap - DEBUG');
    await server.run("trap 'echo error $?' ERR");
    const failed = await server.run('(exit 4)');
    assert.deepEqual([failed.content, failed.exitCode], ['error 4', 4]);
    assert.equal((await server.run('echo fine')).content, 'fine');
    await server.run('trap - ERR');
    await server.run("f() { trap 'echo return' RETURN; echo in; }");
    assert.equal((await server.run('f')).content, 'in\nreturn');
    await server.run('trap - RETURN');
    await server.run("trap -- 'echo usr' USR1");
    assert.match((await server.run('kill -USR1 $$; trap -p USR1')).content, /usr/);
    await server.run("trap 'echo debug' DEBUG; set -T");
    assert.match((await server.run('echo two')).content, /^debug\ntwo$/);
    await server.run('set +T; trap - DEBUG');
    assert.equal((await server.run('echo done')).content, 'done');
  });
});
