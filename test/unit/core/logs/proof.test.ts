import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { followEvents, readLog } from '../../../../src/core/logs/followDevbox';
import { RuntimeError } from '../../../../src/core/errors';
import type { LogEntry } from '../../../../src/core/platform/logEntry';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { countFaults } from '../../../platform/orderedFaults';
import { newDataDir } from '../../../platform/platformProcess';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';
import { seeded } from './cuttingProxy';

/** Lines of the proof, about 100 bytes each. `LOG_PROOF_LINES=1000000 npm run test:unit -- -g 'byte by byte'` runs all of it. */
const proofLines = Number(process.env['LOG_PROOF_LINES'] ?? 50_000);
/** Times that the platform runs; it is killed between them. */
const rounds = 5;
const roundLines = Math.ceil(proofLines / rounds);
/** Some of them may lie behind the place where the platform is killed. */
const cutsPerRound = 14;
const quick = { reconnectMs: [5, 50], pollMs: [20, 100] } as const;
const tail = '/v1/devboxes/{id}/logs/tail';

/** Writes the next part of the lines at each start of the devbox, then their sum, and tells that it has. */
const writer = `node -e '
  const fs = require("fs"); const hash = require("crypto").createHash("sha256");
  let round = 0; try { round = Number(fs.readFileSync("/workspace/round", "utf8")); } catch {}
  fs.writeFileSync("/workspace/round", String(round + 1));
  let n = round * ${roundLines}; const end = n + ${roundLines};
  const done = () => { fs.writeFileSync("/workspace/done", String(round)); if (round < ${rounds - 1}) setInterval(() => {}, 1e6); };
  const go = () => { for (;;) {
    if (n === end) { process.stdout.write("sum " + hash.digest("hex") + "\\n", done); return; }
    let part = ""; for (let i = 0; i < 1000 && n < end; i++, n++) part += (n + " ä€😀 " + "x".repeat(n % 160)).slice(0, 180) + "\\n";
    hash.update(part); if (!process.stdout.write(part)) { process.stdout.once("drain", go); return; } } };
  go();'`;

describe('the proof that following loses nothing', function () {
  this.timeout(600_000);
  const folders: string[] = [];
  let running: TestPlatform | undefined;
  after(async () => {
    await running?.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it('delivers byte by byte what was written, through 50 cuts at random places, refusals and a platform killed four times', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runloop-proof-'));
    folders.push(folder);
    const random = seeded(20261124);
    const dataDir = await newDataDir();
    const start = async (port: number): Promise<TestPlatform> => {
      const file = join(folder, 'faults.json');
      const cuts = Array.from({ length: cutsPerRound }, () => ({
        fault: 'half_stream',
        path: tail,
        events: Math.floor((random() * 1.6 * roundLines) / cutsPerRound),
        count: 1,
      }));
      const refusals = {
        fault: 'status',
        status: 429,
        retry_after_seconds: 0.01,
        path: tail,
        probability: 0.2,
        count: 5,
      };
      writeFileSync(file, JSON.stringify({ seed: Math.floor(random() * 1e9), rules: [refusals, ...cuts] }));
      return startPlatform(
        ['--port', String(port), '--api-key', 'ak_of_the_proof', '--faults', file, '--fault-control'],
        { dataDir },
      );
    };
    let platform = (running = await start(0));
    const { baseUrl, apiKey } = platform;
    const port = Number(new URL(baseUrl).port);
    const api = new RunloopApi({ apiKey, baseUrl });
    const { id } = await api.devboxes.create(
      { name: 'writer', entrypoint: writer },
      { requestId: crypto.randomUUID() },
    );

    const reader = new Reader();
    let [cuts, refusals, kills] = [0, 0, 0];
    const count = async (): Promise<void> => {
      for (const { fault, strikes } of await countFaults(platform)) {
        if (fault === 'status') refusals += strikes;
        else cuts += strikes;
      }
    };
    const restarting = (async () => {
      for (let round = 0; round < rounds - 1; round += 1) {
        while ((await doneRound(api, id)) !== round) await sleep(50);
        await api.devboxes.suspend(id);
        while ((await api.devboxes.retrieve(id)).status !== 'suspended') await sleep(20);
        await reader.stopAt(round * roundLines + Math.floor(random() * roundLines));
        await count();
        await platform.kill();
        kills += 1;
        platform = running = await start(port);
        reader.goOn();
        await api.devboxes.resume(id);
      }
    })();
    const sums: string[] = [];
    const written: string[] = [];
    const notices: string[] = [];
    let hash = createHash('sha256');
    for await (const event of followEvents(api, id, { signal: deadline(580_000), pace: quick })) {
      if (event.type === 'notice') {
        notices.push(event.notice.kind);
        continue;
      }
      for (const entry of event.lines.filter(isOutput)) {
        if (entry.text.startsWith('sum ')) {
          written.push(entry.text.slice(4));
          sums.push(hash.digest('hex'));
          hash = createHash('sha256');
          continue;
        }
        hash.update(`${entry.text}\n`);
        await reader.line();
      }
    }
    await restarting;
    await count();
    await platform.stop();
    running = undefined;
    assert.equal(reader.lines, roundLines * rounds);
    assert.deepEqual(sums, written);
    assert.equal(written.length, rounds);
    assert.deepEqual(
      notices.filter((kind) => !['interrupted', 'reconnected', 'suspended'].includes(kind)),
      [],
    );
    assert.equal(kills, rounds - 1);
    assert.ok(refusals > 0, 'no refusal');
    process.stderr.write(`      ${reader.lines} lines, ${cuts} cuts, ${refusals} refusals, ${kills} kills\n`);
    assert.ok(cuts >= 50, `only ${cuts} cuts`);
  });

  it('gives all that was kept of a devbox whose platform was killed while it wrote', async () => {
    const dataDir = await newDataDir();
    let platform = (running = await startPlatform(['--api-key', 'ak_of_the_proof'], { dataDir }));
    const { baseUrl, apiKey } = platform;
    const api = new RunloopApi({ apiKey, baseUrl });
    const { id } = await api.devboxes.create(
      { name: 'victim', entrypoint: 'i=0; while :; do i=$((i+1)); echo "line $i"; done' },
      { requestId: crypto.randomUUID() },
    );
    const texts: string[] = [];
    const notices: string[] = [];
    let restarted: Promise<void> | undefined;
    for await (const event of followEvents(api, id, { signal: deadline(60_000), pace: quick })) {
      if (event.type === 'notice') notices.push(event.notice.kind);
      else texts.push(...event.lines.map(({ text }) => text));
      if (texts.length > 5000) {
        restarted ??= (async () => {
          await platform.kill();
          platform = running = await startPlatform(['--port', new URL(baseUrl).port, '--api-key', 'ak_of_the_proof'], {
            dataDir,
          });
        })();
      }
    }
    await restarted;
    const kept: string[] = [];
    for await (const batch of readLog(api, id, deadline(60_000))) {
      kept.push(...batch.map(({ text }) => text));
    }
    assert.equal(texts.length, kept.length);
    assert.ok(texts.every((text, index) => text === kept[index]));
    assert.deepEqual([...new Set(notices)].sort(), ['interrupted', 'reconnected']);
    assert.equal((await api.devboxes.retrieve(id)).status, 'failure');
    await platform.stop();
    running = undefined;
  });
});

/** A reader that can be held up at a line, as one that is slow. */
class Reader {
  lines = 0;
  #stop = Infinity;
  #reached: () => void = () => undefined;
  #held: Promise<void> | undefined;
  #release: () => void = () => undefined;

  /** Comes back when the reader has come to this line or beyond, and keeps it there. */
  async stopAt(line: number): Promise<void> {
    this.#held = new Promise((resolve) => (this.#release = resolve));
    this.#stop = line;
    if (this.lines < line) await new Promise<void>((resolve) => (this.#reached = resolve));
  }

  goOn(): void {
    this.#stop = Infinity;
    this.#release();
  }

  async line(): Promise<void> {
    this.lines += 1;
    if (this.lines < this.#stop) return;
    this.#reached();
    await this.#held;
  }
}

async function doneRound(api: RunloopApi, id: string): Promise<number> {
  try {
    return Number(await api.files.read(id, '/workspace/done'));
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
    // Not there yet, or the devbox is not running yet.
    return -1;
  }
}

/** What the entrypoint itself printed. */
function isOutput(entry: LogEntry): boolean {
  return entry.source === 'entrypoint' && entry.exitCode === undefined;
}
