import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../../src/core/platform/runCommand';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { TerminalSession } from '../../../src/core/terminal/terminalSession';
import type { TerminalState } from '../../../src/core/terminal/terminalState';
import { eventually } from '../../eventually';
import { startDelay, type Delay } from '../../bench/delay';
import { startPlatform } from '../../platform/testPlatform';
import type { Campaign, Counts } from '../campaign';
import type { Dice } from '../dice';

/** Milliseconds within which a terminal is usable again. */
const backMs = 40_000;

interface Devbox {
  readonly api: RunloopApi;
  readonly id: string;
  readonly way: Delay;
}

/** A terminal, over reloads of its window. */
interface Shown {
  session: TerminalSession;
  text: string;
  states: TerminalState[];
}

/**
 * Terminals whose connections are cut, whose windows are reloaded, that a second window asks for, and whose devboxes are
 * suspended, at any moment and while keys are typed.
 */
export const cutsCampaign: Campaign = {
  about:
    'cuts: after cuts, reloads and second windows a terminal has the same shell, after a suspend it says that it has another; no key is sent twice',
  runs: 300,
  async begin() {
    const platform = await startPlatform([], { longLived: true });
    const way = await startDelay(Number(new URL(platform.baseUrl).port), 0);
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const { id } = await api.devboxes.create({ name: 'cuts' }, { requestId: randomUUID() });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    const through = new RunloopApi({ apiKey: platform.apiKey, baseUrl: way.url });
    return {
      run: (dice) => new Run({ api, id, way }, through, dice).run(),
      end: () => {
        way.close();
        return platform.stop();
      },
    };
  },
};

class Run {
  readonly #devbox: Devbox;
  readonly #through: RunloopApi;
  readonly #dice: Dice;
  readonly #name = `cuts-${randomUUID()}`;
  readonly #counts = { cuts: 0, reloads: 0, seconds: 0, suspends: 0, keys: 0, lost: 0 };
  readonly #sent: string[] = [];
  readonly #settled = new Map<string, string>();
  #shell: string | undefined;

  constructor(devbox: Devbox, through: RunloopApi, dice: Dice) {
    this.#devbox = devbox;
    this.#through = through;
    this.#dice = dice;
  }

  async run(): Promise<Counts> {
    const shown = this.#open(false);
    try {
      await this.#settle(shown);
      for (let left = this.#dice.whole(2, 5); left > 0; left -= 1) {
        // On their way when it happens, and perhaps lost.
        for (let keys = this.#dice.whole(0, 3); keys > 0; keys -= 1) this.#type(shown);
        if (this.#dice.chance(0.5)) await sleep(this.#dice.whole(0, 60));
        await this.#disturb(shown);
        await this.#settle(shown);
      }
      await this.#judge();
      await shown.session.end();
      return this.#counts;
    } finally {
      shown.session.dispose();
    }
  }

  async #disturb(shown: Shown): Promise<void> {
    const drawn = this.#dice.draw();
    if (drawn < 0.45) {
      this.#counts.cuts += 1;
      this.#devbox.way.cut();
      if (this.#dice.chance(0.3)) await sleep(this.#dice.whole(0, 400)).then(() => this.#devbox.way.cut());
    } else if (drawn < 0.75) {
      this.#counts.reloads += 1;
      shown.session.dispose();
      this.#open(true, shown);
    } else if (drawn < 0.92) {
      await this.#second();
    } else {
      await this.#suspend(shown);
    }
  }

  /** Another window asks for the same shell: it is told that it is taken, and takes nothing. */
  async #second(): Promise<void> {
    this.#counts.seconds += 1;
    const second = this.#open(true);
    try {
      await eventually(
        () => Promise.resolve(second.states.at(-1)?.kind ?? ''),
        (kind) => kind === 'taken' || kind === 'open',
        backMs,
      );
      if (second.states.at(-1)?.kind === 'open') throw new Error('two windows have one shell');
    } finally {
      second.session.dispose();
    }
  }

  async #suspend(shown: Shown): Promise<void> {
    this.#counts.suspends += 1;
    const { api, id } = this.#devbox;
    await api.devboxes.suspend(id);
    await api.devboxes.waitForStatus(id, ['suspended'], 30);
    await api.devboxes.resume(id);
    await api.devboxes.waitForStatus(id, ['running'], 30);
    shown.states.length = 0;
    shown.session.retry();
    this.#shell = undefined;
  }

  /** @param shown what becomes the terminal of another window */
  #open(isKnown: boolean, shown = {} as unknown as Shown): Shown {
    shown.text = '';
    shown.states = [];
    shown.session = new TerminalSession({
      api: this.#through,
      devboxId: this.#devbox.id,
      name: this.#name,
      isKnown,
      folder: undefined,
      tunnelUrlTemplate: undefined,
      ended: new AbortController().signal,
      onOutput: (text) => (shown.text += text),
      onState: (state) => shown.states.push(state),
      onFailure: () => undefined,
    });
    shown.session.start({ cols: 100, rows: 30 });
    return shown;
  }

  /** A line that notes the shell which runs it. */
  #type(shown: Shown): string | undefined {
    const key = `k${this.#sent.length}`;
    // First done, then shown: a suspend may come between the two.
    const line = `l="$$ ${key}""."; echo "$l" >>${this.#name} && echo "$l"\r`;
    if (!shown.session.write(line)) return undefined;
    this.#counts.keys += 1;
    this.#sent.push(key);
    return key;
  }

  /** Waits until the terminal works, and looks which shell it has. */
  async #settle(shown: Shown): Promise<void> {
    const end = Date.now() + backMs;
    for (;;) {
      const key = shown.states.at(-1)?.kind === 'open' ? this.#type(shown) : undefined;
      const from = Date.now();
      while (key !== undefined && Date.now() < from + 3_000) {
        const shell = new RegExp(`(\\d+) ${key}\\.\\r\\n`).exec(shown.text)?.[1];
        if (shell !== undefined) {
          this.#settled.set(key, shell);
          if (this.#shell !== undefined && shell !== this.#shell) throw new Error('it has another shell');
          this.#shell = shell;
          return;
        }
        await sleep(20);
      }
      if (Date.now() > end) {
        throw new Error(`not back: ${JSON.stringify([shown.states.slice(-5), shown.text.slice(-500)])}`);
      }
      await sleep(50);
    }
  }

  /** What the devbox has taken: no line twice, and all that were seen to be done. */
  async #judge(): Promise<void> {
    const { api, id } = this.#devbox;
    const { stdout } = await runCommand(api, id, `cat ${this.#name}; rm ${this.#name}`);
    const taken = [...stdout.matchAll(/^(\d+) (k\d+)\.$/gm)].map(([, shell = '', key = '']) => ({ shell, key }));
    const keys = taken.map(({ key }) => key);
    if (new Set(keys).size !== keys.length) throw new Error(`a key was sent twice: ${keys.join(' ')}`);
    for (const [key, shell] of this.#settled) {
      if (!taken.some((line) => line.key === key && line.shell === shell)) {
        throw new Error(`${key} was shown, not done`);
      }
    }
    this.#counts.lost = this.#sent.length - keys.length;
  }
}
