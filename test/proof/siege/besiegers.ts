import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { asObject } from '../../../src/core/parse';
import type { PlatformAccount } from '../../platform/platformProcess';
import { outDir } from '../../vscode/projectPaths';
import type { Counts } from '../campaign';
import type { Dice } from '../dice';
import type { Hostile } from './hostileDevbox';

/** The process of the hostile side, which is started once more whenever it had to be ended. */
export class Besiegers {
  readonly #account: PlatformAccount;
  #child: ChildProcess | undefined;

  constructor({ baseUrl, apiKey }: PlatformAccount) {
    this.#account = { baseUrl, apiKey };
  }

  /**
   * Attacks so many times at once.
   * @returns how often it did what
   * @throws Error when the attacks have no end in time, or their process has ended
   */
  attack(
    { attacks, hostile, dice }: { readonly attacks: number; readonly hostile: readonly Hostile[]; readonly dice: Dice },
    limitMs: number,
  ): Promise<Counts> {
    const child = (this.#child ??= fork(join(outDir, 'proofBesieger.js')).on('error', () => undefined));
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(late);
        child.removeAllListeners('message').removeAllListeners('exit');
      };
      const fail = (why: string): void => {
        over();
        this.end();
        reject(new Error(why));
      };
      const late = setTimeout(() => fail('an attack has no end'), limitMs);
      child.once('exit', (code) => fail(`the process of the attacks has ended with ${code ?? 'a signal'}`));
      child.once('message', (message) => {
        over();
        const counted = Object.entries(asObject(message) ?? {});
        resolve(
          Object.fromEntries(counted.flatMap(([what, count]) => (typeof count === 'number' ? [[what, count]] : []))),
        );
      });
      child.send({ ...this.#account, attacks, hostile, dice: dice.key });
    });
  }

  end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
