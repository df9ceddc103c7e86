import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { followDevbox, followEvents, readLog, type FollowEvent } from '../../../../src/core/logs/followDevbox';
import { FollowPosition } from '../../../../src/core/logs/followPosition';
import type { LogEntry } from '../../../../src/core/platform/logEntry';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { usePlatform } from '../../../platform/usePlatform';
import { seeded, startCuttingProxy } from './cuttingProxy';

/** Lines that go through connections which are cut in the middle of a compressed block; more in proof.test.ts. */
const proofLines = Number(process.env['LOG_PROOF_LINES'] ?? 100_000);
const quick = { reconnectMs: [5, 50], pollMs: [20, 100] } as const;

describe('following a log', function () {
  this.timeout(300_000);
  const on = usePlatform();

  async function devboxThat(entrypoint: string): Promise<string> {
    const { id } = await on.api.devboxes.create({ name: 'writer', entrypoint }, { requestId: crypto.randomUUID() });
    return id;
  }

  async function textsOf(id: string, from: RunloopApi = on.api): Promise<string[]> {
    const texts: string[] = [];
    const options = { signal: deadline(200_000), pace: quick };
    for await (const entry of followDevbox(from, id, options)) if (isOutput(entry)) texts.push(entry.text);
    return texts;
  }

  it('delivers exactly what was written, through 50 cuts at random places and refusals', async () => {
    // The writer hashes what it writes; its last line tells the sum.
    const id = await devboxThat(`node -e '
      const hash = require("crypto").createHash("sha256"); let n = 0;
      const go = () => { for (;;) {
        if (n === ${proofLines}) { process.stdout.write("sum " + hash.digest("hex") + "\\n"); return; }
        let part = ""; for (let i = 0; i < 1000 && n < ${proofLines}; i++, n++) part += (n + " ä€😀 " + "x".repeat(n % 160)).slice(0, 120).trimEnd() + "\\n";
        hash.update(part); if (!process.stdout.write(part)) { process.stdout.once("drain", go); return; } } };
      go();'`);
    const random = seeded(20261124);
    let planned = 50;
    const every = proofLines * 6; // Compressed, a line is about a dozen bytes.
    const proxy = await startCuttingProxy(on.platform.baseUrl, {
      cutAfter: () => (planned-- > 0 ? Math.floor(random() * (every / 50)) + 1 : undefined),
      refuse: () => random() < 0.1,
    });
    const hash = createHash('sha256');
    let lines = 0;
    let sum = '';
    const gaps: FollowEvent[] = [];
    const cutApi = new RunloopApi({ apiKey: on.platform.apiKey, baseUrl: proxy.url });
    for await (const event of followEvents(cutApi, id, { signal: deadline(280_000), pace: quick })) {
      if (event.type === 'notice') {
        if (event.notice.kind !== 'interrupted' && event.notice.kind !== 'reconnected') gaps.push(event);
        continue;
      }
      for (const entry of event.lines) {
        if (!isOutput(entry)) continue;
        if (entry.text.startsWith('sum ')) {
          sum = entry.text.slice(4);
        } else {
          hash.update(`${entry.text}\n`);
          lines += 1;
        }
      }
    }
    const [cuts, refusals] = [proxy.cuts(), proxy.refusals()];
    await proxy.close();
    assert.deepEqual(gaps, []);
    assert.equal(lines, proofLines);
    assert.equal(hash.digest('hex'), sum);
    assert.ok(cuts >= 40, `only ${cuts} cuts`);
    assert.ok(refusals > 0, 'no refusal');
  });

  it('keeps split characters, endless lines, bursts, CRLF, NUL and a last line without end', async () => {
    const id = await devboxThat(`node -e '
      const w = (b) => new Promise((r) => process.stdout.write(b, r));
      const wait = () => new Promise((r) => setTimeout(r, 30));
      (async () => {
        const smile = Buffer.from("split 😀 here\\n");
        for (const byte of smile) { await w(Buffer.from([byte])); await wait(); }
        await w("L" + "o".repeat(1024 * 1024) + "ng\\n");
        await w("crlf\\r\\nnul \\0 end\\n");
        await w(Array.from({ length: 10000 }, (_, i) => "burst " + i + "\\n").join(""));
        await w("no end");
      })()'`);
    const texts = await textsOf(id);
    const expected = [
      'split 😀 here',
      `L${'o'.repeat(1024 * 1024)}ng`,
      'crlf\r',
      'nul \0 end',
      ...Array.from({ length: 10_000 }, (_, index) => `burst ${index}`),
      'no end',
    ];
    assert.equal(texts.length, expected.length);
    assert.ok(texts.every((text, index) => text === expected[index]));
    const listed: string[] = [];
    for await (const batch of readLog(on.api, id, deadline(60_000))) {
      listed.push(...batch.filter(isOutput).map(({ text }) => text));
    }
    assert.deepEqual(listed, texts);
  });

  it('goes on where an earlier follow stopped, and fetches nothing twice', async () => {
    const id = await devboxThat('seq 1 3000; sleep 1; seq 3001 3100; sleep 30');
    const position = new FollowPosition();
    const texts: string[] = [];
    let bytes = 0;
    for (const until of ['3000', '3100']) {
      const stop = new AbortController();
      bytes = 0;
      const options = { signal: stop.signal, position, pace: quick, onBytes: (count: number) => (bytes += count) };
      for await (const event of followEvents(on.api, id, options)) {
        if (event.type === 'lines') texts.push(...event.lines.filter(isOutput).map(({ text }) => text));
        if (texts.includes(until)) break;
      }
      stop.abort();
    }
    assert.deepEqual(
      texts,
      Array.from({ length: 3100 }, (_, index) => String(index + 1)),
    );
    assert.ok(bytes < 5_000, `${bytes} bytes for 100 lines`);
    await on.api.devboxes.shutdown(id);
  });

  it('keeps no devbox awake', async () => {
    const { id } = await on.api.devboxes.create(
      {
        name: 'idle',
        entrypoint: 'while echo tick; do sleep 0.2; done',
        launch_parameters: { after_idle: { idle_time_seconds: 2, on_idle: 'shutdown' } },
      } as never,
      { requestId: crypto.randomUUID() },
    );
    await textsOf(id);
    assert.equal((await on.api.devboxes.retrieve(id)).shutdownReason, 'idle');
  });

  it('polls a platform without a stream, and takes only what is new', async () => {
    const id = await devboxThat('for i in $(seq 1 40); do echo line $i; sleep 0.02; done');
    const proxy = await startCuttingProxy(on.platform.baseUrl, { hide: '/logs/tail' });
    const texts = await textsOf(id, new RunloopApi({ apiKey: on.platform.apiKey, baseUrl: proxy.url }));
    assert.deepEqual(
      texts,
      Array.from({ length: 40 }, (_, index) => `line ${index + 1}`),
    );
    await proxy.close();
  });

  it('says so where the platform is gone or the devbox unknown', async () => {
    await assert.rejects(async () => {
      for await (const entry of followDevbox(on.api, 'dbx_unknown', { signal: deadline(10_000) })) {
        assert.fail(entry.text);
      }
    }, /404|no devbox/);
  });
});

/** What the entrypoint itself printed. */
function isOutput(entry: LogEntry): boolean {
  return entry.source === 'entrypoint' && entry.exitCode === undefined;
}
