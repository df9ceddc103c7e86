import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asObject, asString } from '../../core/parse';
import type { PortNotes } from '../../core/vscode/port/sharedPort';
import type { Log } from '../messages/log';
import { inWindowTurn } from '../../ground/windowTurn';

/** Ports that are noted at the most; the oldest go first. */
const most = 200;
const noteName = /^[0-9a-f]{32}$/;

/** On which port which devbox's VS Code is served, for all windows: a file each, as what an editor keeps itself is not shared at once. */
export class PortFiles implements PortNotes {
  readonly #folder: string;
  readonly #log: Log;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  async port(name: string): Promise<number | undefined> {
    try {
      const port = Number(await readFile(this.#file(name), 'utf8'));
      return Number.isInteger(port) && port > 1023 && port < 65_536 ? port : undefined;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#log.failure('Reading a port', error);
      return undefined;
    }
  }

  async note(name: string, port: number, instead: number | undefined): Promise<number> {
    const file = this.#file(name);
    try {
      return await inWindowTurn(`${file}.turn`, async () => {
        const noted = await this.port(name);
        if (noted !== undefined && noted !== instead) return noted;
        const whole = `${file}.${process.pid}`;
        await writeFile(whole, String(port), { mode: 0o600 });
        await rename(whole, file);
        if (noted === undefined) await this.#removeOldest();
        return port;
      });
    } catch (error) {
      // The address lasts as long as this window, then.
      this.#log.failure('Noting a port', error);
    }
    return port;
  }

  /** What host names are made of stays out of names of files. */
  #file(name: string): string {
    return join(this.#folder, createHash('sha256').update(name).digest('hex').slice(0, 32));
  }

  async #removeOldest(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => noteName.test(name));
    if (names.length <= most) return;
    const dated = await Promise.all(names.map(async (name) => datedFile(join(this.#folder, name))));
    dated.sort((a, b) => a.ms - b.ms);
    await Promise.all(dated.slice(0, -most).map(({ file }) => rm(file, { force: true })));
  }
}

/** Another window may have removed it just now. */
async function datedFile(file: string): Promise<{ readonly file: string; readonly ms: number }> {
  try {
    return { file, ms: (await stat(file)).mtimeMs };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return { file, ms: 0 };
  }
}

function codeOf(error: unknown): string | undefined {
  return asString(asObject(error)?.['code']);
}
