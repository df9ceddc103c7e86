import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'mocha';
import { deadline } from '../../../../../src/ground/deadline';
import { LineSearcher, TooSlow } from '../../../../../src/core/logs/search/lineSearcher';
import { patternOf, type LogPattern, type LogQuery } from '../../../../../src/core/logs/search/logQuery';
import {
  excerpt,
  mostMatches,
  searchLogs,
  type LogMatch,
  type LogSearchEvent,
} from '../../../../../src/core/logs/search/searchLogs';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { usePlatform } from '../../../../platform/usePlatform';
import { startCuttingProxy } from '../cuttingProxy';

const thread = resolve('dist/searchThread.mjs');

function pattern(text: string, options: Partial<LogQuery> = {}): LogPattern {
  const found = patternOf({ text, isRegExp: false, matchCase: false, ...options });
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('a query', () => {
  it('takes a text as it is, and a regular expression as one', () => {
    assert.deepEqual(pattern('a.b(c'), { source: 'a\\.b\\(c', flags: 'iu' });
    assert.deepEqual(pattern('a.b', { isRegExp: true, matchCase: true }), { source: 'a.b', flags: 'u' });
    // Not allowed with "u", but common.
    assert.deepEqual(pattern('a\\-b', { isRegExp: true }), { source: 'a\\-b', flags: 'i' });
    assert.throws(() => pattern('(', { isRegExp: true }), /Unterminated group/);
  });

  it('shows of a long line what is around the match', () => {
    const line = `${'a'.repeat(5_000)}needle${'b'.repeat(5_000)}`;
    const shown = excerpt(line, 5_000, 5_006);
    assert.ok(shown.text.length < 500);
    assert.equal(shown.text.slice(shown.start, shown.end), 'needle');
    assert.deepEqual(excerpt('short', 1, 2), { text: 'short', start: 1, end: 2 });
    const atEnd = excerpt(`${'a'.repeat(500)}end`, 500, 503);
    assert.equal(atEnd.text.slice(atEnd.start, atEnd.end), 'end');
  });
});

describe('searching lines in a thread', () => {
  it('finds lines, each once, with the place', async () => {
    const searcher = new LineSearcher(thread, pattern('b'));
    assert.deepEqual(await searcher.find(['abab', 'none', 'B']), [
      { index: 0, start: 1, end: 2 },
      { index: 2, start: 0, end: 1 },
    ]);
    searcher.close();
  });

  it('ends an expression that takes for ever, names the line, and searches on afterwards', async () => {
    const searcher = new LineSearcher(thread, pattern('^(a+)+$', { isRegExp: true }), 1_000);
    const slow = searcher.find(['fine', `${'a'.repeat(60)}!`]);
    const behind = searcher.find(['aaa']);
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 10);
    await assert.rejects(slow, (error) => error instanceof TooSlow && error.index === 1);
    clearInterval(timer);
    assert.ok(turns > 10, 'this thread was blocked');
    assert.equal((await behind).length, 1);
    searcher.close();
    await assert.rejects(searcher.find(['x']), /Cancelled/);
  });

  it('can be closed in the middle of a search', async () => {
    const searcher = new LineSearcher(thread, pattern('^(a+)+$', { isRegExp: true }));
    const slow = searcher.find([`${'a'.repeat(60)}!`]);
    setTimeout(() => searcher.close(), 100);
    await assert.rejects(slow, /Cancelled/);
  });
});

describe('searching logs', function () {
  this.timeout(120_000);
  const on = usePlatform();

  async function ended(entrypoint: string): Promise<string> {
    const { id } = await on.api.devboxes.create({ name: 'writer', entrypoint }, { requestId: crypto.randomUUID() });
    for (;;) {
      const devbox = await on.api.devboxes.waitForStatus(id, ['shutdown', 'failure'], 20);
      if (devbox !== undefined) return id;
    }
  }

  async function search(
    ids: readonly string[],
    query: LogPattern,
    from = on.api,
    signal = deadline(50_000),
    limitMs = 30_000,
  ): Promise<LogSearchEvent[]> {
    const events: LogSearchEvent[] = [];
    const searcher = new LineSearcher(thread, query, limitMs);
    const secretsOf = (): Promise<string[]> => Promise.resolve(['hunter2-secret']);
    await searchLogs(from, ids, { searcher, signal, secretsOf, onEvent: (event) => events.push(event) });
    searcher.close();
    return events;
  }
  const matchesOf = (events: readonly LogSearchEvent[], id: string): LogMatch[] =>
    events.flatMap((event) => (event.type === 'matches' && event.devboxId === id ? event.matches : []));

  it('finds lines of several ended devboxes, with their places, redacted', async () => {
    const [one, two] = await Promise.all([
      ended('seq 1 5000; echo "the needle is here"; seq 1 10; echo the NEEDLE with hunter2-secret'),
      ended('echo hay'),
    ]);
    const events = await search([one, two], pattern('needle'));
    const matches = matchesOf(events, one);
    assert.equal(matches.length, 2);
    assert.match(
      matches[0]!.text,
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[info\] \[entrypoint\] the needle is here$/,
    );
    assert.equal(matches[0]!.text.slice(matches[0]!.start, matches[0]!.end), 'needle');
    assert.equal(matches[1]!.line, matches[0]!.line + 11);
    assert.ok(matches[1]!.text.endsWith('the NEEDLE with [removed]'));
    assert.deepEqual(matchesOf(events, two), []);
    const done = events.filter(({ type }) => type === 'done');
    assert.deepEqual(done.map((event) => [event.devboxId === one, event.type === 'done' && event.isLimited]).sort(), [
      [false, false],
      [true, false],
    ]);
    // Nobody can find out a secret by searching for it.
    assert.deepEqual(matchesOf(await search([one], pattern('hunter2')), one), []);
  });

  it('reads five logs at a time, stops at many matches, and tells of a devbox that is not there', async () => {
    const many = await ended(`seq 1 ${mostMatches * 5}`);
    const ids = [many, ...Array.from({ length: 8 }, () => many), 'dbx_unknown'];
    const events = await search(ids, pattern('\\d$', { isRegExp: true }));
    let [reading, most] = [0, 0];
    for (const { type } of events) {
      if (type === 'reading') reading += 1;
      if (type === 'done' || type === 'failed') reading -= 1;
      most = Math.max(most, reading);
    }
    assert.equal(most, 5);
    assert.equal(matchesOf(events, many).length, mostMatches * 9);
    const done = events.flatMap((event) => (event.type === 'done' ? [event.isLimited] : []));
    assert.deepEqual(
      done,
      Array.from({ length: 9 }, () => true),
    );
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'failed' ? [event.devboxId] : [])),
      ['dbx_unknown'],
    );
  });

  it('goes on after a cut without finding anything twice', async () => {
    const id = await ended('seq 1 60000');
    let cuts = 2;
    const proxy = await startCuttingProxy(on.platform.baseUrl, { cutAfter: () => (cuts-- > 0 ? 60_000 : undefined) });
    const events = await search(
      [id],
      pattern('[05]00$', { isRegExp: true }),
      new RunloopApi({ apiKey: on.platform.apiKey, baseUrl: proxy.url }),
    );
    assert.equal(proxy.cuts(), 2);
    await proxy.close();
    const found = matchesOf(events, id).map(({ text }) => Number(text.split(' ').at(-1)));
    assert.equal(found.join(), Array.from({ length: 120 }, (_, n) => (n + 1) * 500).join());
  });

  it('can be cancelled in the middle of a slow expression', async () => {
    const id = await ended(`echo ok; echo ${'a'.repeat(60)}!`);
    const stop = new AbortController();
    const searching = search([id], pattern('(a+)+$', { isRegExp: true }), on.api, stop.signal);
    setTimeout(() => stop.abort(), 200);
    assert.deepEqual(
      (await searching).map(({ type }) => type),
      ['reading'],
    );
  });

  it('says on which line an expression is too slow, and searches the other logs', async () => {
    const [slow, fine] = await Promise.all([ended(`echo ok; echo ${'a'.repeat(60)}!`), ended('echo aaa')]);
    const events = await search([slow, fine], pattern('(a+)+$', { isRegExp: true }), on.api, deadline(50_000), 1_000);
    const stuck = events.find((event) => event.type === 'tooSlow');
    assert.equal(stuck?.devboxId, slow);
    assert.ok(matchesOf(events, fine).some(({ text }) => text.endsWith('aaa')));
  });
});
