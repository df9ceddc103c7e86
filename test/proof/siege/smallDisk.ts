import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A small disk of its own, in a mount namespace that a process holds: it goes with that process, whatever else happens. */
export class SmallDisk {
  private constructor(
    /** Where it is, for programs that are started with `within`. */
    readonly path: string,
    private readonly holder: ChildProcess,
  ) {}

  /** Makes one. @throws Error where none may be mounted */
  static async make(size: string): Promise<SmallDisk> {
    const path = await mkdtemp(join(tmpdir(), 'runloop-disk-'));
    const script = `mount -t tmpfs -o size=${size} disk "$1" && echo mounted && exec cat`;
    const holder = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', path], { stdio: ['pipe', 'pipe', 'pipe'] });
    let words = '';
    holder.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    const mounted = await new Promise<boolean>((resolve) => {
      createInterface({ input: holder.stdout }).once('line', () => resolve(true));
      holder.once('exit', () => resolve(false)).once('error', () => resolve(false));
    });
    if (!mounted) {
      await rm(path, { recursive: true, force: true });
      throw new Error(`No small disk can be mounted: ${words}`);
    }
    return new SmallDisk(path, holder);
  }

  /** Words in front of a command that is to see the disk. */
  get within(): readonly string[] {
    return ['nsenter', `--mount=/proc/${this.holder.pid ?? 0}/ns/mnt`, '--'];
  }

  /** Fills it to the last byte, but for so many bytes. */
  async fill(spare: number): Promise<void> {
    const file = await open(this.#ballast, 'a');
    const block = Buffer.alloc(65_536);
    try {
      // A disk that is full takes a part of a block, and then nothing.
      for (let length = block.length; length > 0;) {
        try {
          await file.write(block, 0, length);
        } catch {
          length = length === 1 ? 0 : Math.ceil(length / 2);
        }
      }
      await file.truncate(Math.max(0, (await file.stat()).size - spare));
    } finally {
      await file.close();
    }
  }

  /** Gives the room back. */
  async free(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async remove(): Promise<void> {
    if (this.holder.exitCode === null && this.holder.signalCode === null) {
      const ended = once(this.holder, 'exit');
      this.holder.kill('SIGKILL');
      await ended;
    }
    await rm(this.path, { recursive: true, force: true });
  }

  get #ballast(): string {
    return `/proc/${this.holder.pid ?? 0}/root${this.path}/ballast`;
  }
}
