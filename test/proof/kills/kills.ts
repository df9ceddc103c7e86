import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { asObject, asString, parseJson } from '../../../src/core/parse';
import { hasEnded, type Devbox } from '../../../src/core/platform/devbox';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { StartNotes } from '../../../src/core/start/notes/startNotes';
import { unsettledStarts } from '../../../src/core/start/unsettledStarts';
import { orderFaults } from '../../platform/orderedFaults';
import { startPlatform, type TestPlatform } from '../../platform/testPlatform';
import { outDir } from '../../vscode/projectPaths';
import type { Campaign, Counts } from '../campaign';
import type { Dice } from '../dice';
import { drawTrouble, noDropping, type Trouble } from './trouble';

/** How a start ended, as its process told; undefined: it was killed before. */
interface Ending {
  readonly outcome: string;
  readonly id: string | undefined;
  readonly message: string;
}

/** One start: where it notes, and what is drawn for it. */
interface Run {
  readonly name: string;
  readonly notes: string;
  /** A file for each devbox whose start is complete, as the editor's memory of them. */
  readonly taken: string;
  readonly plain: boolean;
  /** The moment from which the kill and the cancel are counted. */
  readonly countedFrom: 'begins' | 'sent';
  readonly killAfterMs: number | undefined;
  readonly cancelAfterMs: number | undefined;
  readonly trouble: Trouble;
}

/** Milliseconds beyond a late create until it can be seen. */
const marginMs = 400;

/**
 * Starts in a process that is killed or cancelled at a random moment, among faults, on a platform that drops no repeated
 * request. Whatever then lives, somebody must know: the start said that it is ready, or the next window names it.
 */
export const killsCampaign: Campaign = {
  about:
    'kills: starts killed or cancelled at any moment leave no devbox that the next window does not name, and no double',
  runs: 200,
  async begin() {
    const platform = await startPlatform(['--fault-control']);
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    return {
      run: (dice, index) => oneRun(platform, api, dice, `kill-${index}`),
      end: () => platform.stop(),
    };
  },
};

async function oneRun(platform: TestPlatform, api: RunloopApi, dice: Dice, name: string): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'runloop-kills-'));
  const run: Run = {
    name,
    notes: join(folder, 'notes'),
    taken: join(folder, 'taken'),
    plain: dice.chance(0.75),
    countedFrom: dice.chance(0.3) ? 'begins' : 'sent',
    killAfterMs: dice.chance(0.75) ? dice.whole(0, 1_200) : undefined,
    cancelAfterMs: dice.chance(0.35) ? dice.whole(0, 1_200) : undefined,
    trouble: drawTrouble(dice),
  };
  mkdirSync(run.taken);
  try {
    await orderFaults(platform, ...run.trouble.rules);
    const ending = await startInProcess(platform, run);
    await orderFaults(platform, noDropping);
    return await judge(api, run, ending);
  } finally {
    await orderFaults(platform);
    for (const { id } of await livingOf(api, name)) await api.devboxes.shutdown(id);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lets a process start a devbox, and kills it when its time has come. */
async function startInProcess({ apiKey, baseUrl }: TestPlatform, run: Run): Promise<Ending | undefined> {
  const child = spawn(process.execPath, ['--enable-source-maps', join(outDir, 'proofStarter.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { name, notes, taken, plain, countedFrom, cancelAfterMs } = run;
  child.stdin.end(JSON.stringify({ apiKey, baseUrl, name, notes, taken, plain, countedFrom, cancelAfterMs }));
  let ending: Ending | undefined;
  let timer: NodeJS.Timeout | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = asObject(parseJson(line));
    const outcome = asString(said?.['outcome']);
    if (said?.['reached'] === countedFrom && run.killAfterMs !== undefined) {
      timer = setTimeout(() => child.kill('SIGKILL'), run.killAfterMs);
    }
    if (outcome !== undefined) {
      ending = { outcome, id: asString(said?.['id']), message: asString(said?.['message']) ?? '' };
    }
  });
  await once(child, 'close');
  clearTimeout(timer);
  return ending;
}

/** Looks as the next window does, and holds what lives against what is known of it. */
async function judge(api: RunloopApi, run: Run, ending: Ending | undefined): Promise<Counts> {
  const about = `${run.trouble.words.join(', ')}; ${ending === undefined ? 'killed' : `${ending.outcome}: ${ending.message}`}`;
  if (ending?.outcome === 'cancelled') {
    assert.deepEqual(
      await livingOf(api, run.name),
      [],
      `It said that it was cancelled, and something lives (${about})`,
    );
  }
  const named = new Map<string, Devbox>();
  const notes = new StartNotes({ folder: run.notes, onFailure: (error) => assert.fail(String(error)) });
  const awaited = await look(api, notes, named);
  await sleep(run.trouble.lateMs === 0 ? 0 : run.trouble.lateMs + marginMs);
  // What may still come is looked for again.
  if (awaited > 0) await look(api, notes, named);
  const known = new Set(readdirSync(run.taken));
  const living = await livingOf(api, run.name);
  const unknown = living.filter(({ id }) => !named.has(id) && !known.has(id));
  assert.deepEqual(unknown.map(idAndStatus), [], `Nobody knows of these (${about})`);
  if (ending?.outcome === 'ready') {
    assert.ok(
      living.some(({ id }) => id === ending.id),
      `It said that it was ready, and is not there (${about})`,
    );
  }
  if (run.trouble.lateMs === 0) {
    assert.ok(living.length <= 1, `One start has made several: ${living.map(idAndStatus).join(', ')} (${about})`);
  }
  return {
    [ending?.outcome ?? 'killed']: 1,
    ...(named.size > 0 ? { 'named by the next window': named.size } : {}),
    ...(living.length > 1 ? { 'late doubles, all named': 1 } : {}),
  };
}

/** One look of a window. @returns how many starts may still come to something */
async function look(api: RunloopApi, notes: StartNotes, named: Map<string, Devbox>): Promise<number> {
  const starts = await unsettledStarts(api, notes);
  for (const { kind, failure, devboxes } of starts) {
    assert.notEqual(kind, 'unknown', failure?.message);
    for (const devbox of devboxes) named.set(devbox.id, devbox);
  }
  return starts.filter(({ kind }) => kind === 'awaited').length;
}

async function livingOf(api: RunloopApi, name: string): Promise<readonly Devbox[]> {
  const living: Devbox[] = [];
  for await (const devbox of api.devboxes.list({ pageSize: 1_000 })) {
    if (devbox.name === name && !hasEnded(devbox.status)) living.push(devbox);
  }
  return living;
}

function idAndStatus({ id, status }: Devbox): string {
  return `${id} (${status})`;
}
