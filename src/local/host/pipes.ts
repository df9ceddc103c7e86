import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fchmodSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SequentialQueue } from '../../ground/sequentialQueue';
import { requireProgram, systemPath } from './hostPrograms';
import { Starter } from './starter/starter';

/** A pipe of the kernel's: two descriptors, to be closed by whoever took it. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** How many pipes are made at once, so that commands that follow one another find some ready. */
const batch = 12;

/** Makes pipes as shells do, and holds them open until its input ends. */
const makerScript = String.raw`
for ((count = 0; count < $1; count += 1)); do exec {pipe}<> <(:); printf '%s ' "$pipe"; done
echo
read -r _
`;

/**
 * Pipes for the output of commands. Node gives its children pairs of sockets instead, which cannot be opened once more: in
 * them `echo x > /dev/stderr` fails. Node cannot make pipes itself, so a shell does, and they are opened by way of it.
 */
export class Pipes {
  /** Of programs that are started: a start holds this process until the program is there, long on a busy computer. */
  readonly starts = new SequentialQueue();
  /** What starts them without holding this process up, where it can be had. */
  readonly starter = new Starter();
  #ready: Pipe[] = [];
  #making: Promise<void> | undefined;

  /**
   * Takes some pipes.
   * @returns nothing where no pipes can be had, for want of descriptors or of /proc
   */
  async take(count: number): Promise<readonly Pipe[] | undefined> {
    for (let attempt = 0; attempt < 20 && this.#ready.length < count; attempt += 1) {
      await (this.#making ??= this.#make());
    }
    if (this.#ready.length < count) {
      return undefined;
    }
    return this.#take(count);
  }

  /** Takes some at once for {@link starter}; undefined where there is none, or not so many are ready. */
  takeReady(count: number): readonly Pipe[] | undefined {
    return this.starter.isReady && this.#ready.length >= count ? this.#take(count) : undefined;
  }

  #take(count: number): readonly Pipe[] {
    const taken = this.#ready.splice(0, count);
    if (this.#ready.length < batch / 2) {
      this.#making ??= this.#make();
    }
    return taken;
  }

  async #make(): Promise<void> {
    try {
      if (this.starter.isReady) {
        const ends = (await this.starter.makePipes(batch)) ?? [];
        try {
          this.#open(this.starter.pid ?? 0, ends);
        } finally {
          this.starter.closePipes(ends);
        }
        return;
      }
      await this.starts.next();
      const maker = spawn(requireProgram('bash'), ['--norc', '-c', makerScript, 'pipes', String(batch)], {
        cwd: '/',
        env: { PATH: systemPath, LC_ALL: 'C' },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      const ended = once(maker, 'exit');
      // Met below: until then it is nobody's.
      ended.catch(() => undefined);
      try {
        this.#open(maker.pid ?? 0, await endsOf(maker));
      } finally {
        maker.stdin.end();
      }
      await ended;
    } catch {
      // There are none now: whoever needs them does without, or tries again.
    } finally {
      this.#making = undefined;
    }
  }

  /** Opens what another process has open by these numbers, by turns to read and to write. */
  #open(pid: number, ends: readonly string[]): void {
    const paths = ends.map((end) => `/proc/${pid}/fd/${end}`);
    while (paths.length > 1) {
      const [from = '', to = ''] = paths.splice(0, 2);
      const read = openSync(from, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const write = openSync(to, constants.O_WRONLY);
        // Every user of the devbox may open its own output once more.
        fchmodSync(write, 0o666);
        this.#ready.push({ read, write });
      } catch (error) {
        closeSync(read);
        throw error;
      }
    }
  }
}

/** Closes both ends of pipes that were not used. */
export function closePipes(pipes: readonly Pipe[]): void {
  pipes.forEach(({ read, write }) => {
    closeSync(read);
    closeSync(write);
  });
}

/** The numbers that the shell says it has its pipes open by, each twice, as they are for both. */
async function endsOf({ stdout }: ChildProcess): Promise<readonly string[]> {
  if (stdout === null) {
    return [];
  }
  const lines = createInterface({ input: stdout });
  const line = new Promise<string>((resolve) => {
    lines.once('line', resolve).once('close', () => resolve(''));
  });
  return (await line)
    .split(' ')
    .filter((number) => number !== '')
    .flatMap((number) => [number, number]);
}
