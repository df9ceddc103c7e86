import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { saidBy, RuntimeError } from '../../errors';
import { noteFiles } from './noteFiles';
import { isOwnerAlive, ownerText, parseOwner, thisOwner, type NoteOwner } from './noteOwner';
import { parseStartNote, type StartNote } from './startNote';
import { moneyProblem } from '../../problems/money';

export interface StartNotesOptions {
  /** Where the notes are kept, one file each; made when the first is written. */
  readonly folder: string;
  /** Told of a note that could not be changed or read. It stays, and is looked at again later. */
  readonly onFailure: (error: unknown) => void;
  /** Takes a devbox over whose start is complete, before its note goes. */
  readonly handOver?: (devboxId: string, account: string) => Promise<void>;
  /** The process whose notes these are; this one unless said otherwise. */
  readonly owner?: NoteOwner;
}

/** Milliseconds after which a start counts as abandoned, whatever its process id says: none takes that long. */
const longestStartMs = 6 * 3_600_000;

/**
 * Notes of starts, so that no devbox is lost from sight whatever happens between its create and its answer. Each is a
 * file of its own that only one process writes, as a whole: there is nothing to read, change and write back. Which
 * process that is stands in the file's name, and a note changes hands by a rename, which only one of several can do.
 */
export class StartNotes {
  readonly #options: StartNotesOptions;
  readonly #owner: NoteOwner;

  constructor(options: StartNotesOptions) {
    this.#options = options;
    this.#owner = options.owner ?? thisOwner();
  }

  /**
   * Notes a start, before its create is sent.
   *
   * @throws RuntimeError `not_noted`: then nothing may be sent
   */
  async begin(name: string, account: string): Promise<OpenNote> {
    const requestId = randomUUID();
    const note: StartNote = { requestId, name, account, notedMs: Date.now(), stage: 'sending', perhapsTwice: false };
    const file = this.#fileOf(requestId);
    try {
      await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
      await writeWhole(this.#options.folder, file, JSON.stringify(note));
    } catch (error) {
      throw new RuntimeError({ problem: moneyProblem('start_not_noted', { why: saidBy(error) }), cause: error });
    }
    return new OpenNote(note, file, this.#options);
  }

  /**
   * Takes over the notes of an account that nobody looks after: those whose process has ended, and what this process has
   * given up itself. No other process gets the same ones meanwhile.
   */
  async claim(account: string): Promise<readonly OpenNote[]> {
    const claimed = await Promise.all((await this.#files()).map((file) => this.#claimOne(file, account)));
    return claimed.flatMap((note) => note ?? []);
  }

  /**
   * Notes that cannot be read, and that nobody looks after. Their files' names tell the request; whose account it is,
   * nobody knows, so that they stay where they are until something of theirs is found.
   */
  async damaged(): Promise<readonly DamagedNote[]> {
    const found = await Promise.all((await this.#files()).map((file) => this.#damagedIn(file)));
    return found.flatMap((note) => note ?? []);
  }

  /** Takes over a damaged note of which something was found. @returns undefined if another window was faster */
  async repair(
    { file, requestId, notedMs }: DamagedNote,
    name: string,
    account: string,
  ): Promise<OpenNote | undefined> {
    const own = this.#fileOf(requestId);
    const note: StartNote = { requestId, name, account, notedMs, stage: 'left', perhapsTwice: true };
    try {
      if (file !== own) await rename(join(this.#options.folder, file), join(this.#options.folder, own));
      const open = new OpenNote(note, own, this.#options);
      await open.change({});
      return open;
    } catch (error) {
      if (!isMissing(error)) this.#options.onFailure(error);
      return undefined;
    }
  }

  /** Forgets a damaged note. */
  async forget({ file }: DamagedNote): Promise<void> {
    await rm(join(this.#options.folder, file), { force: true }).catch((error: unknown) =>
      this.#options.onFailure(error),
    );
  }

  async #damagedIn(file: string): Promise<DamagedNote | undefined> {
    const [requestId = '', ownerPart = ''] = file.split('.');
    const owner = parseOwner(ownerPart);
    if (owner === undefined) return undefined;
    const path = join(this.#options.folder, file);
    try {
      if (parseStartNote(await readFile(path, 'utf8')) !== undefined) return undefined;
      const { mtimeMs: notedMs } = await stat(path);
      return this.#isInOtherHands(owner, notedMs) ? undefined : { file, requestId, notedMs };
    } catch (error) {
      if (!isMissing(error)) this.#options.onFailure(error);
      return undefined;
    }
  }

  async #claimOne(file: string, account: string): Promise<OpenNote | undefined> {
    const path = join(this.#options.folder, file);
    try {
      const note = parseStartNote(await readFile(path, 'utf8'));
      if (note === undefined || note.account !== account || this.#isLookedAfter(file, note)) return undefined;
      const own = this.#fileOf(note.requestId);
      if (file !== own) await rename(path, join(this.#options.folder, own));
      return new OpenNote(note, own, this.#options);
    } catch (error) {
      // Another window was faster, or its start has come to its end.
      if (!isMissing(error)) this.#options.onFailure(error);
      return undefined;
    }
  }

  #isLookedAfter(file: string, note: StartNote): boolean {
    const owner = parseOwner(file.split('.')[1] ?? '');
    if (owner === undefined) return false;
    if (this.#isOwn(owner)) return note.stage === 'sending';
    return this.#isInOtherHands(owner, note.notedMs);
  }

  #isOwn(owner: NoteOwner): boolean {
    return ownerText(owner) === ownerText(this.#owner);
  }

  #isInOtherHands(owner: NoteOwner, notedMs: number): boolean {
    // By then another program may have the process id; rather two windows ask than none.
    if (this.#isOwn(owner) || Date.now() - notedMs > longestStartMs) return false;
    // Nobody here can tell whether a window of another computer is there; its own one asks.
    return isOwnerAlive(owner, this.#owner) ?? true;
  }

  async #files(): Promise<readonly string[]> {
    try {
      return await noteFiles(this.#options.folder);
    } catch (error) {
      this.#options.onFailure(error);
      return [];
    }
  }

  #fileOf(requestId: string): string {
    return `${requestId.replace(/[^\w-]/g, '_')}.${ownerText(this.#owner)}.json`;
  }
}

/** A note of which only the file's name can be read. */
export interface DamagedNote {
  readonly file: string;
  readonly requestId: string;
  /** When its file was written, in Unix milliseconds. */
  readonly notedMs: number;
}

/** One note, in the hands of this process. Its changes never fail: what cannot be written down is looked up again later. */
export class OpenNote {
  readonly #file: string;
  readonly #options: StartNotesOptions;
  #note: StartNote;

  constructor(note: StartNote, file: string, options: StartNotesOptions) {
    this.#note = note;
    this.#file = file;
    this.#options = options;
  }

  get note(): StartNote {
    return this.#note;
  }

  /** Writes down what has become of it. */
  async change(changes: Partial<Pick<StartNote, 'stage' | 'perhapsTwice' | 'keptId'>>): Promise<void> {
    this.#note = { ...this.#note, ...changes };
    await this.#try(() => writeWhole(this.#options.folder, this.#file, JSON.stringify(this.#note)));
  }

  /** Gives the devbox to whoever looks after complete starts. @returns false if it could not be given: the note stays */
  async handOver(devboxId: string): Promise<boolean> {
    return this.#try(async () => this.#options.handOver?.(devboxId, this.#note.account));
  }

  /** Nothing is left to be found out: the note goes. */
  async settle(): Promise<void> {
    await this.#try(() => rm(join(this.#options.folder, this.#file), { force: true }));
  }

  async #try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }
}

/** Writes a file so that it is there as a whole or not at all, also after a loss of power. */
async function writeWhole(folder: string, file: string, text: string): Promise<void> {
  const path = join(folder, file);
  const handle = await open(`${path}.new`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
  // Windows has no folders that can be opened for this.
  if (process.platform === 'win32') return;
  const entry = await open(folder, 'r');
  try {
    await entry.sync();
  } finally {
    await entry.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
