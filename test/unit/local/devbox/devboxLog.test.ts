import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { DevboxLog } from '../../../../src/local/devbox/devboxLog';

describe('the log of a devbox', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const never = new AbortController().signal;
  const messages = async (log: DevboxLog, from = 0): Promise<string[]> => {
    const all: string[] = [];
    for await (const { bytes } of log.read(from, false, never)) {
      all.push(
        ...bytes
          .toString()
          .trim()
          .split('\n')
          .map((line) => (JSON.parse(line) as { message: string }).message),
      );
    }
    return all;
  };
  const append = (log: DevboxLog, message: string): void => log.append({ source: 'exec', level: 'info', message });

  it('goes on without a file that cannot be opened, and tells how much is missing when it can', async () => {
    const log = new DevboxLog(join(folder, 'later', 'log.jsonl'));
    append(log, 'lost');
    await new Promise(setImmediate);
    mkdirSync(join(folder, 'later'));
    append(log, 'kept');
    const all = await messages(log);
    log.close();
    assert.match(all[0] ?? '', /^1 entries before this one could not be written: ENOENT: no such file or directory/);
    assert.deepEqual(all.slice(1), ['kept']);
  });

  it('keeps what each source has said last however much another one says, in order, and after a restart', async () => {
    const path = join(folder, 'loud.jsonl');
    const limit = 200_000;
    const first = new DevboxLog(path, limit);
    const quiet = ['setup_commands', 'entrypoint', 'files', 'stats', 'kmsg'] as const;
    for (const source of quiet) {
      for (let at = 0; at < 5; at += 1) first.append({ source, level: 'info', message: `${source} ${at}` });
    }
    // A second one that says more than its share, before the loudest.
    for (let at = 0; at < 400; at += 1) first.append({ source: 'entrypoint', level: 'error', message: `lines ${at}` });
    const flood = async (log: DevboxLog): Promise<void> => {
      for (let at = 0; at < 10_000; at += 1) {
        append(log, `"source":"kmsg" ${at} entries were dropped: a log keeps`);
        if (at % 500 === 0) await new Promise(setImmediate);
      }
    };
    await flood(first);
    first.close();
    const log = new DevboxLog(path, limit);
    await flood(log);
    const all = await messages(log);
    log.close();
    const notices = all.filter((message) => message.startsWith('The oldest '));
    assert.equal(notices.length, 1);
    assert.equal(all[0], notices[0]);
    const others = all.slice(1).filter((message) => !message.startsWith('"source"'));
    const lines = others.filter((message) => message.startsWith('lines'));
    assert.deepEqual(
      others.filter((message) => !message.startsWith('lines')),
      quiet
        .filter((source) => source !== 'entrypoint')
        .flatMap((source) => [0, 1, 2, 3, 4].map((at) => `${source} ${at}`)),
    );
    assert.ok(lines.length > 50 && lines.length < 400, String(lines.length));
    assert.deepEqual(lines.at(-1), 'lines 399');
    assert.equal(all.at(-1), '"source":"kmsg" 9999 entries were dropped: a log keeps');
    assert.ok(statSync(path).size <= limit);
  });

  it('drops the older half when it grows too long, says so, and keeps the numbers of what stays', async () => {
    const path = join(folder, 'long.jsonl');
    const limit = 200_000;
    const log = new DevboxLog(path, limit);
    const following: string[] = [];
    const stop = new AbortController();
    const follower = (async (): Promise<void> => {
      let next = 0;
      for await (const { first, count, bytes } of log.read(0, true, stop.signal)) {
        assert.ok(first >= next);
        next = first + count;
        following.push(...bytes.toString().trim().split('\n'));
      }
    })();
    for (let at = 0; at < 20_000; at += 1) {
      append(log, `entry ${at}`);
      if (at % 500 === 0) await new Promise(setImmediate);
    }
    assert.equal(log.count, 20_000);
    assert.ok(statSync(path).size <= limit, String(statSync(path).size));
    const [notice, ...rest] = await messages(log);
    const dropped = Number(/^The oldest (\d+) entries were dropped/.exec(notice ?? '')?.[1]);
    assert.equal(dropped + rest.length, 20_000);
    assert.deepEqual([rest[0], rest.at(-1)], [`entry ${dropped}`, 'entry 19999']);
    assert.deepEqual(await messages(log, 19_990), rest.slice(-10));
    log.close();
    await follower;
    assert.match(following.at(-1) ?? '', /entry 19999/);
    stop.abort();
    // After a restart it goes on where it was.
    const again = new DevboxLog(path, limit);
    append(again, 'later');
    assert.deepEqual((await messages(again)).slice(-2), ['entry 19999', 'later']);
    again.close();
  });

  it('sets aside what is no log and says so', async () => {
    const garbage = [
      ['bytes', Buffer.from([0, 1, 2, 10, 255, 254, 10])],
      ['half lines', Buffer.from('{"a":1}\nx"}\n')],
      ['control characters', Buffer.from('{"a":"\u0001"}\n')],
    ] as const;
    for (const [name, bytes] of garbage) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      const log = new DevboxLog(path);
      append(log, 'after');
      assert.match((await messages(log)).join('|'), /^What was here .* as .*damaged\.\|after$/, name);
      assert.deepEqual(readFileSync(`${path}.damaged`), bytes);
      log.close();
    }
    const place = join(folder, 'a folder');
    mkdirSync(place);
    const log = new DevboxLog(place);
    append(log, 'after');
    assert.match((await messages(log)).join('|'), /damaged\.\|after$/);
    log.close();
  });
});
