import { AsyncResource } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { DevboxError } from '../../errors';
import { findProgram, systemPath } from '../hostPrograms';
import { spareKeyring } from '../hostSide';
import { startProgram } from '../startProgram';
import { systemCalls } from '../systemCalls';
import type { End, StartedProcess } from './startedProcess';
import { starterScript } from './starterScript';

/** What a program is held to before it begins. */
export interface Hold {
  /** Files of control groups that it is written into. */
  readonly groups: readonly string[];
  /** What each of its processes may use, by the kernel's number. */
  readonly limits: readonly (readonly [kind: number, most: number])[];
}

/** A start that has not ended. */
interface Pending extends StartedProcess {
  pid: number | undefined;
  hasEnded: boolean;
  readonly files: readonly number[];
  readonly settle: (end: End) => void;
}

/** The small program that starts others; begun with the first start, and once more if it should have ended. */
export class Starter {
  readonly #pending = new Map<string, Pending>();
  readonly #pipes: ((ends: readonly string[] | undefined) => void)[] = [];
  // Whatever goes wrong in it is no devbox's mistake, whoever it was begun for.
  readonly #own = new AsyncResource('Starter');
  #child: ChildProcess | undefined;
  #count = 0;
  #isReady = false;

  /** Whether programs can be started by it. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Its process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Begins it where Perl and the kernel are such that it works. */
  async open(): Promise<void> {
    if (systemCalls?.prlimit !== undefined && findProgram('perl') !== undefined) {
      this.#isReady = (await this.makePipes(0)) !== undefined;
      if (this.#child !== undefined) letGo(this.#child);
    }
  }

  /**
   * Starts a program in a session of its own.
   * @param files descriptors of this process that become its output, its error output and, if there are three, its input; they are
   * closed as soon as it has them
   * @throws DevboxError `invalid` for words that no program can be given
   */
  start(
    words: readonly string[],
    environment: Readonly<Record<string, string>>,
    files: readonly number[],
    { groups, limits }: Hold,
  ): StartedProcess {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    if ([...words, ...variables].some((word) => word.includes('\0'))) {
      throw new DevboxError('invalid', 'A word or variable must not contain a NUL character.');
    }
    const id = String((this.#count += 1));
    let settle: Pending['settle'] = () => undefined;
    const exited = new Promise<End>((resolve) => (settle = resolve));
    const pending: Pending = { pid: undefined, hasEnded: false, exited, files, settle };
    this.#pending.set(id, pending);
    const [output, errorOutput, input] = files.map((file) => `/proc/${process.pid}/fd/${file}`);
    const lists = [groups, limits.flat().map(String), words].flatMap((list) => [String(list.length), ...list]);
    this.#order('start', id, input ?? '/dev/null', output ?? '', errorOutput ?? '', ...lists, ...variables);
    return pending;
  }

  /** Makes pipes; gives the numbers of their ends in its process, by turns to read and to write, or nothing if it has ended. */
  makePipes(count: number): Promise<readonly string[] | undefined> {
    this.#order('pipes', String(count));
    return new Promise((resolve) => this.#pipes.push(resolve));
  }

  /** Closes its own ends of pipes. */
  closePipes(ends: readonly string[]): void {
    this.#order('close', ...ends);
  }

  #order(...words: readonly string[]): void {
    const order = Buffer.from(words.join('\0'));
    const head = Buffer.alloc(4);
    head.writeUInt32BE(order.length);
    this.#child ??= this.#own.runInAsyncScope(() => this.#begin());
    this.#child.stdin?.write(Buffer.concat([head, order]));
  }

  #begin(): ChildProcess {
    const { keyctl = 0, prlimit = 0, schedule = 0 } = systemCalls ?? {};
    const words = ['-e', starterScript, String(keyctl), String(prlimit), spareKeyring, String(schedule)];
    const child = startProgram(findProgram('perl') ?? 'perl', words, {
      env: { PATH: systemPath, LC_ALL: 'C' },
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const over = (): void => this.#over(child);
    child.once('exit', over).once('error', over);
    child.stdin?.on('error', () => child.kill('SIGKILL'));
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    if (this.#isReady) letGo(child);
    return child;
  }

  #take(line: string): void {
    const [what, id = '', ...more] = line.split(' ');
    const pending = this.#pending.get(id);
    if (what === 'pipes') {
      this.#pipes.shift()?.(id === '' ? [] : [id, ...more]);
    } else if (pending === undefined) {
      return;
    } else if (what === 'started') {
      pending.pid = Number(more[0]);
      pending.files.forEach((file) => closeSync(file));
    } else if (what === 'ended') {
      pending.hasEnded = true;
      this.#order('reap', id);
    } else {
      this.#settle(id, pending, what === 'exited' ? { code: Number(more[0]) } : { refused: more.join(' ') });
    }
  }

  #settle(id: string, pending: Pending, end: End): void {
    this.#pending.delete(id);
    pending.hasEnded = true;
    if (pending.pid === undefined) pending.files.forEach((file) => closeSync(file));
    pending.settle(end);
  }

  /** Nobody tells any more how those end that it has started. */
  #over(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const resolve of this.#pipes.splice(0)) resolve(undefined);
    for (const [id, pending] of [...this.#pending]) {
      const end: End =
        pending.pid === undefined ? { refused: 'what starts programs ended' } : { code: 137, isLost: true };
      this.#settle(id, pending, end);
    }
  }
}

/** It is nobody's reason to go on. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
}
