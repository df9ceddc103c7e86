import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { acpSchema } from '../../../../src/core/agents/acpSchema';
import { WaitingRequests, waitingRequest, type WaitingRequest } from '../../../../src/core/agents/waiting';

describe('Requests that wait', () => {
  const request = (id: number, rawInput = ''): WaitingRequest => ({
    ...{ id: String(id), digest: '', session: 'one', callId: '', title: '', tool: 'execute:', input: undefined },
    ...{ diffs: [], rawInput, choices: [], unoffered: 0 },
  });
  function made() {
    const shown: string[] = [];
    const waiting = new WaitingRequests(({ id }) => shown.push(id));
    return { waiting, shown };
  }

  it('beyond what is shown come after those that were answered, in their order, and each is shown once', () => {
    const { waiting, shown } = made();
    for (let id = 0; id < 204; id += 1) waiting.add(request(id));
    assert.deepEqual([waiting.shown.size, waiting.next, waiting.left], [200, 4, 0]);
    waiting.delete('7');
    assert.deepEqual([waiting.shown.size, waiting.next, waiting.shown.has('200')], [200, 3, true]);
    // One that another window has answered is shown with its answer, and waits no more.
    waiting.delete('202');
    assert.deepEqual([shown.at(-1), waiting.shown.has('202'), waiting.next], ['202', false, 2]);
    for (const id of [...waiting.shown.keys()]) waiting.delete(id);
    assert.deepEqual([[...waiting.shown.keys()], waiting.next], [['201', '203'], 0]);
    waiting.clear();
    assert.equal(waiting.shown.size, 0);
    assert.deepEqual([shown.length, new Set(shown).size], [204, 204]);
  });

  it('are kept within bounds of number and size, and what is too many is counted', () => {
    const { waiting, shown } = made();
    for (let id = 0; id < 2_300; id += 1) waiting.add(request(id));
    assert.deepEqual([waiting.shown.size, waiting.next, waiting.left, shown.length], [200, 2_000, 100, 200]);
    const large = made().waiting;
    for (let id = 0; id < 204; id += 1) large.add(request(id, id < 200 ? '' : 'x'.repeat(10_000_000)));
    assert.deepEqual([large.next, large.left], [3, 1]);
    // What is shown takes as much as what comes after it; what was answered leaves room for others.
    large.delete('0');
    large.add(request(300, 'x'.repeat(10_000_000)));
    assert.deepEqual([large.next, large.left], [2, 2]);
    large.delete('200');
    large.add(request(301, 'x'.repeat(10_000_000)));
    assert.deepEqual([large.next, large.left], [2, 2]);
    large.clear();
    assert.deepEqual([large.next, large.left], [0, 0]);
  });

  it('are of a bounded size also where all of them are shown, whatever part of them is large, and one is always shown', () => {
    const name = 'x'.repeat(10_000_000);
    for (const large of [
      { title: name },
      { callId: name },
      { session: name },
      { choices: [{ id: name, name: '', means: 'allow_once' }] },
      { input: { kind: 'paths', paths: [name] } },
      { input: { kind: 'command', command: ['a', name], cwd: undefined } },
      { diffs: [{ path: name, before: '', after: '' }] },
    ] as const) {
      const { waiting } = made();
      for (let id = 0; id < 5; id += 1) waiting.add({ ...request(id), ...large });
      assert.deepEqual([waiting.shown.size, waiting.left], [3, 2], Object.keys(large).join());
    }
    const { waiting } = made();
    waiting.add({ ...request(0), title: 'x'.repeat(40_000_000) });
    assert.equal(waiting.shown.size, 1);
  });

  it('offer a bounded number of options, of each meaning, whatever they are called', () => {
    const kinds = ['allow_once', 'allow_always', 'reject_once', 'reject_always'] as const;
    const options = kinds.flatMap((kind) =>
      Array.from({ length: 1_000 }, (_, index) => ({ optionId: `${kind} ${index}`, name: 'Reject', kind })),
    );
    const asked = {
      sessionId: 's',
      toolCall: { toolCallId: 'c' },
      options: [...options, { ...options[0], optionId: 'long', name: 'x'.repeat(9_000) }],
    };
    const { choices, unoffered } = waitingRequest('0', '', acpSchema.permission.parse(asked));
    assert.equal(unoffered, 4_001 - 80);
    assert.deepEqual(
      kinds.map((kind) => choices.filter(({ means }) => means === kind).length),
      [20, 20, 20, 20],
    );
    assert.ok(choices.every(({ name }) => name.length <= 500));
    const none = waitingRequest('0', '', acpSchema.permission.parse({ ...asked, options: [] }));
    assert.deepEqual([none.choices, none.unoffered], [[], 0]);
    // Of two with one id neither is offered.
    const twice = { optionId: 'y', name: 'Yes', kind: 'allow_once' };
    const same = acpSchema.permission.parse({ ...asked, options: [twice, { ...twice, kind: 'reject_once' }] });
    assert.deepEqual([waitingRequest('0', '', same).choices, waitingRequest('0', '', same).unoffered], [[], 2]);
  });
});
