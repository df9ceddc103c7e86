import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { invalidFrames } from './validFrames';

const lines = (...frames: readonly object[]): string =>
  frames.map((frame) => `${JSON.stringify({ jsonrpc: '2.0', ...frame })}\n`).join('');
const asked = {
  id: 0,
  method: 'session/request_permission',
  params: {
    sessionId: 'one',
    toolCall: { toolCallId: 'x', kind: 'execute', rawInput: { command: 'ls' } },
    options: [{ optionId: 'once', name: 'Once', kind: 'allow_once' }],
  },
};
const update = (more: object): object => ({ method: 'session/update', params: { sessionId: 'one', update: more } });
const call = { sessionUpdate: 'tool_call', toolCallId: 'x', title: 'X' };
const answer = (result: object): object => ({ id: 0, result });

describe('What checks the frames of a session', () => {
  it('takes what the schema of the protocol has', () => {
    const told = lines(
      { id: 'a', method: 'session/new', params: { cwd: '/', mcpServers: [] } },
      answer({ outcome: { outcome: 'selected', optionId: 'once' } }),
      { method: 'session/cancel', params: { sessionId: 'one' } },
    );
    const said = lines(
      { id: 'a', result: { sessionId: 'one' } },
      asked,
      update(call),
      { method: '_own/thing' },
      { id: 'a', error: { code: -32_603, message: 'no' } },
    );
    assert.deepEqual(invalidFrames(told, `${said}{"half`), []);
  });

  it('finds what it does not have, also where the library would leave it out', () => {
    const bad: readonly (readonly [string, string])[] = [
      ['', 'no JSON\n'],
      ['', '{"method":"session/update"}\n'],
      ['', lines({ method: 'session/unknown', params: {} })],
      ['', lines({ id: 1, method: 'session/new', params: { cwd: '/', mcpServers: [] } })],
      ['', lines(update({ ...call, status: 'odd' }))],
      ['', lines(update({ ...call, content: [{ type: 'diff', path: 1, newText: '' }] }))],
      ['', lines({ ...asked, params: { ...asked.params, options: [{ optionId: 'once' }] } })],
      ['', lines({ id: 'a', result: { sessionId: 'one' } })],
      [lines({ id: 'a', method: 'session/new', params: { cwd: '/' } }), ''],
      [lines({ id: 'a', method: 'session/new', params: { cwd: '/', mcpServers: [] } }), lines({ id: 'a', result: {} })],
      [lines({ id: 1, result: {} }), lines(asked)],
      [lines(answer({ outcome: { outcome: 'selected' } })), lines(asked)],
      [lines({ id: 0, error: { code: 'x' } }), lines(asked)],
    ];
    for (const [told, said] of bad) assert.equal(invalidFrames(told, said).length, 1, told + said);
  });
});
