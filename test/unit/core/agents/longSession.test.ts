import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { AgentSession } from '../../../../src/core/agents/agentSession';
import type { SpoolLook } from '../../../../src/core/agents/ledger';
import type { AgentSpool } from '../../../../src/core/agents/spool';
import { turnsOf } from '../../../turnsOf';

describe('Fifty thousand updates of an agent', function () {
  this.timeout(120_000);

  it('are read in slices, between which the window does what else there is, each once and in order', async () => {
    const count = 50_000;
    const update = (at: number): string =>
      JSON.stringify({
        jsonrpc: '2.0',
        method: 'session/update',
        params: {
          sessionId: 's',
          update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: `${at} ${'x'.repeat(100)}` } },
        },
      });
    const looks = Array.from({ length: 5 }, (_, look): SpoolLook => {
      const lines = Array.from({ length: count / 5 }, (_one, at) => `${update((look * count) / 5 + at)}\n`);
      const output = Buffer.from(lines.join(''));
      return { life: 'running', exitCode: undefined, isCut: false, output, entries: [], hasMore: look < 4 };
    });
    const spool = {
      look: () => Promise.resolve(looks.shift() ?? assert.fail('There is no more.')),
      frames: () => Promise.resolve([]),
    };
    const texts: string[] = [];
    const session = await AgentSession.over({
      spool: spool as unknown as AgentSpool,
      devboxId: 'dbx_1',
      who: 'a window',
      now: Date.now,
      onEvent: (event) => {
        if (event.kind !== 'update' || event.update.sessionUpdate !== 'agent_message_chunk') return;
        if (event.update.content.type === 'text') texts.push(event.update.content.text.split(' ')[0] ?? '');
      },
    });
    const { turns } = await turnsOf(() => session.look(new AbortController().signal));
    assert.deepEqual(
      texts,
      Array.from({ length: count }, (_, at) => String(at)),
    );
    // Each slice is of milliseconds; all of it takes hundreds of them on any computer.
    assert.ok(turns > 10, `${turns} turns of others`);
  });
});
