import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../src/core/errors';
import { type Client, type TestPlatform, startPlatform } from '../../platform/testPlatform';
import { Finding, type Running, type Print } from '../campaign';
import type { Dice } from '../dice';
import { Besiegers } from './besiegers';
import { type Hostile, startHostile } from './hostileDevbox';
import { Workers } from './workers';

/** How many devboxes work beside the hostile ones. */
const workerCount = 10;

/** Attacks at once, which are a run. */
const attacksInRun = 20;

/** After so many runs the others work a while without any attack, to compare with. */
const runsBetweenRests = 25;

const restMs = 4_000;

/** Within which twenty attacks and a look at their devboxes must be over. */
const runLimitMs = 90_000;

/** Hostile devboxes beside such that work. */
export async function devboxSiege(print: Print): Promise<Running> {
  let siege = await Siege.lay();
  let runs = 0;
  return {
    run: async (dice) => {
      if (runs % runsBetweenRests === 0) await siege.rest();
      runs += 1;
      const fault = await siege.attack(dice);
      const { counts, lost } = siege.take();
      const faults = [...(fault === undefined ? [] : [fault]), ...lost];
      if (siege.hasEnded) {
        await siege.end();
        siege = await Siege.lay();
      }
      if (faults.length > 0) throw new Finding(faults.join('; '), counts);
      return counts;
    },
    end: async () => {
      await siege.end();
      print(siege.platform.stderr().split('\n').slice(-20).join('\n'));
    },
  };
}

/** A platform, ten devboxes that work, and two that mean ill. */
class Siege {
  #counts: Record<string, number> = {};
  readonly #hostile: Hostile[] = [];
  readonly #besiegers: Besiegers;
  #told = 0;
  #ended = false;

  private constructor(
    readonly platform: TestPlatform,
    private readonly client: Client,
    private readonly workers: Workers,
    private readonly policies: readonly (string | undefined)[],
  ) {
    this.#besiegers = new Besiegers(platform);
  }

  static async lay(): Promise<Siege> {
    const platform = await startPlatform([], { longLived: true });
    const client = platform.client();
    const policy = await client.networkPolicies.create({
      name: 'siege',
      allowed_hostnames: ['*.localhost'],
      allowed_cidrs: [{ cidr: '0.0.0.0/0' }],
    });
    const workers = await Workers.start(platform, client, workerCount);
    return new Siege(platform, client, workers, [undefined, policy.id]);
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Lets the others work alone for a while. */
  async rest(): Promise<void> {
    await this.#replaceEnded();
    await sleep(500);
    this.workers.phase = 'idle';
    await sleep(restMs);
    this.workers.phase = 'besieged';
  }

  /** Attacks, and gives what the platform did wrong. */
  async attack(dice: Dice): Promise<string | undefined> {
    this.workers.phase = 'besieged';
    await this.#replaceEnded();
    let late: string | undefined;
    try {
      const order = { attacks: attacksInRun, hostile: this.#hostile, dice };
      for (const [what, count] of Object.entries(await this.#besiegers.attack(order, runLimitMs))) {
        this.#count(what, count);
      }
    } catch (error) {
      late = messageOf(error);
    }
    return this.#mistake() ?? late;
  }

  /** What has come about since this was asked last. */
  take(): ReturnType<Workers['take']> {
    const { counts, lost } = this.workers.take();
    const all = { ...this.#counts, ...counts };
    this.#counts = { 'platform restarts': 0 };
    return { counts: all, lost };
  }

  async end(): Promise<void> {
    this.#besiegers.end();
    await this.workers.stop();
    await this.platform.stop();
  }

  #count(what: string, count = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + count;
  }

  /** Puts a new hostile devbox where one has ended, for whatever it did to itself. */
  async #replaceEnded(): Promise<void> {
    for (const [at, policy] of this.policies.entries()) {
      const there = this.#hostile[at];
      try {
        if (there !== undefined && (await this.client.devboxes.retrieve(there.id)).status === 'running') continue;
        this.#hostile[at] = await startHostile(this.platform, this.client, policy);
        if (there !== undefined) this.#count('hostile devboxes ended');
      } catch {
        // Seen by whoever looks whether the platform has ended.
      }
    }
  }

  /** Whether the platform has ended, or said since it was asked last that it made a mistake. */
  #mistake(): string | undefined {
    const { child } = this.platform;
    const said = this.platform.stderr();
    if (child.exitCode !== null || child.signalCode !== null) {
      if (!this.#ended) this.#count('platform restarts');
      this.#ended = true;
      return `the platform has ended: ${said.slice(-2_000)}`;
    }
    const mistakes = [...said.matchAll(/made a mistake.*(?:\n +at .*)*/g)];
    const [first] = mistakes.slice(this.#told);
    this.#told = mistakes.length;
    return first?.[0];
  }
}
