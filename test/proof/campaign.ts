import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../src/core/errors';
import { asArray, asNumber, asObject, asString, parseJson } from '../../src/core/parse';
import { Dice } from './dice';

/** What runs add up: how often each thing came about. */
export type Counts = Readonly<Record<string, number>>;

/** What a run found wrong, with what came about all the same. */
export class Finding extends Error {
  override readonly name = 'Finding';

  constructor(
    message: string,
    readonly counts: Counts,
  ) {
    super(message);
  }
}

/** What all runs come to together. */
export interface Judgement {
  /** What the line at the end says of the counts. */
  readonly shown: Readonly<Record<string, number | string>>;
  /** What is wrong with the whole, though no run for itself was. */
  readonly faults: readonly string[];
}

/** A promise of the product that many runs try to break, in a folder of its own below `test/proof/`. */
export interface Campaign {
  /** One line that says what is tried, and what must hold. */
  readonly about: string;
  /** Runs if nothing else is said. */
  readonly runs: number;
  /** True if it wants a network of its own, with nothing but loopback, where the computer allows that. */
  readonly ownNetwork?: boolean;
  /**
   * Starts what all runs use.
   * @param setting the words that follow the campaign's name and options, and how many runs the whole has
   */
  begin(setting: { readonly words: readonly string[]; readonly runs: number; readonly print: Print }): Promise<Running>;
  /** Looks at what all runs added up, those before a break too. Without it the counts are shown as they are. */
  judge?(counts: Counts): Judgement;
}

/** A campaign that has begun. */
export interface Running {
  /**
   * One run. All that is left to chance is drawn from `dice`, so that a run can be repeated by its number alone.
   *
   * @returns what came about
   * @throws what was found wrong, as a {@link Finding} if there is something to count
   */
  run(dice: Dice, index: number): Promise<Counts>;
  end(): Promise<unknown>;
}

export type Print = (line: string) => void;

export interface CampaignOptions {
  readonly name: string;
  readonly seed: number;
  readonly runs: number;
  /** The number of the first run; 0 if nothing is said. A single run is repeated with `first` and `runs: 1`. */
  readonly first?: number;
  readonly words?: readonly string[];
  /** Where it is kept what has been done, so that a campaign that was broken off goes on; undefined: nowhere. */
  readonly stateFile?: string;
  readonly print: Print;
  /** Ends the campaign after the run under way. */
  readonly signal?: AbortSignal;
}

/** What has been done of a campaign. */
export interface Outcome {
  readonly done: number;
  readonly counts: Counts;
  readonly failures: readonly { readonly run: number; readonly message: string }[];
  readonly seconds: number;
  /** Of the whole; nothing while runs are missing. */
  readonly judgement?: Judgement;
}

const nothingDone: Outcome = { done: 0, counts: {}, failures: [], seconds: 0 };

/** Runs a campaign to its end, or on from where it was broken off. */
export async function runCampaign(campaign: Campaign, options: CampaignOptions): Promise<Outcome> {
  const { seed, runs, first = 0, stateFile, print } = options;
  let outcome = stateFile === undefined ? nothingDone : readState(stateFile);
  if (outcome.done > 0) print(`goes on with run ${first + outcome.done}`);
  const running = await campaign.begin({ words: options.words ?? [], runs, print });
  try {
    while (outcome.done < runs && options.signal?.aborted !== true) {
      const started = Date.now();
      const index = first + outcome.done;
      let { counts, failures } = outcome;
      try {
        counts = sum(counts, await running.run(new Dice(seed, index), index));
      } catch (error) {
        const message = messageOf(error);
        if (error instanceof Finding) counts = sum(counts, error.counts);
        failures = [...failures, { run: index, message }];
        print(`run ${index}: ${message}`);
      }
      const seconds = outcome.seconds + (Date.now() - started) / 1_000;
      outcome = { done: outcome.done + 1, counts, failures, seconds };
      if (stateFile !== undefined) writeState(stateFile, outcome);
    }
  } finally {
    await running.end();
  }
  if (outcome.done < runs) return outcome;
  if (stateFile !== undefined) rmSync(stateFile, { force: true });
  const judgement = campaign.judge?.(outcome.counts);
  judgement?.faults.forEach((fault) => print(fault));
  return judgement === undefined ? outcome : { ...outcome, judgement };
}

/** The one line that a campaign comes to. */
export function outcomeLine({ name, seed, runs }: CampaignOptions, outcome: Outcome): string {
  const { done, counts, failures, seconds, judgement } = outcome;
  const parts = Object.entries(judgement?.shown ?? counts)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, count]) => `${what} ${count}`);
  const wrong = judgement?.faults ?? [];
  const failed =
    failures.length === 0 ? 'none failed' : `${failures.length} FAILED (${failures.map(({ run }) => run).join(', ')})`;
  return `proof ${name}, seed ${seed}: ${done} of ${runs} runs, ${failed}${wrong.map((fault) => `; WRONG: ${fault}`).join('')}; ${parts.join(', ')}; ${Math.round(seconds)} s`;
}

/** Whether anything was found wrong. */
export function isBroken({ failures, judgement }: Outcome): boolean {
  return failures.length > 0 || (judgement?.faults.length ?? 0) > 0;
}

function sum(a: Counts, b: Counts): Counts {
  const all: Record<string, number> = { ...a };
  for (const [what, count] of Object.entries(b)) all[what] = (all[what] ?? 0) + count;
  return all;
}

function readState(file: string): Outcome {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return nothingDone; // Nothing was broken off.
  }
  const state = asObject(parseJson(text));
  return {
    done: asNumber(state?.['done']) ?? 0,
    seconds: asNumber(state?.['seconds']) ?? 0,
    counts: Object.fromEntries(
      Object.entries(asObject(state?.['counts']) ?? {}).flatMap(([what, count]) =>
        typeof count === 'number' ? [[what, count]] : [],
      ),
    ),
    failures: asArray(state?.['failures']).flatMap((entry) => {
      const run = asNumber(asObject(entry)?.['run']);
      const message = asString(asObject(entry)?.['message']);
      return run === undefined || message === undefined ? [] : [{ run, message }];
    }),
  };
}

function writeState(file: string, outcome: Outcome): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(outcome));
  renameSync(`${file}.new`, file);
}
