import { findProgram, systemPath } from '../../host/hostPrograms';
import { systemCalls } from '../../host/systemCalls';
import type { SandboxProcess } from '../sandbox';
import { type Held, spawnCommand } from '../spawnCommand';
import { type FileStep, moreOf } from './fileStep';
import { handScript } from './handScript';

/** How long something may go on in a sandbox that is to end, in milliseconds. */
const lastMoment = 200;

/** The sandbox that is reached into. */
export interface Reached {
  /** What makes a program count as the sandbox's. */
  readonly held: Held;
  /** The process that holds the outer user namespace, and the first one inside. */
  readonly outer: number;
  readonly first: number;
  /** What else than users is its own, as the kernel names it. */
  readonly spaces: readonly string[];
  /** Its processes may belong to several users. */
  readonly hasUsers: boolean;
}

/** Whether this computer can reach into a sandbox without a program of the sandbox's. */
export function hasHands(): boolean {
  return systemCalls !== undefined && findProgram('perl') !== undefined;
}

/** What reaches into one sandbox: it ends with the sandbox, although it is none of its processes. */
export class Hands {
  readonly #at = new Set<SandboxProcess>();

  /** Does something to a file with nothing but the computer's own programs; undefined where there is none for it. */
  start(step: FileStep, { held, outer, first, spaces, hasUsers }: Reached): SandboxProcess | undefined {
    const perl = findProgram('perl');
    if (perl === undefined || systemCalls === undefined) {
      return undefined;
    }
    const { name, uid, gid } = step.user;
    const who = hasUsers && uid !== 0 ? [name, String(uid), String(gid)] : ['', '0', '0'];
    const words = [String(systemCalls.setns), String(systemCalls.prctl), String(outer), String(first)];
    const hand = spawnCommand(
      [perl, '-e', handScript, '--', ...words, [...spaces, 'user'].join(), ...who].concat(
        [step.what, step.path],
        moreOf(step),
      ),
      {
        environment: { PATH: systemPath, LC_ALL: 'C' },
        cwd: '/',
        ...(step.input === undefined ? {} : { input: step.input }),
      },
      undefined,
      held,
    );
    this.#at.add(hand);
    void hand.exited.then(() => this.#at.delete(hand));
    return hand;
  }

  /** Ends all that is at work, but for what is just about to be done. */
  async end(): Promise<void> {
    const work = Promise.all([...this.#at].map(({ exited }) => exited));
    const timer = setTimeout(() => this.#at.forEach((hand) => hand.kill('SIGKILL', 'group')), lastMoment);
    await work;
    clearTimeout(timer);
  }
}
