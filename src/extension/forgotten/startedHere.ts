import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { asBoolean, asNumber, asObject, asString } from '../../core/parse';

/** What keeps values over windows: an editor's `Memento`. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** Which process of which computer runs a window's extensions. */
export interface WindowProcess {
  readonly host: string;
  readonly pid: number;
}

interface Started extends WindowProcess {
  /** Tells its account from others; undefined if it was not told. */
  readonly account: string | undefined;
  readonly opened: boolean;
  /** When it was last opened from here, in Unix milliseconds of this computer; undefined if never, or not told. */
  readonly openedMs: number | undefined;
  /** The window that started it; the same after a reload. */
  readonly window: string;
  /** True once somebody was asked about it. */
  readonly asked: boolean;
}

const key = 'runloop.startedHere';
const windowKey = 'runloop.window';
/** Entries that are kept at the most; the oldest go first. */
const mostEntries = 500;

/**
 * Which devboxes were started from this editor, and whether they were opened since. Kept over windows, so that what a
 * closed window left running can be asked about.
 */
export class StartedHere {
  readonly #shared: Memory;
  readonly #own: Memory;
  readonly #process: WindowProcess;
  readonly #lives: (process: WindowProcess) => boolean | undefined;

  /**
   * @param shared memory of all windows
   * @param own memory of this window, kept over reloads
   * @param lives whether a window's process is still there; undefined where nobody here can tell
   */
  constructor(
    shared: Memory,
    own: Memory,
    process = thisProcess,
    lives: (process: WindowProcess) => boolean | undefined = isAlive,
  ) {
    this.#shared = shared;
    this.#own = own;
    this.#process = process;
    this.#lives = lives;
  }

  /** All of them by devbox id. */
  all(): ReadonlyMap<string, Started> {
    const stored = asObject(this.#shared.get(key)) ?? {};
    return new Map(
      Object.entries(stored).flatMap(([id, value]) => {
        const entry = asObject(value);
        const opened = asBoolean(entry?.['opened']);
        const window = asString(entry?.['window']);
        if (opened === undefined || window === undefined) return [];
        const host = asString(entry?.['host']) ?? '';
        const pid = asNumber(entry?.['pid']) ?? 0;
        const openedMs = asNumber(entry?.['openedMs']);
        const account = asString(entry?.['account']);
        return [
          [id, { account, opened, openedMs, window, host, pid, asked: asBoolean(entry?.['asked']) === true }] as const,
        ];
      }),
    );
  }

  /**
   * Ids of devboxes that windows had started which are closed by now, and that nobody was asked about yet.
   *
   * @param account those of this account only
   */
  ofClosedWindows(account?: string): readonly string[] {
    const own = this.#own.get(windowKey);
    return [...this.all()].flatMap(([id, entry]) =>
      entry.asked ||
      entry.window === own ||
      (account !== undefined && (entry.account ?? account) !== account) ||
      this.#lives(entry) !== false
        ? []
        : [id],
    );
  }

  /** Ids of devboxes that this window has started, before a reload as well. */
  ofThisWindow(): readonly string[] {
    const own = this.#own.get(windowKey);
    return own === undefined ? [] : [...this.all()].flatMap(([id, { window }]) => (window === own ? [id] : []));
  }

  /** @param account tells the account that it was started in from others */
  async started(devboxId: string, account: string): Promise<void> {
    await this.#set(devboxId, {
      account,
      ...this.#process,
      window: await this.#window(),
      opened: false,
      openedMs: undefined,
      asked: false,
    });
  }

  async opened(devboxId: string): Promise<void> {
    const known = this.all().get(devboxId);
    if (known !== undefined) await this.#set(devboxId, { ...known, opened: true, openedMs: Date.now() });
  }

  /** Remembers that somebody was asked about these. */
  async asked(devboxIds: readonly string[]): Promise<void> {
    await this.#change((id, entry) => (devboxIds.includes(id) ? { ...entry, asked: true } : entry));
  }

  /** Tells other windows which process this one has by now; it has another after each reload. */
  async resume(): Promise<void> {
    const own = this.#own.get(windowKey);
    const isStale = (entry: Started): boolean =>
      entry.window === own && (entry.pid !== this.#process.pid || entry.host !== this.#process.host);
    if (![...this.all().values()].some(isStale)) return;
    await this.#change((_id, entry) => (isStale(entry) ? { ...entry, ...this.#process } : entry));
  }

  async #window(): Promise<string> {
    const known = asString(this.#own.get(windowKey));
    if (known !== undefined) return known;
    const made = randomUUID();
    await this.#own.update(windowKey, made);
    return made;
  }

  async #set(devboxId: string, started: Started): Promise<void> {
    const entries = new Map(this.all());
    entries.delete(devboxId);
    entries.set(devboxId, started);
    await this.#store(entries);
  }

  async #change(change: (id: string, entry: Started) => Started): Promise<void> {
    await this.#store(new Map([...this.all()].map(([id, entry]) => [id, change(id, entry)] as const)));
  }

  async #store(entries: ReadonlyMap<string, Started>): Promise<void> {
    await this.#shared.update(key, Object.fromEntries([...entries].slice(-mostEntries)));
  }
}

const thisProcess: WindowProcess = { host: hostname(), pid: process.pid };

/** Whether a process is there; undefined on another computer, whose windows are asked there. */
function isAlive({ host, pid }: WindowProcess): boolean | undefined {
  if (host !== thisProcess.host) return undefined;
  if (pid === thisProcess.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
