import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'mocha';
import { AgentSpool } from '../../../../src/core/agents/spool';
import { ConsentRules } from '../../../../src/extension/agents/consentRules';
import { LiveAgent } from '../../../../src/extension/agents/liveAgent';
import type { ConsentRule } from '../../../../src/core/agents/consent';
import { eventually } from '../../../eventually';
import { FakeMemory } from '../../../fakeVscode/memory';
import { usePlatform } from '../../../platform/usePlatform';
import { exampleAgentIn } from '../../core/agents/useAgent';
import { filesDevbox, signal } from '../../core/files/useFiles';

describe('Rules of consent that are kept', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const of = { agent: 'x', devboxId: 'dbx_1', tool: 'execute:', cwd: '/tmp' };

  it('are none where they have another form: what is missing makes none wider', () => {
    const good = [
      { ...of, allows: { kind: 'command', command: 'ls' } },
      { ...of, allows: { kind: 'command', command: ['ls', ''], in: '/tmp' } },
      { ...of, allows: { kind: 'paths', under: '/tmp' }, more: '[]' },
    ];
    const bad = [
      ...[undefined, null, 7, 'rule', [], {}, of, { ...of, allows: {} }, { ...of, allows: [] }],
      ...[7, ['/tmp'], {}, false].map((runsIn) => ({ ...of, allows: { kind: 'command', command: 'ls', in: runsIn } })),
      ...[[], [7], ['ls', 7], 7, {}].map((command) => ({ ...of, allows: { kind: 'command', command } })),
      ...['', 'tmp', './tmp', 7, ['/']].map((under) => ({ ...of, allows: { kind: 'paths', under } })),
      ...[7, null, {}].map((more) => ({ ...of, allows: { kind: 'command', command: 'ls' }, more })),
      ...['agent', 'devboxId', 'tool', 'cwd'].map((name) => ({ ...good[0], [name]: undefined })),
    ];
    const stored = new FakeMemory();
    void stored.update('runloop.agentRules', [...bad, ...good]);
    assert.deepEqual(
      new ConsentRules(stored).of('dbx_1').map(({ allows }) => JSON.parse(JSON.stringify(allows)) as unknown),
      good.map(({ allows }) => allows),
    );
    assert.deepEqual(new ConsentRules(stored).of('dbx_2'), []);
    for (const all of [undefined, 7, 'x', {}, { 0: good[0] }]) {
      void stored.update('runloop.agentRules', all);
      assert.deepEqual(new ConsentRules(stored).of('dbx_1'), []);
    }
  });

  it('hold up no request where what they need cannot be looked at: it waits, and that is told', async () => {
    const box = await filesDevbox(used.api, 'rules');
    const command = await exampleAgentIn(box);
    const folder = '/home/user/.runloop-agents/sessions/rules';
    const cwd = '/tmp/rules';
    await box.bash(`mkdir ${cwd}`);
    const by = { devboxId: box.id, commands: box.commands, folder, sealKey: randomBytes(32) };
    await new AgentSpool(by).start({ command, cwd, mark: 'm', signal });
    const failures: unknown[] = [];
    const found = {
      name: 'rules',
      isSealed: true,
      agent: 'x',
      agentName: 'X',
      cwd,
      startedMs: 0,
      life: 'running',
    } as const;
    const rule: ConsentRule = {
      ...of,
      devboxId: box.id,
      cwd,
      allows: { kind: 'command', command: 'echo a', in: undefined },
    };
    let changes = 0;
    const agent = new LiveAgent(found, {
      ...{ ...by, who: 'me', rules: () => [rule], beforeTurn: () => Promise.resolve() },
      ...{ onChange: () => (changes += 1), onFailure: (error) => failures.push(error), signal },
    });
    let isReady = false;
    const begun = agent.begin(JSON.stringify([{ all: ['echo a', 'echo b'] }]), {}).then(() => (isReady = true));
    // Its folder goes away when it has its session.
    await eventually(
      async () => box.bash(`[ "$(wc -l <${folder}/out)" -lt 2 ] || rm -rf ${cwd}`).then(() => agent.look()),
      () => isReady && agent.waiting.length === 2,
    );
    await begun;
    assert.equal(agent.state, 'waiting');
    assert.ok(changes > 0 && failures.length > 0);
    await agent.end();
  });
});
