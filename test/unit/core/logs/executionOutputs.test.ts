import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { followEvents, type FollowEvent, type FollowNotice } from '../../../../src/core/logs/followDevbox';
import { FollowPosition } from '../../../../src/core/logs/followPosition';
import { OutputPosition } from '../../../../src/core/logs/outputPosition';
import type { LogEntry } from '../../../../src/core/platform/logEntry';
import { eventually } from '../../../eventually';
import { orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';
import { seeded } from './cuttingProxy';

/** What a platform without the stream of the whole log answers. */
const noTail = { fault: 'status', status: 404, path: '/v1/devboxes/{id}/logs/tail' };
const streams = '/v1/devboxes/{id}/executions/{execution}/stream_stdout_updates';
/** Polls so seldom that what comes soon can only have come by a stream. */
const seldom = { reconnectMs: [5, 50], pollMs: [50, 600_000] } as const;

describe('following executions on a platform without the stream of the whole log', function () {
  this.timeout(120_000);
  const on = usePlatform('--fault-control');

  async function devboxWith(...commands: string[]): Promise<string> {
    const { id } = await on.api.devboxes.create(
      { name: 'runner', entrypoint: 'sleep 100' },
      { requestId: crypto.randomUUID() },
    );
    await on.api.devboxes.waitForStatus(id, ['running'], 20);
    for (const command of commands) await on.api.executions.start(id, command);
    return id;
  }

  /** Follows until `enough` says so; gives what came. */
  async function follow(
    id: string,
    enough: (entries: readonly LogEntry[]) => boolean,
    position = new FollowPosition(),
    onEvent: (event: FollowEvent) => void = () => undefined,
  ): Promise<{ readonly entries: LogEntry[]; readonly notices: FollowNotice[] }> {
    const entries: LogEntry[] = [];
    const notices: FollowNotice[] = [];
    for await (const event of followEvents(on.api, id, {
      signal: deadline(50_000),
      position,
      pace: seldom,
    })) {
      onEvent(event);
      if (event.type === 'lines') entries.push(...event.lines);
      else notices.push(event.notice);
      if (enough(entries)) break;
    }
    return { entries, notices };
  }

  const printed = (entries: readonly LogEntry[]): LogEntry[] =>
    entries.filter(
      ({ source, command, exitCode }) => source === 'exec' && command === undefined && exitCode === undefined,
    );
  const hasExit = (entries: readonly LogEntry[]): boolean =>
    entries.some(({ source, exitCode }) => source === 'exec' && exitCode !== undefined);

  it('streams both outputs by byte offset through cuts, limits and refusals, exact to the byte, also beyond what the log keeps', async () => {
    const random = seeded(5);
    await orderFaults(
      on.platform,
      noTail,
      ...Array.from({ length: 12 }, () => ({
        fault: 'half_stream',
        path: streams,
        events: Math.floor(random() * 3),
        count: 1,
      })),
      { fault: 'status', status: 429, retry_after_seconds: 0, path: streams, probability: 0.2, count: 5 },
      { fault: 'cut', path: '/v1/devboxes/{id}/executions/{execution}', count: 1 },
    );
    // 2 MB: the log keeps 256 KiB of it, the streams all.
    const write =
      'for (let i = 0; i < 20000; i++) process.stdout.write(i + " ä€😀 " + "x".repeat(i % 160) + "\\n"); process.stderr.write("careful\\n"); process.stdout.write("no end")';
    const id = await devboxWith(`sleep 1; node -e '${write}'`);
    const { entries, notices } = await follow(id, hasExit);
    const lines = printed(entries);
    const expected = createHash('sha256');
    for (let i = 0; i < 20_000; i += 1) expected.update(`${i} ä€😀 ${'x'.repeat(i % 160)}\n`);
    const seen = createHash('sha256');
    for (const { text, level } of lines) if (level === 'info' && text !== 'no end') seen.update(`${text}\n`);
    assert.equal(lines.length, 20_002);
    assert.equal(seen.digest('hex'), expected.digest('hex'));
    assert.deepEqual(
      lines.filter(({ level }) => level === 'error').map(({ text }) => text),
      ['careful'],
    );
    assert.equal(lines.filter(({ text }) => text === 'no end').length, 1);
    assert.ok(
      notices.every(({ kind }) => ['polling', 'interrupted', 'reconnected'].includes(kind)),
      JSON.stringify(notices),
    );
    assert.equal(entries.at(-1)?.exitCode, 0);
    await on.api.devboxes.shutdown(id);
  });

  it('shows once what the list had shown before the stream was there, and goes on where a reader paused', async () => {
    await orderFaults(on.platform, noTail);
    const id = await devboxWith(
      'echo same; echo same; echo other >&2; until test -e /tmp/go; do sleep 0.1; done; echo same; echo half; printf par; until test -e /tmp/on; do sleep 0.1; done; echo tial',
    );
    // The first ones are in the log before anybody looks.
    const logged = await eventually(
      () => on.api.logs.newest(id),
      (entries) => printed(entries).length === 3,
    );
    const talker = logged.find(({ command }) => command !== undefined)?.executionId;
    const position = new FollowPosition();
    const first = await follow(id, (entries) => printed(entries).length === 3, position);
    await on.api.executions.start(id, 'touch /tmp/go');
    const second = await follow(id, (entries) => printed(entries).some(({ text }) => text === 'half'), position);
    await on.api.executions.start(id, 'touch /tmp/on');
    const third = await follow(
      id,
      (entries) => entries.some((entry) => entry.exitCode !== undefined && entry.executionId === talker),
      position,
    );
    const texts = [first, second, third].flatMap(({ entries }) => printed(entries).map(({ text }) => text));
    // Two outputs, two pipes: only the order within each is known.
    assert.deepEqual(
      texts.filter((text) => text !== 'other'),
      ['same', 'same', 'same', 'half', 'partial'],
    );
    assert.equal(texts.length, 6);
    await on.api.devboxes.shutdown(id);
  });

  it('takes them from the list where there are no streams either, with nothing twice', async () => {
    await orderFaults(
      on.platform,
      noTail,
      { fault: 'status', status: 501, path: streams },
      { fault: 'status', status: 501, path: streams.replace('stdout', 'stderr') },
    );
    const id = await devboxWith('for i in 1 2 3; do echo line $i; sleep 0.4; done');
    const position = new FollowPosition();
    const all: string[] = [];
    for await (const event of followEvents(on.api, id, {
      signal: deadline(50_000),
      position,
      pace: { reconnectMs: [5, 50], pollMs: [50, 200] },
    })) {
      if (event.type !== 'lines') continue;
      all.push(...printed(event.lines).map(({ text }) => text));
      // What comes twice comes until its end.
      if (hasExit(event.lines)) setTimeout(() => void on.api.devboxes.shutdown(id), 1000);
    }
    assert.deepEqual(all, ['line 1', 'line 2', 'line 3']);
  });
});

describe('the place in an output', () => {
  it('knows a server that tells where a piece begins from one that tells where it ends', () => {
    const [ends, begins] = [new OutputPosition(), new OutputPosition()];
    for (const [text, offset] of [
      ['ä\nb', 4],
      ['c\n', 6],
    ] as const) {
      ends.take({ text, offset });
      begins.take({ text, offset: offset - Buffer.byteLength(text) });
    }
    assert.deepEqual([ends.offset, begins.offset], [6, 6]);
  });

  it('leaves out what it has, and says when bytes are missing', () => {
    const position = new OutputPosition();
    assert.deepEqual(position.take({ text: 'one\ntw', offset: 6 }), { lines: ['one'], gap: false });
    assert.deepEqual(position.take({ text: 'one\ntwo\n', offset: 8 }), { lines: ['two'], gap: false });
    assert.deepEqual(position.take({ text: 'two\n', offset: 8 }), { lines: [], gap: false });
    assert.deepEqual(position.take({ text: 'four\n', offset: 20 }), { lines: ['four'], gap: true });
    assert.deepEqual(position.take({ text: 'end', offset: undefined }), { lines: [], gap: false });
    assert.deepEqual(position.end(), ['end']);
  });
});
