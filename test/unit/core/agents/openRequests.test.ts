import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { acpSchema } from '../../../../src/core/agents/acpSchema';
import { answerSeconds, OpenRequests } from '../../../../src/core/agents/openRequests';
import { RuntimeError } from '../../../../src/core/errors';
import { signal } from '../files/useFiles';

describe('A request to an agent', () => {
  let requests: OpenRequests;
  const sent = (): Promise<void> => Promise.resolve();
  const failsWith =
    (id: string, text: RegExp = /./) =>
    (error: unknown): boolean =>
      RuntimeError.is(error) && error.problem.id === id && text.test(JSON.stringify(error.problem.params));

  before(() => {
    const soon = Object.fromEntries(Object.keys(answerSeconds).map((method) => [method, 0.01]));
    requests = new OpenRequests('dbx_1', acpSchema, { ...answerSeconds, ...soon });
  });

  it('is given up when the agent says nothing, with the seconds that it had, and what comes later is nothing', async () => {
    const late = requests.ask('1', 'session/new', sent, signal);
    await assert.rejects(late, failsWith('agent_no_answer', /"method":"session\/new","seconds":0.01/));
    requests.settle('1', { id: '1', result: { sessionId: 'x' } });
  });

  it('has a limit by default, but for a turn', () => {
    const limited = Object.entries(answerSeconds).filter(([, seconds]) => seconds !== undefined && seconds <= 120);
    assert.deepEqual(
      limited.map(([method]) => method).sort(),
      Object.keys(answerSeconds)
        .filter((method) => method !== 'session/prompt')
        .sort(),
    );
  });

  it('tells why the agent refuses it, also where only the details say so', async () => {
    const refused = requests.ask('2', 'session/new', sent, signal);
    requests.settle('2', { error: { code: -32000, message: 'Internal error', data: { details: 'no key' } } });
    await assert.rejects(refused, failsWith('agent_refused', /Internal error: no key/));
    const odd = requests.ask('3', 'session/new', sent, signal);
    requests.settle('3', { result: { sessionId: 7 } });
    await assert.rejects(odd, failsWith('agent_answer_unexpected'));
    const ended = requests.ask('4', 'session/prompt', sent, signal);
    requests.end();
    await assert.rejects(ended, failsWith('agent_ended'));
  });
});
