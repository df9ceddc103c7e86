import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, it } from 'mocha';
import { AgentInstallation } from '../../../../src/core/agents/agentInstallation';
import { SessionsWatch } from '../../../../src/core/agents/sessionsWatch';
import type { Appended } from '../../../../src/core/agents/ledger';
import { AgentSpool } from '../../../../src/core/agents/spool';
import { finishScript, mostKept, sessionsFolder, watchScript } from '../../../../src/core/agents/spoolScripts';
import { quote } from '../../../../src/ground/shellWords';
import { RuntimeError } from '../../../../src/core/errors';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';

describe('A spool that its devbox has changed: nothing holds who looks at it', function () {
  this.timeout(300_000);
  const used = usePlatform();
  const sealKey = randomBytes(32);
  let box: FilesDevbox;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api, 'hostile spool');
  });

  const sessions = `/home/user/${sessionsFolder}`;
  const at = (folder: string): AgentSpool =>
    new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey });
  async function started(command = ['cat']): Promise<{ folder: string; spool: AgentSpool }> {
    const folder = `${sessions}/hostile-${(count += 1)}`;
    const spool = at(folder);
    assert.equal(await spool.start({ command, cwd: '/tmp', mark: 'm', signal }), true);
    return { folder, spool };
  }
  const by = (key: string) => ({ key, who: 'me', at: 1_700_000_000_000, requestDigest: '', signal });
  /** What came of it in words; what is held until its time is over has others than these. */
  const outcome = (told: Promise<Appended>): Promise<string> =>
    told.then(
      ({ isFirst }) => (isFirst ? 'first' : 'taken'),
      (error: unknown) => (RuntimeError.is(error) ? error.problem.id : String(error)),
    );

  /** All that is done with a spool by those who look at it. */
  async function lookedAt(folder: string): Promise<readonly string[]> {
    const { look, append, log, end } = { look: at(folder), append: at(folder), log: at(folder), end: at(folder) };
    const of = async (work: () => Promise<unknown>): Promise<string> =>
      work().then(
        (done) => (typeof done === 'object' && done !== null && 'life' in done ? String(done.life) : 'done'),
        (error: unknown) => (RuntimeError.is(error) ? error.problem.id : String(error)),
      );
    const first = await Promise.all([
      of(() => look.look(signal)),
      outcome(append.append('"x"', by('a:9'))),
      of(() => log.log(signal)),
      of(() => log.audit(signal)),
    ]);
    return [
      ...first,
      await outcome(append.append(`"${'y'.repeat(40_000)}"`, by('a:10'))),
      await of(() => end.end(signal)),
    ];
  }
  const quick = [
    'running',
    'ended',
    'gone',
    'first',
    'taken',
    'done',
    'agent_ended',
    'agent_spool_missing',
    'agent_spool_failed',
    'agent_spool_full',
  ];
  const odd = {
    pipe: (name: string) => `rm -f ${name}; mkfifo ${name}`,
    'link to a pipe': (name: string) => `rm -f ${name}; mkfifo pipe-${name}; ln -s "$PWD/pipe-${name}" ${name}`,
    device: (name: string) => `rm -f ${name}; ln -s /dev/zero ${name}`,
    folder: (name: string) => `rm -f ${name}; mkdir ${name}`,
    'huge file': (name: string) => `rm -f ${name}; truncate -s 1G ${name}`,
  };
  const names = ['pid', 'ended', 'full', 'lock', 'ledger', 'in', 'out', 'err', 'pending', 'part.YToxMA'];

  for (const [kind, make] of Object.entries(odd)) {
    it(`where one of its files is a ${kind}`, async () => {
      const all = await Promise.all(
        names.map(async (name) => {
          const { folder } = await started();
          await box.bash(`cd ${folder}; ${make(name)}`);
          return [name, await lookedAt(folder)] as const;
        }),
      );
      for (const [name, said] of all) {
        assert.deepEqual(
          said.filter((one) => !quick.includes(one)),
          [],
          `${name}: ${said.join()}`,
        );
      }
      // What finds records, and what starts another process for one, looks at all of them.
      const found = await new AgentInstallation(box.id, box.commands).sessions('/home/user', sealKey, signal);
      assert.ok(found.sessions.length > 0);
      await box.bash(`rm -rf ${sessions}/*`);
    });
  }

  it('where what starts a later process would wait for a pipe', async () => {
    const { spool } = await started();
    await box.bash(`cd ${sessions}; mkfifo .lock; mkdir big; : >big/mark; truncate -s 1G big/root`);
    const start = { command: ['cat'], cwd: '/tmp', mark: 'm', signal };
    await assert.rejects(at(`${sessions}/late`).startAfter(start, 'first'), problem('agent_spool_failed'));
    await box.bash(`cd ${sessions}; rm .lock`);
    assert.equal(await at(`${sessions}/late`).startAfter(start, 'first'), undefined);
    await Promise.all([spool.end(signal), at(`${sessions}/late`).end(signal)]);
  });

  it('has names that nothing runs, whatever command they hold', async () => {
    const names = ['x$(touch ran)', 'y$(touch ran)', "z'; touch ran; '", '@', 'a]b'].map(quote);
    await box.bash(`mkdir -p ${sessions}; cd ${sessions}; mkdir -- ${names.join(' ')}; for one in ${names.join(' ')}; do
      echo '1 1' >"$one/pid"; done; : >${quote('y$(touch ran)')}/ended`);
    // As long as it takes to look at all of them some times.
    await box.bash(`timeout 4 bash -c ${quote(watchScript)} 4</dev/null || [ $? = 124 ]`);
    assert.equal(await box.bash(`find ~ -name ran; cd ${sessions}; rm -r ${names.join(' ')}`), '');
  });

  it('has its processes known by who started them: no other counts as running, gets a signal, or is told anything', async () => {
    const ended = new AbortController();
    const watch = new SessionsWatch({
      commands: box.commands,
      requireRunning: () => Promise.resolve(),
      onChange: () => undefined,
      onStopped: () => assert.fail('It runs.'),
      onFailure: (error) => assert.fail(String(error)),
      signal: ended.signal,
    });
    watch.want(true);
    await eventually(
      () => watch.tell(['x'], ''),
      (told) => told?.said === 'no',
    );
    const other = await started();
    const stat = `began() { local s; read -r -d '' s <"/proc/$1/stat"; s=\${s##*) }; set -- $s; echo "\${20}"; }`;
    await box.bash(`cd ${sessions}/..; setsid -f sh -c 'echo $$ >leader; exec sleep 600' </dev/null >/dev/null 2>&1
      until [ -s leader ]; do sleep 0.05; done`);
    const ids = (await box.bash(`cd ${sessions}/..; cat leader; cut -d ' ' -f 1 ${other.folder}/pid`))
      .trim()
      .split('\n');
    for (const id of ['1', ...ids]) {
      const { folder, spool } = await started();
      const own = (await box.bash(`cut -d ' ' -f 1 ${folder}/pid`)).trim();
      await box.bash(`cd ${folder}; ${stat}; echo "${id} $(began ${id})" >pid`);
      assert.equal((await spool.look(signal)).life, 'gone', id);
      const found = await new AgentInstallation(box.id, box.commands).sessions('/home/user', sealKey, signal);
      assert.equal(found.sessions.find(({ name }) => folder.endsWith(name))?.life, 'gone');
      const shortcut = async (words: readonly string[], frame: string) => {
        const told = await watch.tell(words, frame);
        assert.equal(told?.said, 'no');
        return told;
      };
      const short = new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey, shortcut });
      await assert.rejects(short.append('"x"', by('a:0')), problem('agent_ended'));
      await spool.end(signal);
      assert.equal(await box.bash(`kill -0 ${ids.join(' ')} && echo alive; kill -KILL -${own}`), 'alive\n');
    }
    ended.abort();
    await Promise.all([other.spool.end(signal), box.bash(`kill $(cat ${sessions}/../leader)`)]);
  });

  it('has a process known by when it began, and as the first of its group: a number that is used again is another', async () => {
    const { folder, spool } = await started(['sh', '-c', 'sleep 600 & echo $! >/tmp/child; wait']);
    const own = (await box.bash(`cat ${folder}/pid`)).trim();
    const [id = ''] = own.split(' ');
    const stat = `began() { local s; read -r -d '' s <"/proc/$1/stat"; s=\${s##*) }; set -- $s; echo "\${20}"; }`;
    await box.bash(
      `${stat}; until [ -s /tmp/child ]; do sleep 0.05; done; read p </tmp/child; echo "$p $(began $p)" >${folder}/pid`,
    );
    assert.equal((await spool.look(signal)).life, 'gone');
    await box.bash(`echo "${id} 1" >${folder}/pid`);
    assert.equal((await spool.look(signal)).life, 'gone');
    await box.bash(`echo "${own}" >${folder}/pid`);
    assert.equal((await spool.look(signal)).life, 'running');
    await spool.end(signal);
  });

  it('whose files are gone tells nobody anything: what would be written no agent reads', async () => {
    for (const name of ['in', 'ledger']) {
      const { folder, spool } = await started();
      await box.bash(`rm ${folder}/${name}`);
      await assert.rejects(spool.append('"x"', by('a:0')), problem('agent_spool_missing'), name);
      assert.equal(await box.bash(`ls ${folder} | grep -x ${name} || :`), '');
      await spool.end(signal);
    }
  });

  it('whose ledger is as long as it may be has no more told to its agent, and nothing put right', async () => {
    const { folder, spool } = await started();
    await spool.append('"one"', by('a:0'));
    // As it is left by somebody who was ended in the midst of the frame; its line stands once more at the end.
    await box.bash(
      `cd ${folder}; printf '"on' >in; printf '"one"\\n' >pending; line=$(cat ledger)
      yes "$line" | head -n $((${mostKept.ledger} / \${#line})) >ledger`,
    );
    const before = await box.bash(`cd ${folder}; stat -c %s ledger in; sha256sum ledger`);
    const { exitCode } = await box.commands.run(finishScript, {
      stdin: Buffer.from(`${folder}\0`),
      ...{ signal, deadlineMs: 30_000 },
    });
    assert.equal(exitCode, 0);
    await assert.rejects(spool.append('"x"', by('a:1')), problem('agent_spool_full'));
    assert.equal(await box.bash(`cd ${folder}; stat -c %s ledger in; sha256sum ledger`), before);
    await spool.end(signal);
  });

  it('holds nobody who tells things the short way, whatever its files are', async () => {
    const ended = new AbortController();
    const watch = new SessionsWatch({
      ...{ commands: box.commands, requireRunning: () => Promise.resolve(), onChange: () => undefined },
      ...{ onStopped: () => assert.fail('It runs.'), onFailure: (error) => assert.fail(String(error)) },
      signal: ended.signal,
    });
    const isThere = (): Promise<unknown> =>
      eventually(
        () => watch.tell(['x'], ''),
        (told) => told?.said === 'no',
      );
    watch.want(true);
    await isThere();
    for (const [kind, make] of Object.entries(odd)) {
      for (const name of ['pid', 'lock', 'ledger', 'in', 'pending']) {
        const { folder, spool } = await started();
        await spool.append('"x"', by('a:8'));
        await box.bash(`cd ${folder}; ${make(name)}`);
        const said: unknown[] = [];
        const shortcut = async (words: readonly string[], frame: string) => {
          const told = await watch.tell(words, frame);
          said.push(told?.said);
          return told;
        };
        const short = new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey, shortcut });
        await outcome(short.append('"y"', by('a:9')));
        // A file that is only large is one.
        assert.ok(
          kind === 'huge file' ? said[0] !== undefined : said[0] === 'no',
          `${name}, ${kind}: ${String(said[0])}`,
        );
        const own = await box.bash(`pgrep -f ${quote(`agent ${folder} `)} || :`);
        await box.bash(`kill -KILL ${own.trim().split('\n').join(' ')} 2>/dev/null || :`);
      }
    }
    await isThere();
    ended.abort();
    await box.bash(`rm -rf ${sessions}/*`);
  });

  it('has its own process known without who holds it, and without its variable', async () => {
    const held = await started(['env', '-u', 'RUNLOOP_AGENT_SESSION', 'cat']);
    const orphan = await started();
    await box.bash(`cd ${orphan.folder}; read p _ <pid; kill -KILL $(ps -o ppid= $p)`);
    for (const { folder, spool } of [held, orphan]) {
      assert.equal((await spool.look(signal)).life, 'running');
      await spool.end(signal);
      assert.equal(await box.bash(`read p _ <${folder}/pid; kill -0 $p 2>/dev/null || echo gone`), 'gone\n');
    }
  });

  function problem(id: string): (error: unknown) => boolean {
    return (error) => RuntimeError.is(error) && error.problem.id === id;
  }
});
