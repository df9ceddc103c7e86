import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, it } from 'mocha';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { LiveAgent } from '../../../../src/extension/agents/liveAgent';
import { AgentSession } from '../../../../src/core/agents/agentSession';
import { AgentSpool } from '../../../../src/core/agents/spool';
import { appendScript } from '../../../../src/core/agents/spoolScripts';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { exampleAgentIn } from '../../core/agents/useAgent';
import { filesDevbox, signal, type FilesDevbox } from '../../core/files/useFiles';

describe('An answer whose connection is cut', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const sealKey = randomBytes(32);
  let box: FilesDevbox;
  let command: readonly string[];
  before(async () => {
    box = await filesDevbox(used.api, 'cut answer');
    command = await exampleAgentIn(box);
  });

  /** A session that waits in a folder of its own, as a window sees it whose commands go through `cut`. */
  async function waits(name: string, cut: DevboxCommands) {
    const folder = `/home/user/.runloop-agents/sessions/${name}`;
    const cwd = `/tmp/${name}`;
    await box.bash(`mkdir ${cwd}`);
    const by = { devboxId: box.id, commands: box.commands, folder, sealKey };
    await new AgentSpool(by).start({ command, cwd, mark: 'm', signal });
    const failures: unknown[] = [];
    const found = { name, isSealed: true, agent: 'x', agentName: 'X', cwd, startedMs: 0, life: 'running' } as const;
    const agent = new LiveAgent(found, {
      ...{ ...by, commands: cut, who: 'me', rules: () => [], beforeTurn: () => Promise.resolve() },
      ...{ onChange: () => undefined, onFailure: (error) => failures.push(error), signal },
    });
    let isReady = false;
    const begun = agent.begin(JSON.stringify([{ run: 'echo done >>yes' }]), {}).then(() => (isReady = true));
    await eventually(
      () => agent.look(),
      () => isReady && agent.state === 'waiting',
    );
    await begun;
    const [request] = agent.waiting;
    const choice = request?.choices.find(({ means }) => means === 'allow_once');
    return { agent, request: request ?? assert.fail(), choice: choice ?? assert.fail(), failures, cwd };
  }
  const yes = (cwd: string): Promise<string> =>
    eventually(
      () => box.bash(`cat ${cwd}/yes 2>/dev/null || :`),
      (text) => text !== '',
    );
  const cutError = new Error('cut');

  it('after it was carried out is told as given, though nothing can be read any more', async () => {
    let isCut = false;
    const cut: DevboxCommands = {
      run: async (script, options) => {
        if (isCut && script !== appendScript) throw cutError;
        return box.commands.run(script, options);
      },
    };
    const { agent, request, choice, failures, cwd } = await waits('after', cut);
    isCut = true;
    assert.equal(await agent.answer(request, choice), undefined);
    assert.deepEqual(failures, [cutError]);
    assert.equal(await yes(cwd), 'done\n');
    isCut = false;
    await agent.end();
  });

  it('before anybody knows whether it was is told as failed, found as given, and done once where it is given again', async () => {
    let cutFrom: 'before' | 'after' | undefined;
    const cut: DevboxCommands = {
      run: async (script, options) => {
        if (script !== appendScript || cutFrom === undefined) return box.commands.run(script, options);
        if (cutFrom === 'after') await box.commands.run(script, options);
        throw cutError;
      },
    };
    const { agent, request, choice, cwd } = await waits('unknown', cut);
    cutFrom = 'before';
    await assert.rejects(agent.answer(request, choice), cutError);
    await agent.look();
    assert.deepEqual([agent.state, agent.waiting.length], ['waiting', 1]);
    cutFrom = 'after';
    await assert.rejects(agent.answer(request, choice), cutError);
    cutFrom = undefined;
    const no = request.choices.find(({ means }) => means === 'reject_once') ?? assert.fail();
    // The yes was carried out: the no is not told as given.
    assert.equal(await agent.answer(request, no), 'me');
    assert.equal(await yes(cwd), 'done\n');
    await eventually(
      () => agent.look(),
      () => agent.state === 'done',
    );
    assert.equal(await yes(cwd), 'done\n');
    const later = new AgentSpool({
      devboxId: box.id,
      commands: box.commands,
      folder: '/home/user/.runloop-agents/sessions/unknown',
      sealKey,
    });
    const session = await AgentSession.over({ spool: later, devboxId: box.id, who: 'other', now: Date.now });
    await session.look(signal);
    assert.deepEqual([...session.answered.values()], [{ who: 'me', isSealed: true }]);
    await agent.end();
  });
});
