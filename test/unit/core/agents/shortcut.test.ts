import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import { SessionsWatch } from '../../../../src/core/agents/sessionsWatch';
import { AgentSpool, type SpoolContext } from '../../../../src/core/agents/spool';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { RuntimeError } from '../../../../src/core/errors';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';

type Shortcut = NonNullable<SpoolContext['shortcut']>;

describe('What watches the sessions of a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const sealKey = randomBytes(32);
  const ended = new AbortController();
  let box: FilesDevbox;
  let watch: SessionsWatch;
  let changes = 0;
  let count = 0;
  /** Executions that were started for spools. */
  let runs = 0;

  before(async () => {
    box = await filesDevbox(used.api, 'shortcut');
    await box.bash('mkdir -p ~/.runloop-agents/sessions');
    watch = new SessionsWatch({
      commands: box.commands,
      requireRunning: () => Promise.resolve(),
      onChange: () => (changes += 1),
      onStopped: () => assert.fail('It runs.'),
      onFailure: (error) => assert.fail(String(error)),
      signal: ended.signal,
    });
    watch.want(true);
    // It says what it can do when it has begun.
    await eventually(
      () => watch.tell(['x'], ''),
      (told) => told?.said === 'no',
    );
  });
  after(() => ended.abort());

  const usual: Shortcut = (words, frame) => watch.tell(words, frame);
  const counted: DevboxCommands = {
    run: (command, options) => {
      runs += 1;
      return box.commands.run(command, options);
    },
  };
  const at = (folder: string, shortcut?: Shortcut): AgentSpool =>
    new AgentSpool({ devboxId: box.id, commands: counted, folder, sealKey, shortcut });
  const fresh = (): string => `/home/user/.runloop-agents/sessions/spool-${(count += 1)}`;
  async function started(): Promise<string> {
    const folder = fresh();
    const spool = at(folder);
    assert.equal(await spool.start({ command: ['cat'], cwd: '/tmp', mark: 'm', signal }), true);
    await spool.look(signal);
    return folder;
  }
  const by = (key: string, who = 'me') => ({ key, who, at: Date.now(), requestDigest: '', signal });
  const saidIn = (folder: string, lines: number): Promise<string> =>
    eventually(
      () => box.bash(`cat ${folder}/out`),
      (text) => text.split('\n').length > lines,
    );

  it('tells agents by the way that is open, each key once, with its line, beside those who go the long way', async () => {
    const folder = await started();
    const [short, other, long] = [at(folder, usual), at(folder, usual), at(folder)];
    runs = 0;
    assert.deepEqual(await short.append('{"a":"é€|\\t*"}', by('a:0', 'first')), { isFirst: true });
    const late = await other.append('"no"', by('a:0', 'second'));
    assert.deepEqual(
      [late.isFirst, !late.isFirst && late.by?.who, !late.isFirst && late.by?.isSealed],
      [false, 'first', true],
    );
    assert.equal(runs, 0);
    assert.equal((await long.append('"long"', by('a:1', 'long'))).isFirst, true);
    assert.equal((await long.append('"no"', by('a:0', 'third'))).isFirst, false);
    assert.equal(
      (await short.append('"last"', { ...by('a:2', 'first'), requestDigest: 'd'.repeat(64) })).isFirst,
      true,
    );
    assert.equal(runs, 2);
    assert.equal(await saidIn(folder, 3), '{"a":"é€|\\t*"}\n"long"\n"last"\n');
    await long.look(signal);
    assert.deepEqual(
      long.entries.map(({ number, key, who, isSealed }) => [number, key, who, isSealed]),
      [
        [1, 'a:0', 'first', true],
        [2, 'a:1', 'long', true],
        [3, 'a:2', 'first', true],
      ],
    );
    assert.deepEqual([...(await long.audit(signal))], []);
    await long.end(signal);
  });

  it('has one of many answers counted, whichever way they come', async () => {
    const folder = await started();
    const spools = Array.from({ length: 10 }, (_, index) => at(folder, index % 2 === 0 ? usual : undefined));
    const done = await Promise.all(spools.map((spool, index) => spool.append(`"${index}"`, by('a:0', `w${index}`))));
    assert.equal(done.filter(({ isFirst }) => isFirst).length, 1);
    const first = done.findIndex(({ isFirst }) => isFirst);
    for (const one of done) if (!one.isFirst) assert.equal(one.by?.who, `w${first}`);
    assert.equal(await saidIn(folder, 1), `"${first}"\n`);
    await at(folder).end(signal);
  });

  it('writes nothing while somebody else has the lock', async () => {
    const folder = await started();
    const held = box.bash(
      `cd ${folder}; exec 9>>lock; flock 9; touch locked; until [ -e asked ]; do sleep 0.05; done; sleep 1; stat -c %s in`,
    );
    await box.bash(`cd ${folder}; until [ -e locked ]; do sleep 0.05; done; touch asked`);
    assert.deepEqual(await at(folder, usual).append('"one"', by('a:0')), { isFirst: true });
    assert.equal(await held, '0\n');
    assert.equal(await saidIn(folder, 1), '"one"\n');
    await at(folder).end(signal);
  });

  it('is a shortcut only: what nobody acknowledges is told the long way, once, and known as told by this window', async () => {
    const folder = await started();
    const deaf = at(folder, async (words, frame) => {
      await watch.tell(words, frame);
      return undefined;
    });
    assert.deepEqual(await deaf.append('"one"', by('a:0')), { isFirst: true });
    const lost = at(folder, () => Promise.resolve(undefined));
    assert.deepEqual(await lost.append('"two"', by('a:1')), { isFirst: true });
    assert.equal((await lost.append('"three"', by('a:0'))).isFirst, false);
    assert.equal(await saidIn(folder, 2), '"one"\n"two"\n');
    await at(folder).end(signal);
  });

  it('leaves to the long way what is large, half told, or of an agent that has ended', async () => {
    const folder = await started();
    const spool = at(folder, usual);
    await spool.append('"one"', by('1'));
    // As it is left when somebody is killed after the line, with half of the frame written.
    const twin = await started();
    await at(twin).append('"one"', by('1'));
    await at(twin).append('"two"', by('2'));
    const [from = '', to = ''] = [folder, twin].map((one) => one.slice(one.lastIndexOf('/') + 1));
    await box.bash(
      `cd ~/.runloop-agents/sessions; sed -n 2p ${to}/ledger >>${from}/ledger; cd ${from}; printf '"two"\\n' >pending; printf '"tw' >>in`,
    );
    assert.equal((await spool.append('"three"', by('3'))).isFirst, true);
    const large = JSON.stringify('€'.repeat(20_000));
    assert.equal((await spool.append(large, by('4'))).isFirst, true);
    assert.equal((await spool.append('"five"', by('5'))).isFirst, true);
    assert.equal(await saidIn(folder, 5), `"one"\n"two"\n"three"\n${large}\n"five"\n`);
    await spool.end(signal);
    await assert.rejects(spool.append('"six"', by('6')), (error) => {
      return RuntimeError.is(error) && error.problem.id === 'agent_ended';
    });
    await at(twin).end(signal);
  });

  it('notices an agent that was killed with all that holds it', async () => {
    const folder = await started();
    const spool = at(folder);
    // The watch has seen that it runs.
    await eventually(
      () => box.bash('sleep 2'),
      () => true,
    );
    const before = changes;
    await box.bash(`cd ${folder} && read p _ <pid && kill -9 $(ps -o ppid= $p) $p`);
    await eventually(
      () => Promise.resolve(changes),
      (now) => now > before,
    );
    assert.equal((await spool.look(signal)).life, 'gone');
  });
});
