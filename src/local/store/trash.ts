import pLimit from 'p-limit';
import { mkdirSync, readdirSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '../errors';
import { removeFolder } from '../host/removeFolder';
import { newFileName } from '../ids';

/** How long the end of the platform waits for what is still being removed, in milliseconds; the next start goes on with it. */
const patience = 5_000;

/**
 * Where folders go that nobody needs any more: out of the way at once, and removed when there is time. So nothing that a
 * devbox has left, however large or odd, holds up a start, an end, or anybody else.
 */
export class Trash {
  readonly #folder: string;
  readonly #logLine: (line: string) => void;
  readonly #oneByOne = pLimit(1);
  #removing: Promise<void> | undefined;

  /** @param folder absolute, on the disk of what will be thrown away; what an earlier platform left in it is removed */
  constructor(folder: string, logLine: (line: string) => void) {
    this.#folder = folder;
    this.#logLine = logLine;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      this.#remove(name);
    }
  }

  /** Throws a folder or file away. It is not at its place any more when this comes back; what cannot be moved is said. */
  async discard(path: string): Promise<void> {
    const name = newFileName();
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await rename(path, join(this.#folder, name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        this.#logLine(`${path} could not be cleared away: ${messageOf(error)}`);
      }
      return;
    }
    this.#remove(name);
  }

  /** Waits a little for what is still being removed. */
  async settle(): Promise<void> {
    await Promise.race([this.#removing, new Promise((resolve) => setTimeout(resolve, patience).unref())]);
  }

  /** One after the other: the disk is others' too. */
  #remove(name: string): void {
    this.#removing = this.#oneByOne(async () => {
      try {
        await removeFolder(join(this.#folder, name));
      } catch (error) {
        this.#logLine(
          `Something is left in the trash of the data folder, which the next start tries again: ${messageOf(error)}`,
        );
      }
    });
  }
}
