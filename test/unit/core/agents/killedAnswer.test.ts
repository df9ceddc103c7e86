import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, it } from 'mocha';
import { AgentSession } from '../../../../src/core/agents/agentSession';
import type { SessionEvent } from '../../../../src/core/agents/sessionEvents';
import { SessionsWatch } from '../../../../src/core/agents/sessionsWatch';
import { AgentSpool, type SpoolContext } from '../../../../src/core/agents/spool';
import { appendScript, sessionsFolder } from '../../../../src/core/agents/spoolScripts';
import { Transcript } from '../../../../src/core/agents/transcript';
import type { CommandOpener, DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';
import { exampleAgentIn } from './useAgent';

const yes = { id: 'once', name: '', means: 'allow_once' } as const;
const no = { id: 'no', name: '', means: 'reject_once' } as const;

/** Where an answer is on its way, and whether it counts when what sends it is killed there. */
const steps = [
  ['waits for the lock', 'exec 9>>lock;', 'kill -KILL $BASHPID; exec 9>>lock;', false],
  ['has the lock', 'noted=$(size ledger);', 'kill -KILL $BASHPID; noted=$(size ledger);', false],
  ['has kept half of the frame', 'cat >pending;', 'head -c 7 >pending; kill -KILL $BASHPID;', false],
  [
    'has kept the frame',
    '[ "$(size pending)" = "$length" ]',
    'kill -KILL $BASHPID; [ "$(size pending)" = "$length" ]',
    false,
  ],
  ['has written the line', 'cat pending >>in ||', 'kill -KILL $BASHPID; cat pending >>in ||', true],
  [
    'has told half of the frame',
    'cat pending >>in ||',
    'head -c 7 pending >>in; kill -KILL $BASHPID; cat pending >>in ||',
    true,
  ],
  ['has told it', 'print_fields written', 'kill -KILL $BASHPID; print_fields written', true],
] as const;

/** The same of what watches a devbox's sessions, and tells what is small. */
const shortSteps = [
  ['has the lock', `put '>', 'pending'`, `kill 9, $$; put '>', 'pending'`, false],
  ['has kept the frame', `put '>>', 'ledger'`, `kill 9, $$; put '>>', 'ledger'`, false],
  ['has written the line', `put('>>', 'in', "$frame\\n")`, `kill(9, $$) && put('>>', 'in', "$frame\\n")`, true],
  ['has told half of the frame', `put('>>', 'in', "$frame\\n")`, `put('>>', 'in', '{"json') && kill(9, $$)`, true],
  ['has told it', `put('>>', 'in', "$frame\\n")`, `put('>>', 'in', "$frame\\n") && kill(9, $$)`, true],
] as const;

describe('An answer whose sender is killed', function () {
  this.timeout(300_000);
  const used = usePlatform();
  const sealKey = randomBytes(32);
  let box: FilesDevbox;
  let command: readonly string[];
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api, 'killed answer');
    command = await exampleAgentIn(box);
  });

  type Ways = Partial<Pick<SpoolContext, 'commands' | 'shortcut'>>;
  async function window(folder: string, who: string, ways: Ways = {}) {
    const spool = new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey, ...ways });
    const events: SessionEvent[] = [];
    const onEvent = (event: SessionEvent): void => void events.push(event);
    const session = await AgentSession.over({ spool, devboxId: box.id, who, now: Date.now, onEvent });
    return { session, spool, events };
  }
  async function until(session: AgentSession, isSo: () => boolean): Promise<void> {
    await eventually(async () => session.look(signal), isSo);
  }
  async function during<T>(session: AgentSession, work: Promise<T>): Promise<T> {
    let isDone = false;
    const watched = work.finally(() => (isDone = true));
    watched.catch(() => undefined);
    await until(session, () => isDone);
    return watched;
  }

  /** An agent that waits for an answer, as a window sees it that tells things by these ways. */
  async function waits(ways: Ways) {
    const folder = `/home/user/${sessionsFolder}/killed-${(count += 1)}`;
    const cwd = `/tmp/killed-${count}`;
    await box.bash(`mkdir ${cwd}`);
    const first = await window(folder, 'first', ways);
    await first.spool.start({ command, cwd, mark: 'm', signal });
    const { session } = await window(folder, 'starts');
    await during(session, session.initialize(signal));
    await during(session, session.create(cwd, signal));
    const steps = [{ run: 'echo done >>yes' }, { run: 'echo done >>yes2' }];
    session.prompt('one', JSON.stringify(steps), signal).catch(() => undefined);
    await until(first.session, () => first.session.waiting.has('0'));
    return { ...first, folder, cwd };
  }

  /** A window that is opened after that sees the answer, or that it waits, and it counts once. */
  async function isFound(folder: string, cwd: string, isGiven: boolean): Promise<void> {
    const { session, spool, events } = await window(folder, 'second');
    await until(session, () => session.waiting.size > 0 && (!isGiven || session.waiting.has('1')));
    const told = events.flatMap((event) =>
      event.kind === 'told' && event.entry.key === 'a:0' ? [[event.entry.who, event.frame?.['result']]] : [],
    );
    const allowed = { outcome: { outcome: 'selected', optionId: 'once' } };
    assert.deepEqual(told, isGiven ? [['first', allowed]] : []);
    if (!isGiven) {
      assert.equal((await session.answer('0', no, signal)).isFirst, true);
      await until(session, () => session.waiting.has('1'));
    }
    assert.equal((await session.answer('0', no, signal)).isFirst, false);
    await session.answer('1', no, signal);
    await until(session, () => !session.isInTurn);
    assert.equal(await box.bash(`cat ${cwd}/* 2>/dev/null || :`), isGiven ? 'done\n' : '');
    assert.deepEqual([...(await spool.audit(signal))], []);
    await spool.end(signal);
  }

  for (const [where, anchor, killed, isGiven] of steps) {
    it(`where it ${where} is ${isGiven ? 'given' : 'not given'} in the eyes of the next window, and of the agent`, async () => {
      assert.equal(appendScript.split(anchor).length, 2);
      let isKilling = false;
      const commands: DevboxCommands = {
        run: async (script, options) =>
          box.commands.run(
            isKilling && script === appendScript ? script.replace(anchor, () => killed) : script,
            options,
          ),
      };
      const { session, folder, cwd } = await waits({ commands });
      isKilling = true;
      await assert.rejects(session.answer('0', yes, signal));
      await isFound(folder, cwd, isGiven);
    });
  }

  it('that its agent got no part of, or half, before that was gone is told as one that nobody can say, and as no tampering', async () => {
    for (const [where, anchor, killed] of steps.slice(4, 6)) {
      let isKilling = false;
      const commands: DevboxCommands = {
        run: async (script, options) =>
          box.commands.run(
            isKilling && script === appendScript ? script.replace(anchor, () => killed) : script,
            options,
          ),
      };
      const { session, folder, cwd } = await waits({ commands });
      isKilling = true;
      await assert.rejects(session.answer('0', yes, signal));
      // As when the devbox is suspended.
      await box.bash(`cd ${folder}; read p _ <pid; kill -KILL $(ps -o ppid= $p) $p`);
      const { session: later, spool, events } = await window(folder, 'second');
      await until(later, () => later.life === 'gone');
      const transcript = new Transcript();
      for (const event of events) transcript.take(event);
      const { by, option, isCancel } = transcript.answers.get('0') ?? assert.fail(where);
      assert.deepEqual([by.who, by.isSealed, option, isCancel], ['first', true, undefined, false]);
      assert.deepEqual([later.waiting.size, await box.bash(`ls ${cwd}`)], [0, '']);
      assert.deepEqual([...(await spool.audit(signal))], []);
    }
  });

  for (const [where, anchor, killed, isGiven] of shortSteps) {
    it(`by the short way where it ${where} is ${isGiven ? 'given' : 'not given'}`, async () => {
      const ended = new AbortController();
      const commands: CommandOpener = {
        open: async (script, options) => {
          assert.equal(script.split(inQuotes(anchor)).length, 2);
          return box.commands.open(
            script.replace(inQuotes(anchor), () => inQuotes(killed)),
            options,
          );
        },
      };
      const watch = new SessionsWatch({
        ...{ commands, requireRunning: () => Promise.resolve(), onChange: () => undefined, signal: ended.signal },
        ...{ onStopped: () => assert.fail('It runs.'), onFailure: (error) => assert.fail(String(error)) },
      });
      watch.want(true);
      await eventually(
        () => watch.tell(['x'], ''),
        (told) => told?.said === 'no',
      );
      // The window is killed with it: it goes no other way.
      const shortcut = async (words: readonly string[], frame: string) => {
        assert.equal(await watch.tell(words, frame), undefined);
        throw new Error('killed');
      };
      const { session, folder, cwd } = await waits({ shortcut });
      await assert.rejects(session.answer('0', yes, signal), /killed/);
      ended.abort();
      await isFound(folder, cwd, isGiven);
    });
  }
});

/** As it stands in a script that is a word between single quotes. */
function inQuotes(text: string): string {
  return text.replaceAll("'", `'\\''`);
}
