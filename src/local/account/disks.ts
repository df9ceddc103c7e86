import { execFile } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DevboxError } from '../errors';
import { dieWithParent, requireProgram, systemPath } from '../host/hostPrograms';
import type { Trash } from '../store/trash';
import { ClosedCopy } from './closedCopy';

const run = promisify(execFile);

/** A copy that is being made carries this behind its name, so that a killed platform leaves nothing that looks whole. */
const unfinished = '.part';

/** Kept disks, one folder each: of snapshots, or of blueprints. */
export class Disks {
  readonly #folder: string;
  readonly #closedCopy = new ClosedCopy();
  readonly #readers = new Map<string, Set<Promise<unknown>>>();

  readonly #trash: Trash;

  /** @param folder absolute */
  constructor(folder: string, trash: Trash) {
    this.#folder = folder;
    this.#trash = trash;
  }

  /** True if there is a kept disk of this name. */
  has(id: string): boolean {
    return lstatSync(join(this.#folder, id), { throwIfNoEntry: false })?.isDirectory() === true;
  }

  /** Keeps a copy of a disk. The copy appears when it is whole. */
  async keep(id: string, disk: string, signal: AbortSignal): Promise<void> {
    const target = join(this.#folder, id);
    await this.copy(disk, target + unfinished, signal);
    await rename(target + unfinished, target);
  }

  /** Copies a kept disk into a folder. */
  async take(id: string, target: string, signal: AbortSignal): Promise<void> {
    const copying = this.copy(join(this.#folder, id), target, signal);
    const readers = this.#readers.get(id) ?? new Set();
    this.#readers.set(id, readers.add(copying));
    try {
      await copying;
    } finally {
      readers.delete(copying);
    }
  }

  /** Removes a kept disk when nobody copies it any more. */
  async remove(id: string): Promise<void> {
    await Promise.allSettled([...(this.#readers.get(id) ?? [])]);
    this.#readers.delete(id);
    await this.#trash.discard(join(this.#folder, id));
    await this.#trash.discard(join(this.#folder, id + unfinished));
  }

  /** Removes everything that is not one of the given disks. */
  async removeAllBut(ids: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!ids.has(name)) {
        await this.#trash.discard(join(this.#folder, name));
      }
    }
  }

  /** The size of a kept disk in bytes. */
  async size(id: string): Promise<number> {
    const { stdout } = await run(requireProgram('du'), ['-sb', '--', join(this.#folder, id)]);
    return Number(stdout.split('\t')[0]);
  }

  /** Copies a whole disk into a folder, however its programs change it meanwhile. */
  async copy(from: string, to: string, signal: AbortSignal): Promise<void> {
    await mkdir(to, { recursive: true });
    const command: readonly string[] = [...dieWithParent(), ...(await this.#closedCopy.command(from, to))];
    const [program = '', ...words] = command;
    try {
      await run(program, words, { signal, env: { PATH: systemPath, LC_ALL: 'C' } });
    } catch (error) {
      const said =
        error instanceof Error && 'stderr' in error && typeof error.stderr === 'string'
          ? error.stderr.trim().split('\n').slice(0, 2).join(' ')
          : '';
      throw new DevboxError('failed', `The disk could not be copied: ${said || 'it was stopped on the way'}`, {
        cause: error,
      });
    }
  }
}
