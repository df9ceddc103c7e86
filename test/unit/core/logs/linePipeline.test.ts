import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Emitter } from '../../../../src/core/events';
import type { FollowEvent } from '../../../../src/core/logs/followEvent';
import { pipeLines, type LineSecrets } from '../../../../src/core/logs/linePipeline';
import { eventually } from '../../../eventually';

const lines = (...texts: string[]): FollowEvent => ({
  type: 'lines',
  lines: texts.map((text, at) => ({ level: 'info', source: 'exec', timestampMs: at * 1000, text })),
});
const nothingKnown: LineSecrets = { known: () => Promise.resolve([]) };

async function* from(...events: FollowEvent[]): AsyncGenerator<FollowEvent> {
  for (const event of events) yield await Promise.resolve(event);
}

describe('the way of lines', () => {
  it('shows nothing before it is known what is secret, and hides what becomes known later from then on', async () => {
    const added = new Emitter<readonly string[]>();
    const shown: string[] = [];
    let isKnown = false;
    async function* source(): AsyncGenerator<FollowEvent> {
      assert.ok(isKnown, 'the source is not opened before');
      yield lines('first-value second-value.');
      added.fire(['second-value']);
      yield await Promise.resolve(lines('first-value second-value.'));
    }
    await pipeLines(source(), {
      secrets: {
        known: () => {
          isKnown = true;
          return Promise.resolve(['first-value']);
        },
        onDidAdd: (listener) => added.on(listener),
      },
      show: (groups) => void shown.push(...groups.map(({ text }) => text)),
    });
    assert.deepEqual(shown, ['[removed] second-value.', '[removed] [removed].']);
  });

  it('keeps notices at their place, and shows what is open when nothing follows or the source fails', async () => {
    const shown: string[] = [];
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    async function* source(): AsyncGenerator<FollowEvent> {
      yield lines('a', 'b');
      yield { type: 'notice', notice: { kind: 'restarted' } };
      yield lines('c');
      await gate;
      yield lines('d');
      throw new Error('gone');
    }
    const done = pipeLines(source(), {
      secrets: nothingKnown,
      show: (groups) => void shown.push(...groups.map(({ text }) => text)),
      onNotice: ({ kind }) => void shown.push(`(${kind})`),
    });
    await eventually(
      () => Promise.resolve(shown.join(' ')),
      (seen) => seen === 'a b (restarted) c',
    );
    go();
    await assert.rejects(done, /gone/);
    assert.deepEqual(shown, ['a', 'b', '(restarted)', 'c', 'd']);
  });

  it('ends when it is enough, and closes the source', async () => {
    const closed: string[] = [];
    async function* endless(): AsyncGenerator<FollowEvent> {
      try {
        for (;;) yield await Promise.resolve(lines('x'));
      } finally {
        closed.push('closed');
      }
    }
    let count = 0;
    await pipeLines(endless(), {
      secrets: nothingKnown,
      show: (groups) => void (count += groups.length),
      isEnough: () => count >= 5,
      isWhole: true,
    });
    assert.deepEqual(closed, ['closed']);
    assert.ok(count >= 5);
  });

  it('fails with what showing throws, also when that happens later', async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    async function* source(): AsyncGenerator<FollowEvent> {
      yield lines('a');
      await gate;
      yield lines('b');
    }
    const show = (): Promise<void> => {
      go();
      return Promise.reject(new Error('cannot be shown'));
    };
    await assert.rejects(pipeLines(source(), { secrets: nothingKnown, show }), /cannot be shown/);
    await assert.rejects(pipeLines(from(lines('a', 'b')), { secrets: nothingKnown, show }), /cannot be shown/);
  });
});
