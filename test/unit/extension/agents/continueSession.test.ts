import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { asObject } from '../../../../src/core/parse';
import type { FilesDevbox } from '../../core/files/useFiles';
import { useWindow } from '../../../fakeVscode/useWindow';
import { line, type Shown } from '../changes/useChangeRows';
import { useAgents } from './useAgents';

describe('The session of an agent whose process is gone', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { lines, view, ready, start, text, document, click, described } = useAgents(used);

  type Rows = () => Promise<Shown>;
  const session = async (agents: Rows, text_: RegExp): Promise<Shown> =>
    (await view().rows((await agents()).row)).find((row) => text_.test(line(row))) ?? assert.fail(text_.source);
  const below = async (agents: Rows, name: RegExp): Promise<string[]> => lines((await session(agents, name)).row);
  const act = async (agents: Rows, name: RegExp, action: string): Promise<unknown> => {
    const rows = await view().rows((await session(agents, name)).row);
    return click(rows.find((row) => line(row) === action) ?? assert.fail(rows.map(line).join()));
  };
  /** As a row does it that was drawn before it was known that the agent cannot; now it is not offered. */
  const actLate = async (agents: Rows, name: RegExp): Promise<unknown> => {
    assert.ok(!(await below(agents, name)).includes('Continue Session'));
    const target: unknown = (await session(agents, name)).item.command?.arguments?.[0];
    return used.editor.run('runloop.actOnAgent', { ...asObject(target), action: 'continue' });
  };
  const shownSession = async (agents: Rows, name: RegExp): Promise<string> => {
    await click(await session(agents, name));
    return text(document());
  };
  const devboxRow = async (name: string): Promise<Rows> => {
    const all = (await Promise.all((await view().rows()).map(({ row }) => view().rows(row)))).flat();
    const devbox = all.find(({ item }) => item.label === name);
    return async () =>
      (await view().rows(devbox?.row)).find(({ item }) => item.label === 'Agents') ?? assert.fail(name);
  };
  const kill = (box: FilesDevbox): Promise<string> =>
    box.bash('for i in ~/.runloop-agents/sessions/*/; do [ -e $i/ended ] || { read p _ <$i/pid; kill -9 -$p; }; done');
  const records = async (box: FilesDevbox): Promise<number> =>
    Number(await box.bash('ls ~/.runloop-agents/sessions | wc -l'));

  it('is gone on with by a click after its devbox was suspended: nothing before it, nothing allowed by it', async () => {
    const { box, agents } = await ready('sleeper', [], 'mkdir work', 'auto');
    await start(await agents(), [{ run: 'touch no' }, { run: 'touch open' }]);
    await described(agents, /needs you · touch no/);
    assert.match(await shownSession(agents, /needs you/), /\nMode by the agent: Never Ask\n/);
    used.editor.answer(/^Example in sleeper\ntouch no/, 'Reject');
    await click((await view().rows((await session(agents, /^Example/)).row))[0] ?? assert.fail());
    await described(agents, /needs you · touch open/);
    await used.editor.eventually(() => view().badge?.value === 1);
    await used.api.devboxes.suspend(box.id);
    await used.api.devboxes.waitForStatus(box.id, ['suspended'], 20);
    await used.editor.eventually(() => view().badge === undefined);
    await used.api.devboxes.resume(box.id);
    await used.api.devboxes.waitForStatus(box.id, ['running'], 20);
    await used.editor.run('runloop.refreshDevboxes');
    await described(agents, /^Example lost/);
    assert.deepEqual(await below(agents, /^Example lost/), ['Continue Session', 'More…']);
    assert.equal(await records(box), 1);
    await act(agents, /^Example lost/, 'Continue Session');
    await described(agents, /^Example done · begun before/);
    assert.deepEqual([await records(box), await box.bash('ls work')], [2, '']);
    const next = await shownSession(agents, /^Example done/);
    assert.match(next, /\nMode by the agent: auto\n/);
    assert.match(next, /\nIt continues an earlier session\. [^]*\n── Earlier Prompt[^\n]*\n {2}asked before\n/);
    assert.match(next, /── Agent\n {2}said before\n\n── Tool: other, ended without a result\n {2}begun before\n$/);
    // Within a turn, an agent tells nobody's words but its own.
    const update = { sessionUpdate: 'user_message_chunk', content: { type: 'text', text: 'echoed' } };
    const params = { sessionId: 'one', update };
    const echoed = `${JSON.stringify({ jsonrpc: '2.0', method: 'session/update', params })}\n`;
    // The same ids begin again: what was refused under one says nothing of what is asked now.
    used.editor.answer(/^Send Prompt/, JSON.stringify([{ raw: echoed }, { run: 'touch yes' }, { say: 'went on' }]));
    await act(agents, /^Example done/, 'Send Prompt…');
    await described(agents, /^Example needs you · touch yes/);
    assert.equal(await box.bash('ls work'), '');
    used.editor.answer(/^Example in sleeper\ntouch yes/, 'Allow Once');
    await click((await view().rows((await session(agents, /needs you/)).row))[0] ?? assert.fail());
    await described(agents, /^Example done · went on/);
    assert.equal(await box.bash('ls work'), 'yes\n');
    assert.doesNotMatch(await shownSession(agents, /^Example done/), /^ {2}echoed/m);
    // The process of before offers nothing more, and nobody can answer what it had asked.
    assert.deepEqual(await below(agents, /^Example lost · continued · /), ['Open Continued Session', 'More…']);
    const before = await shownSession(agents, /^Example lost/);
    assert.match(
      before,
      /^Example · sleeper · lost · continued\n[^]*── Permission: was not answered, and waits no more\n/,
    );
    assert.doesNotMatch(before, /cannot continue|waits for your answer/);
    await act(agents, /^Example lost · continued · /, 'Open Continued Session');
    assert.match(await text(document()), /^Example · sleeper · done\n/);
    // A window that comes later says the same, and offers it no second time.
    used.reload();
    await ready('comes later');
    const later = await devboxRow('sleeper');
    await described(later, /^Example lost · continued · /);
    assert.deepEqual(await below(later, /^Example lost · continued · /), ['Open Continued Session', 'More…']);
  });

  it('is gone on with by one process only, also where windows ask for it at once, and again by the next', async () => {
    const { box, agents } = await ready('twice');
    await start(await agents(), [{ say: 'first' }]);
    await described(agents, /^Example done · first/);
    await kill(box);
    await described(agents, /^Example failed/);
    const row = (await view().rows((await session(agents, /^Example failed/)).row))[0] ?? assert.fail();
    // Both are past all that they look at before they start it.
    let come = 0;
    let open = (): void => undefined;
    const both = new Promise<void>((resolve) => (open = resolve));
    used.editor.settings.set('runloop.agents', {
      Example: { run: ['node', '/tmp/agent.mjs'], variables: ['EXAMPLE_KEY'] },
    });
    used.editor.answer(/The value of EXAMPLE_KEY/, '');
    used.editor.answer(/The value of EXAMPLE_KEY/, '');
    used.editor.whileBusy = async (during) => {
      if (!/EXAMPLE_KEY/.test(during)) return;
      come += 1;
      if (come === 2) open();
      await both;
    };
    await Promise.all([click(row), click(row)]);
    await used.editor.message(/^Example already continues this session\./);
    await described(agents, /^Example done · begun before/);
    assert.equal(await records(box), 2);
    // A click at a row that was there before opens what runs.
    await click(row);
    assert.match(await text(document()), /^Example · twice · done\n/);
    assert.equal(await records(box), 2);
    await kill(box);
    await described(agents, /^Example failed · begun before/);
    used.editor.answer(/The value of EXAMPLE_KEY/, '');
    await act(agents, /^Example failed · begun before/, 'Continue Session');
    await described(agents, /^Example done · begun before/);
    assert.deepEqual(
      (await lines((await agents()).row)).map((one) => one.replace(/ · just now$/, '')),
      [
        'Example done · begun before',
        'Example failed · continued · begun before',
        'Example failed · continued · first',
      ],
    );
    // A later window says the same of those whose ends it has not seen.
    used.reload();
    await ready('later than twice');
    const ends = await described(await devboxRow('twice'), /^Example done/);
    assert.deepEqual(ends.map((one) => one.replace(/ · just now$/, '')).slice(1), [
      'Example failed · continued',
      'Example failed · continued',
    ]);
  });

  it('is the latest of its session, also where an earlier one was begun by a clock that is ahead', async () => {
    const { box, agents } = await ready('ahead');
    const { now } = Date;
    Date.now = () => now() + 3_600_000;
    try {
      await start(await agents(), [{ say: 'once' }]);
      await described(agents, /^Example done · once/);
    } finally {
      Date.now = now;
    }
    await kill(box);
    await described(agents, /^Example failed/);
    await act(agents, /^Example failed/, 'Continue Session');
    await described(agents, /^Example failed · continued/);
    await described(agents, /^Example done · (?!continued)/);
  });

  it('is told to have failed also where that is noted late: nothing watches for it any more', async () => {
    const { box, agents } = await ready('late');
    await start(await agents(), [{ say: 'once' }]);
    await described(agents, /^Example done · once/);
    // Whoever notes the end stands still.
    const holder = await box.bash('read p _ <$(echo ~/.runloop-agents/sessions/*/pid); ps -o ppid= -p $p');
    await box.bash(`kill -STOP ${Number(holder)}`);
    await kill(box);
    await described(agents, /^Example lost/);
    assert.match(await shownSession(agents, /^Example lost/), /\n── The process of the agent is gone/);
    await box.bash(`kill -CONT ${Number(holder)}`);
    await described(agents, /^Example failed/);
    const shown = await shownSession(agents, /^Example failed/);
    assert.match(shown, /\n── The agent ended \(exit code 137\)\.\n/);
    assert.doesNotMatch(shown, /is gone/);
  });

  it('is not gone on with where the agent has not said that it can, and the words offer a new one', async () => {
    for (const [name, word] of [
      ['cannot', 'nothing'],
      ['odd', 'odd'],
    ] as const) {
      const { box, agents } = await ready(name);
      used.editor.settings.set('runloop.agents', { Example: { run: ['node', '/tmp/agent.mjs', word] } });
      await start(await agents(), [{ say: 'once' }]);
      await described(agents, /^Example done · once/);
      await kill(box);
      await described(agents, /^Example failed/);
      assert.match(await shownSession(agents, /^Example/), /\nThis agent cannot continue its session\./);
      const started: unknown[] = [];
      const own = used.editor.commands.get('runloop.startAgent') ?? assert.fail();
      used.editor.commands.set('runloop.startAgent', (id) => started.push(id));
      used.editor.answer(/^Example cannot continue this session\. You can start a new one\./, 'Start Agent…');
      await actLate(agents, /^Example failed/);
      used.editor.commands.set('runloop.startAgent', own);
      assert.deepEqual([started, await records(box)], [[box.id], 1]);
    }
  });

  it('is not gone on with by an agent that cannot any more, or is offered no more', async () => {
    const { box, agents } = await ready('could');
    await start(await agents(), [{ say: 'once' }]);
    await described(agents, /^Example done · once/);
    await kill(box);
    await described(agents, /^Example failed/);
    used.editor.settings.set('runloop.agents', { Example: { run: ['node', '/tmp/agent.mjs', 'nothing'] } });
    await act(agents, /^Example failed/, 'Continue Session');
    await used.editor.message(/^Example cannot continue a session after it has ended\./);
    await described(agents, /^Example failed · (?!continued)/);
    used.editor.settings.set('runloop.agents', {});
    await actLate(agents, /^Example failed · (?!continued)/);
    await used.editor.message(/^Example cannot continue this session\. You can start a new one\./);
    await box.bash('cd ~/.runloop-agents/sessions && rm -r $(ls | tail -n 1)');
    assert.equal(await records(box), 1);
    used.reload();
    await ready('could again');
    const row = await devboxRow('could');
    used.editor.settings.set('runloop.agents', {});
    await described(row, /^Example /);
    await act(row, /^Example /, 'Continue Session');
    await used.editor.message(/^Example is no longer among the agents that can be started\. You can start a new one\./);
    assert.equal(await records(box), 1);
  });

  it('is not gone on with by the word of the devbox: a record that was changed, or one that nobody here has written', async () => {
    const { box, agents } = await ready('changed');
    await start(await agents(), [{ say: 'once' }]);
    await described(agents, /^Example done · once/);
    await kill(box);
    await described(agents, /^Example failed/);
    await box.bash(`cd ~/.runloop-agents/sessions && root=$(ls) && cp -r $root zz1 && cp -r $root zz2 &&
      sed 's/"agentName":"Example"/"agentName":"Fake","earlier":{"root":"'$root'","sessionId":"one"}/' $root/mark >zz2/mark`);
    await used.editor.run('runloop.refreshDevboxes');
    await described(agents, /^Fake failed|^Fake ended/);
    // Neither hides that the real one can be continued.
    assert.equal((await lines((await agents()).row)).filter((one) => /continued/.test(one)).length, 0);
    await actLate(agents, /^Fake/);
    await used.editor.message(/^The record of this session is not as this editor has written it/);
    assert.equal(await records(box), 3);
  });
});
