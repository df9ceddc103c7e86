import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentSpool } from '../../../src/core/agents/spool';
import type { RunloopApi } from '../../../src/core/platform/runloopApi';
import { startDelay, type Delay } from '../../bench/delay';
import type { TestPlatform } from '../../platform/testPlatform';
import { signal, type FilesDevbox } from '../../unit/core/files/useFiles';
import { Finding, type Counts } from '../campaign';
import type { Dice } from '../dice';
import type { Pressed, Process } from './judge';
import { judgeRun } from './judgeRun';
import { drawPlan, stepsOf } from './plan';
import { Window } from './window';

/** Milliseconds in which something must have come about. */
const limitMs = 120_000;
/** The most windows at once. */
const mostWindows = 3;

/** What all runs use. */
export interface ConsentContext {
  readonly platform: TestPlatform;
  readonly api: RunloopApi;
  readonly box: FilesDevbox;
  /** What starts the agent in the devbox. */
  readonly command: readonly string[];
}

/** One schedule, drawn while it goes on: what is done next hangs on what the windows show. */
export class ConsentRun {
  readonly #context: ConsentContext;
  readonly #dice: Dice;
  readonly #folder: string;
  readonly #cwd: string;
  readonly #sealKey = randomBytes(32);
  readonly #processes: Process[] = [];
  readonly #windows: Window[] = [];
  readonly #counts: Record<string, number> = {};
  /** What happened, in words. */
  readonly #schedule: string[] = [];
  readonly #pending = new Set<Promise<unknown>>();
  #way: Delay | undefined;
  /** Whether something happened by which a window may fail. */
  #isTroubled = false;

  constructor(context: ConsentContext, dice: Dice, index: number) {
    this.#context = context;
    this.#dice = dice;
    const name = `${index}-${randomUUID().slice(0, 8)}`;
    this.#folder = `/home/user/.runloop-agents/sessions/${name}`;
    this.#cwd = `/tmp/consent/${name}`;
  }

  async run(): Promise<Counts> {
    const { platform } = this.#context;
    this.#way = await startDelay(Number(new URL(platform.baseUrl).port), 0);
    try {
      await this.#awake();
      await this.#context.box.bash(`mkdir -p ${this.#cwd}`);
      await this.#begin();
      while (!this.#isOver()) await this.#act();
      await Promise.all(this.#pending);
      for (const window of this.#windows) window.kill();
      await this.#judge();
      await this.#leave();
      return this.#counts;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Finding(`${why}\n  schedule: ${this.#schedule.join('; ')}`, this.#counts);
    } finally {
      for (const window of this.#windows) window.kill();
      this.#way.close();
    }
  }

  async #leave(): Promise<void> {
    const { box } = this.#context;
    const of = { devboxId: box.id, commands: box.commands, sealKey: this.#sealKey };
    for (const { folder } of this.#processes) await new AgentSpool({ ...of, folder }).end(signal);
    // What watched for windows that were killed watches on for a while.
    await box.bash(
      `for one in /proc/[0-9]*; do [ "$(readlink $one/cwd)" != ~/.runloop-agents/sessions ] || kill -9 \${one#/proc/}; done 2>/dev/null
      rm -rf ${this.#cwd} ${this.#folder}*`,
    );
  }

  /** A run that failed may have left the devbox suspended. */
  async #awake(): Promise<void> {
    const { api, box } = this.#context;
    const { status } = await api.devboxes.retrieve(box.id);
    if (status === 'running') return;
    await api.devboxes.waitForStatus(box.id, ['suspended'], 30);
    await api.devboxes.resume(box.id);
    await api.devboxes.waitForStatus(box.id, ['running'], 30);
  }

  get #process(): Process {
    const process = this.#processes.at(-1);
    if (process === undefined) throw new Error('No agent was started.');
    return process;
  }

  get #living(): readonly Window[] {
    return this.#windows.filter(({ isAlive }) => isAlive);
  }

  /** Starts a process of the agent, by a window. */
  async #begin(): Promise<void> {
    const plan = drawPlan(this.#dice);
    const folder = `${this.#folder}-${this.#processes.length}`;
    this.#processes.push({ folder, plan, pressed: [], interrupted: new Set(), isWhole: true });
    this.#note(`agent with ${plan.map((group) => group.join(' & ')).join(', ')}`);
    const start = { command: this.#context.command, prompt: JSON.stringify(stepsOf(plan)) };
    const window = this.#open(start);
    await this.#until('the agent begins', () => window.isBegun);
    if (this.#dice.chance(0.5)) this.#open();
  }

  #open(start?: { readonly command: readonly string[]; readonly prompt: string }): Window {
    const { platform, box } = this.#context;
    const rules = [
      ...new Map(this.#windows.flatMap((one) => one.rules).map((one) => [JSON.stringify(one), one])).values(),
    ];
    const window = new Window({
      account: { apiKey: platform.apiKey, baseUrl: this.#way?.url ?? '' },
      devboxId: box.id,
      folder: this.#process.folder,
      cwd: this.#cwd,
      sealKey: this.#sealKey.toString('base64'),
      who: `w${this.#windows.length}`,
      isShort: this.#windows.length % 2 === 0,
      rules,
      ...(start !== undefined && { start }),
    });
    this.#windows.push(window);
    this.#note(`${window.who} opened`);
    return window;
  }

  #isOver(): boolean {
    return this.#living.some(({ isBegun, shown }) => isBegun && shown.state === 'done');
  }

  /** What a person does next, or what befalls him. */
  async #act(): Promise<void> {
    const dice = this.#dice;
    if (this.#living.length === 0) this.#open();
    await this.#until(
      'somebody is asked',
      () => this.#isOver() || this.#living.some(({ shown }) => shown.waiting.length > 0),
    );
    if (this.#isOver()) return;
    const window = dice.pick(this.#living.filter(({ shown }) => shown.waiting.length > 0));
    const drawn = dice.draw();
    if (drawn < 0.45) {
      await this.#press(window, dice.chance(0.6));
    } else if (drawn < 0.63) {
      await this.#pressInTwo(window);
    } else if (drawn < 0.74) {
      const pressed = this.#press(window, dice.chance(0.6));
      await this.#soon(80);
      this.#note(`${window.who} killed`, 'killed');
      window.kill();
      await pressed;
    } else if (drawn < 0.84) {
      const pressed = dice.chance(0.7) ? this.#press(window, dice.chance(0.6)) : Promise.resolve();
      await this.#soon(60);
      this.#note('cut', 'cut');
      this.#isTroubled = true;
      this.#way?.cut();
      await pressed;
    } else if (drawn < 0.9) {
      if (this.#living.length < mostWindows) this.#open();
    } else if (drawn < 0.95) {
      const pressed = dice.chance(0.5) ? this.#press(window, dice.chance(0.6)) : Promise.resolve();
      await this.#soon(60);
      await this.#interrupt(dice.pick(this.#living));
      await pressed;
    } else {
      await this.#suspend(window);
    }
  }

  /** Two windows answer the same, and not the same. */
  async #pressInTwo(window: Window): Promise<void> {
    const other = this.#living.find((one) => one !== window) ?? this.#open();
    const id = this.#dice.pick(window.shown.waiting).id;
    const shows = ({ shown }: Window): boolean => shown.waiting.some((one) => one.id === id);
    // It may have been answered just before, and be gone from the first window too.
    await this.#until('the other window shows it', () => shows(other) || !shows(window) || !other.isAlive);
    if (!shows(other)) return;
    this.#count('in two windows at once');
    const isYes = this.#dice.chance(0.5);
    const first = this.#press(window, isYes, id);
    await this.#soon(20);
    await Promise.all([first, this.#press(other, !isYes, id)]);
  }

  async #press(window: Window, isYes: boolean, id = this.#dice.pick(window.shown.waiting).id): Promise<void> {
    const isAlways = isYes && this.#dice.chance(0.25);
    const text = window.shown.waiting.find((one) => one.id === id)?.text;
    if (text === undefined) return;
    const means = isYes ? 'allow_once' : 'reject_once';
    const pressed: Pressed = { who: window.who, id, text, means, isAlways, done: 'died' };
    this.#process.pressed.push(pressed);
    const words = `${window.who} ${isAlways ? 'always' : isYes ? 'yes' : 'no'} to ${id} (${text})`;
    this.#note(words, isAlways ? 'always' : isYes ? 'yes' : 'no');
    pressed.done = await this.#during(words, window.press(pressed));
    if (pressed.done !== 'died' && 'first' in pressed.done && pressed.done.first !== undefined) this.#count('too late');
  }

  async #interrupt(window: Window): Promise<void> {
    this.#process.interrupted.add(window.who);
    this.#note(`${window.who} interrupts`, 'interrupted');
    await this.#during('interrupt', window.interrupt());
  }

  /** Whatever then is pressed in windows that show the earlier process reaches nobody. */
  async #suspend(window: Window): Promise<void> {
    const { api, box } = this.#context;
    this.#isTroubled = true;
    this.#process.isWhole = false;
    const [stale] = window.shown.waiting;
    const pressed = this.#dice.chance(0.5) ? this.#press(window, this.#dice.chance(0.6)) : Promise.resolve();
    await this.#soon(60);
    this.#note('suspended', 'suspended');
    await api.devboxes.suspend(box.id);
    await api.devboxes.waitForStatus(box.id, ['suspended'], 30);
    await api.devboxes.resume(box.id);
    await api.devboxes.waitForStatus(box.id, ['running'], 30);
    await pressed;
    await this.#until('windows know', () =>
      this.#living.every(({ shown }) => ['lost', 'failed', 'ended'].includes(shown.state)),
    );
    const asks = this.#living.find(({ shown }) => shown.waiting.length > 0);
    if (asks !== undefined) throw new Error(`${asks.who} shows requests of an agent that is gone`);
    const earlier = this.#process;
    const old = this.#living;
    await this.#begin();
    if (stale !== undefined && window.isAlive) {
      const means = 'allow_once';
      const late: Pressed = { who: window.who, id: stale.id, text: stale.text, means, isAlways: false, done: 'died' };
      this.#note(`${window.who} yes to ${stale.id} of the earlier process`, 'stale');
      late.done = await this.#during('a stale yes', window.press(late));
      if (late.done === 'died' || !('failed' in late.done)) earlier.pressed.push(late);
    }
    for (const one of old) one.kill();
  }

  async #judge(): Promise<void> {
    const counts = await judgeRun(this.#context.box, {
      cwd: this.#cwd,
      windows: this.#windows,
      processes: this.#processes,
      sealKey: this.#sealKey,
      isTroubled: this.#isTroubled,
    });
    for (const [what, times] of Object.entries(counts)) this.#count(what, times);
    this.#count(
      'told the short way',
      this.#windows.reduce((sum, { short }) => sum + short, 0),
    );
  }

  #note(words: string, counted?: string): void {
    this.#schedule.push(words);
    if (counted !== undefined) this.#count(counted);
  }

  #count(what: string, times = 1): void {
    if (times > 0) this.#counts[what] = (this.#counts[what] ?? 0) + times;
  }

  /** A moment, of random length. */
  #soon(mostMs: number): Promise<void> {
    return sleep(this.#dice.whole(0, mostMs));
  }

  async #during<T>(what: string, work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    let isDone = false;
    const done = work.finally(() => (isDone = true));
    await this.#until(what, () => isDone);
    return done;
  }

  async #until(what: string, isSo: () => boolean): Promise<void> {
    const end = performance.now() + limitMs;
    while (!isSo()) {
      if (performance.now() > end) {
        const shown = this.#windows.map((one) => [one.who, one.isAlive, one.shown, one.broken.slice(-3)]);
        throw new Error(`Not within ${limitMs / 1000} s: ${what}; ${JSON.stringify(shown)}`);
      }
      await sleep(10);
    }
  }
}
