import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EventStream, type StreamContent, type StreamEvent } from '../../../../src/core/actionServer/eventStream';

const megabyte = 'x'.repeat(1_000_000);
const contents: Readonly<Record<string, StreamContent>> = {
  action: { kind: 'action', action: { action: 'write', args: { path: '/a', content: megabyte } } },
  status: { kind: 'status', status: 'STATUS$READY', message: megabyte },
};

describe('EventStream', () => {
  for (const [kind, content] of Object.entries(contents)) {
    it(`keeps no more than fits of events of the kind ${kind}`, () => {
      const stream = new EventStream();
      for (let at = 0; at < 100; at += 1) stream.append(content);
      const replayed: StreamEvent[] = [];
      stream.on((event) => replayed.push(event), 0);
      assert.ok(replayed.length > 10 && replayed.length <= 32, `${replayed.length} events are kept`);
      assert.equal(replayed.at(-1)?.id, 100);
      stream.dispose();
    });
  }
});
