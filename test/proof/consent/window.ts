import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ConsentRule } from '../../../src/core/agents/consent';
import { asNumber, asObject, asString, parseJson } from '../../../src/core/parse';
import { outDir } from '../../vscode/projectPaths';
import type { Order, Press, Said, Shown } from './windowWords';

/** What became of what a window was told. */
export type Done = { readonly first: string | undefined } | { readonly failed: string } | 'died';

/** A process that is a window on an agent. */
export class Window {
  readonly who: string;
  shown: Shown = { state: 'starting', waiting: [] };
  readonly rules: ConsentRule[];
  /** What it could not do, in words. */
  readonly broken: string[] = [];
  isAlive = true;
  /** How often it told the agent something the short way. */
  short = 0;
  /** Whether what it was to start is under way. */
  isBegun = false;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, (done: Done) => void>();
  #count = 0;

  constructor(order: Order) {
    this.who = order.who;
    this.rules = [...order.rules];
    const program = join(outDir, 'proofConsentWindow.js');
    const child = spawn(process.execPath, ['--enable-source-maps', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    child.stdin.on('error', () => undefined); // It was killed.
    child.stdin.write(`${JSON.stringify(order)}\n`);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = asObject(parseJson(line));
      if (said !== undefined) this.#take(said as unknown as Said);
    });
    child.on('close', () => this.#died());
  }

  /** @returns what became of it */
  press(press: Press): Promise<Done> {
    return this.#tell({ press });
  }

  interrupt(): Promise<Done> {
    return this.#tell({});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
    this.#died();
  }

  #tell(what: { readonly press?: Press }): Promise<Done> {
    if (!this.isAlive) return Promise.resolve('died');
    const number = (this.#count += 1);
    const done = new Promise<Done>((resolve) => this.#open.set(number, resolve));
    this.#child.stdin?.write(`${JSON.stringify({ number, ...what })}\n`);
    return done;
  }

  #take(said: Said): void {
    if (!this.isAlive) return;
    if ('begun' in said) {
      this.isBegun = true;
    } else if ('shown' in said) {
      this.shown = said.shown;
    } else if ('rule' in said) {
      this.rules.push(said.rule);
    } else if ('short' in said) {
      this.short += 1;
    } else if ('broken' in said) {
      this.broken.push(said.broken);
    } else {
      const settle = this.#open.get(asNumber(said.done) ?? -1);
      this.#open.delete(said.done);
      settle?.('failed' in said ? { failed: said.failed } : { first: asString(said.first) });
    }
  }

  #died(): void {
    this.isAlive = false;
    for (const settle of this.#open.values()) settle('died');
    this.#open.clear();
  }
}
