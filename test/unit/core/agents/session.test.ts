import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, before, describe, it } from 'mocha';
import { AgentSession } from '../../../../src/core/agents/agentSession';
import type { SessionEvent } from '../../../../src/core/agents/sessionEvents';
import { AgentSpool } from '../../../../src/core/agents/spool';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { httpProblem } from '../../../../src/core/problems/http';
import { RuntimeError } from '../../../../src/core/errors';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';
import { exampleAgentIn } from './useAgent';
import { invalidFrames } from './validFrames';

const always = { id: 'always', name: '', means: 'allow_always' } as const;
const once = { id: 'once', name: '', means: 'allow_once' } as const;
const no = { id: 'no', name: '', means: 'reject_once' } as const;

describe('A session of an agent', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const sealKey = randomBytes(32);
  const events: SessionEvent[] = [];
  let box: FilesDevbox;
  /** Of agents that the test has started. */
  const folders: string[] = [];
  let hostile = '';
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api, 'session');
    await exampleAgentIn(box);
  });

  // What we tell an agent is as the protocol's schema has it, and so is what the agent on its library says.
  afterEach(async () => {
    assert.ok(folders.length > 0);
    for (const folder of folders.splice(0)) {
      const [told, said] = [await box.bash(`cat ${folder}/in`), await box.bash(`cat ${folder}/out`)];
      assert.ok(told !== '' && said !== '');
      const isLookedAt = (line: string): boolean => folder !== hostile || line.startsWith('told');
      assert.deepEqual(invalidFrames(told, said).filter(isLookedAt), []);
    }
  });

  async function window(folder: string, who: string, earlierId?: string, commands: DevboxCommands = box.commands) {
    const spool = new AgentSpool({ devboxId: box.id, commands, folder, sealKey });
    const onEvent = (event: SessionEvent): void => void events.push(event);
    return AgentSession.over({ spool, devboxId: box.id, who, now: Date.now, onEvent, ...(earlierId && { earlierId }) });
  }
  async function started(): Promise<{ session: AgentSession; folder: string; cwd: string }> {
    const folder = `/home/user/.runloop-agents/s-${(count += 1)}`;
    const cwd = `/tmp/work-${count}`;
    folders.push(folder);
    await box.bash(`mkdir ${cwd}`);
    const spool = new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey });
    await spool.start({ command: ['node', '/tmp/agent.mjs'], cwd, mark: 'm', signal });
    const session = await window(folder, 'first');
    await during(session, session.initialize(signal));
    assert.equal(await during(session, session.create(cwd, signal)), 'one');
    return { session, folder, cwd };
  }
  /** Looks until something is so. */
  async function until(session: AgentSession, isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 400 && !isSo(); i += 1) {
      await session.look(signal);
      if (!isSo()) await sleep(50);
    }
    assert.ok(isSo());
  }
  async function during<T>(session: AgentSession, work: Promise<T>): Promise<T> {
    let isDone = false;
    const watched = work.finally(() => (isDone = true));
    watched.catch(() => undefined);
    await until(session, () => isDone);
    return watched;
  }
  const prompt = (session: AgentSession, ...steps: object[]): Promise<string> => {
    const turn = session.prompt('one', JSON.stringify(steps), signal);
    turn.catch(() => undefined);
    return turn;
  };
  const files = (cwd: string): Promise<string> => box.bash(`ls ${cwd}`);

  it('asks a person, does what is allowed and nothing else, and never gets an always', async () => {
    const { session, cwd } = await started();
    const turn = prompt(session, { run: 'touch yes' }, { run: 'touch no' }, { say: 'é€ done' });
    await until(session, () => session.waiting.has('0'));
    assert.deepEqual(session.waiting.get('0')?.input, { kind: 'command', command: 'touch yes', cwd: undefined });
    assert.equal(session.isInTurn, true);
    assert.equal(await files(cwd), '');
    await session.answer('0', always, signal);
    await until(session, () => session.waiting.has('1'));
    await session.answer('1', no, signal);
    assert.equal(await during(session, turn), 'end_turn');
    assert.equal(await files(cwd), 'yes\n');
    assert.ok(events.some((event) => event.kind === 'update' && JSON.stringify(event).includes('é€ done')));
    assert.equal(session.isInTurn, false);
  });

  it('is answered once by two windows that see it, and both know by whom', async () => {
    const { session, folder, cwd } = await started();
    const turn = prompt(session, { run: 'touch done' });
    const second = await window(folder, 'second');
    await Promise.all([until(session, () => session.waiting.size > 0), until(second, () => second.waiting.size > 0)]);
    const both = await Promise.all([session.answer('0', once, signal), second.answer('0', no, signal)]);
    assert.deepEqual(both.map(({ isFirst }) => isFirst).sort(), [false, true]);
    await during(session, turn);
    await until(second, () => second.answered.has('0') && !second.isInTurn);
    const who = both[0].isFirst ? 'first' : 'second';
    assert.deepEqual([session.answered.get('0'), second.answered.get('0')], Array(2).fill({ who, isSealed: true }));
    assert.equal(await files(cwd), who === 'first' ? 'done\n' : '');
  });

  it('withdraws what waits when the agent is killed, and says so to whoever answers or waits', async () => {
    const { session, folder, cwd } = await started();
    const turn = prompt(session, { open: 'forever' }, { run: 'touch done' });
    await until(session, () => session.waiting.size > 0);
    assert.equal(session.calls.size, 1);
    await box.bash(`read p _ <${folder}/pid && kill -9 $p`);
    const ended = (error: unknown): boolean => RuntimeError.is(error) && error.problem.id === 'agent_ended';
    await assert.rejects(session.answer('0', once, signal), ended);
    await until(session, () => session.life === 'ended');
    assert.deepEqual([session.waiting.size, session.calls.size, session.isInTurn], [0, 0, false]);
    await assert.rejects(turn, ended);
    await assert.rejects(session.answer('0', once, signal), ended);
    assert.equal(await files(cwd), '');
  });

  it('cancels what asks, closes calls left open, and takes a session up where the agent can', async () => {
    const { session, cwd } = await started();
    const turn = prompt(session, { open: 'left' }, { run: 'touch done' });
    await until(session, () => session.waiting.size > 0);
    await session.cancel('one', signal);
    assert.equal(await during(session, turn), 'cancelled');
    assert.equal(session.calls.size, 0);
    assert.equal(await files(cwd), '');
    assert.equal(await during(session, session.takeUp('one', cwd, signal)), true);
  });

  it('goes on in a new process after the end of its own, with requests that are new under old ids', async () => {
    const { session, folder, cwd } = await started();
    const turn = prompt(session, { run: 'touch one' }, { run: 'touch two' });
    await until(session, () => session.waiting.has('0'));
    await session.answer('0', no, signal);
    await until(session, () => session.waiting.has('1'));
    await box.bash(`read p _ <${folder}/pid && kill -9 $p`);
    await until(session, () => session.life === 'ended');
    await assert.rejects(turn);
    // A window that comes later knows by the record alone that it can be taken up, and which session that is.
    const later = await window(folder, 'later');
    assert.equal(later.canBeTakenUp, undefined);
    await later.look(signal);
    assert.deepEqual([later.canBeTakenUp, later.sessionId, later.waiting.size], [true, 'one', 0]);
    events.length = 0;
    const next = `${folder}-next`;
    folders.push(next);
    const spool = new AgentSpool({ devboxId: box.id, commands: box.commands, folder: next, sealKey });
    const root = folder.slice(folder.lastIndexOf('/') + 1);
    await spool.startAfter({ command: ['node', '/tmp/agent.mjs'], cwd, mark: 'm', signal }, root);
    const again = await window(next, 'again', 'one');
    await during(again, again.initialize(signal));
    await until(again, () => again.life === 'running');
    assert.equal(again.sessionId, undefined);
    await assert.rejects(during(again, again.takeUp('two', cwd, signal)), /There is no session two/);
    assert.equal(again.sessionId, undefined);
    assert.equal(await during(again, again.takeUp('one', cwd, signal)), true);
    assert.deepEqual([again.sessionId, again.isInTurn, again.calls.size], ['one', false, 0]);
    assert.match(JSON.stringify(events), /asked before.*said before.*begun before.*"kind":"opened"/);
    // Nothing was sent or allowed by itself, and what was refused under this id says nothing of what is asked now.
    assert.deepEqual([again.waiting.size, again.answered.size, await files(cwd)], [0, 0, '']);
    const more = prompt(again, { run: 'touch three' });
    await until(again, () => again.waiting.has('0'));
    assert.equal(again.waiting.get('0')?.callId, 'touch three');
    await again.answer('0', once, signal);
    assert.equal(await during(again, more), 'end_turn');
    assert.equal(await files(cwd), 'three\n');
  });

  it('says where an agent cannot go on with a session, and asks it nothing then', async () => {
    for (const [word, isAble] of [
      ['resume', true],
      ['nothing', false],
    ] as const) {
      const folder = `/home/user/.runloop-agents/${word}`;
      folders.push(folder);
      const spool = new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey });
      await spool.start({ command: ['node', '/tmp/agent.mjs', word], cwd: '/tmp', mark: 'm', signal });
      const session = await window(folder, 'me', 'one');
      assert.equal(await session.takeUp('one', '/tmp', signal), false);
      await during(session, session.initialize(signal));
      assert.equal(session.canBeTakenUp, isAble);
      assert.equal(await during(session, session.takeUp('one', '/tmp', signal)), isAble);
      assert.equal(session.sessionId, isAble ? 'one' : undefined);
      assert.doesNotMatch(await box.bash(`cat ${folder}/in`), isAble ? /session\/load/ : /session\/(?:load|resume)/);
    }
  });

  it('tells a window that comes later what was told, by whom, and which session it is', async () => {
    const { session, folder } = await started();
    const turn = prompt(session, { run: 'touch late' });
    await until(session, () => session.waiting.size > 0);
    await session.answer('0', no, signal);
    await during(session, turn);
    events.length = 0;
    const later = await window(folder, 'later');
    await later.look(signal);
    assert.deepEqual([later.sessionId, later.isInTurn, later.waiting.size], ['one', false, 0]);
    const told = events.flatMap((event) => (event.kind === 'told' ? [event] : []));
    assert.deepEqual(
      told.map(({ entry }) => [entry.key.replace(/:[0-9a-f-]{36}-/, ':'), entry.who, entry.isSealed]),
      [
        ['q:session/prompt:3', 'first', true],
        ['a:0', 'first', true],
      ],
    );
    assert.match(JSON.stringify(told[0]?.frame), /touch late/);
    assert.match(JSON.stringify(told[1]?.frame), /"optionId":"no"/);
    assert.ok(events.some((event) => event.kind === 'asked' && event.request.id === '0'));
    assert.ok(events.some((event) => event.kind === 'stopped' && event.reason === 'end_turn'));
  });

  it('loses nothing of what was said where the connection is cut within a look', async () => {
    const { session, folder } = await started();
    hostile = folder;
    const unknown = (id: string): string =>
      `${JSON.stringify({ jsonrpc: '2.0', id, method: 'fs/read_text_file', params: {} })}\n`;
    const steps = ['a', 'b', 'c'].map((word) => ({ say: word, raw: unknown(word) }));
    const turn = prompt(session, ...steps, { say: 'last' }, { run: 'touch asked' });
    // Until the agent has said all of it, nobody looks: what unknown requests are answered comes later.
    for (let i = 0; i < 200 && !(await box.bash(`cat ${folder}/out`)).includes('touch asked'); i += 1) await sleep(50);
    let runs = 0;
    const cut: DevboxCommands = {
      run: async (...args) => {
        if ((runs += 1) % 2 === 0) {
          throw new RuntimeError({
            problem: httpProblem('unreachable', { whom: 'Runloop', why: 'cut' }),
            shouldRetry: true,
          });
        }
        return box.commands.run(...args);
      },
    };
    events.length = 0;
    const later = await window(folder, 'later', undefined, cut);
    for (let i = 0; i < 40 && later.waiting.size === 0; i += 1) await later.look(signal).catch(() => undefined);
    assert.ok(runs > 6);
    assert.deepEqual([...later.waiting.keys()], ['0']);
    const said = events.flatMap((event) =>
      event.kind === 'update' &&
      event.update.sessionUpdate === 'agent_message_chunk' &&
      event.update.content.type === 'text'
        ? [event.update.content.text]
        : [],
    );
    assert.deepEqual(said, ['a', 'b', 'c', 'last']);
    assert.equal(events.filter(({ kind }) => kind === 'told').length, 1);
    await later.answer('0', no, signal).catch(() => later.answer('0', no, signal));
    await during(session, turn);
  });

  it('stands hostile lines: no JSON, unknown requests, ids as text and used again', async () => {
    events.length = 0;
    const { session, folder } = await started();
    hostile = folder;
    const ask = (id: unknown, method: string, params: object = {}): string =>
      `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
    const asked = {
      sessionId: 'one',
      toolCall: { toolCallId: 'x' },
      options: [{ optionId: 'y', name: 'Y', kind: 'allow_once' }],
    };
    const raw = `garbage\n[]\nnull\n${ask('w', 'fs/write_text_file')}${ask('bad', 'session/request_permission')}${ask('0', 'session/request_permission', asked)}`;
    await during(session, prompt(session, { raw }, { raw: ask('0', 'session/request_permission', asked) }));
    await until(session, () => session.waiting.has('"0"') && session.answered.size === 2);
    assert.deepEqual([...session.waiting.keys()], ['"0"']);
    const lost = events.flatMap((event) => (event.kind === 'lost' ? [event.frame.kind] : []));
    assert.deepEqual(lost, ['noise', 'noise', 'noise', 'reused']);
    const told = await box.bash(`cat ${folder}/in`);
    assert.match(told, /"id":"w","error":\{"code":-32601/);
    assert.match(told, /"id":"bad","error":\{"code":-32602/);
    await session.answer('"0"', { id: 'y', name: '', means: 'allow_once' }, signal);
    await session.look(signal);
    assert.equal(session.waiting.size, 0);
    // Under the id of what was allowed: nobody may read that this was.
    const other = { ...asked, toolCall: { toolCallId: 'y', rawInput: { command: 'rm -rf ~' } } };
    await during(session, prompt(session, { raw: ask('0', 'session/request_permission', other) }));
    assert.equal(session.waiting.size, 0);
    const shown = events.flatMap((event) => (event.kind === 'asked' ? [event.request.callId] : []));
    assert.deepEqual(shown, ['x']);
  });
});
