import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from 'node-sqlite3-wasm';
import { DevboxError, messageOf } from '../errors';
import { shortageOf } from '../host/shortage';
import { DatabaseDamage, databaseError, isDamage, written } from './databaseErrors';
import { type Stored, type TableShape, RecordTable, textOf } from './recordTable';
import { Reserve } from './reserve';
import { setDatabaseAside, setOddThingsAside } from './setAside';
import { Trash } from './trash';
import { takeWriterLock } from './writerLock';

/** Goes up when what is stored changes in a way that an older platform cannot read. */
const schemaVersion = 1;

/** Above this a version is none: no platform will ever have had so many. */
const furthestVersion = 1_000;

const rowColumns = ['seq', 'id', 'name', 'status', 'doc'];

/** The columns that known tables have. */
const columns: Readonly<Record<string, readonly string[]>> = {
  requests: ['key', 'made', 'at'],
  ...Object.fromEntries(
    ['devboxes', 'executions', 'snapshots', 'blueprints', 'objects', 'network_policies', 'secrets'].map((name) => [
      name,
      rowColumns,
    ]),
  ),
};

/** How long an answered create is remembered for its repetitions, in milliseconds. */
const remembered = 10 * 60_000;

/**
 * What the local platform must not forget: an SQLite database in its data folder. A write is done when the call returns:
 * it is in the database's journal, which a killed process cannot take back.
 */
export class Store {
  /** The platform's data folder, absolute. */
  readonly dataDir: string;
  /** Where folders go that nobody needs any more. */
  readonly trash: Trash;
  readonly #database: Database;
  readonly #unlock: () => void;
  /** Gets sentences for the person who started the platform. */
  readonly logLine: (line: string) => void;
  readonly #reserve: Reserve;

  private constructor(dataDir: string, database: Database, unlock: () => void, logLine: (line: string) => void) {
    this.dataDir = dataDir;
    this.trash = new Trash(join(dataDir, 'trash'), logLine);
    this.#reserve = new Reserve(dataDir);
    this.logLine = logLine;
    this.#database = database;
    this.#unlock = unlock;
  }

  /**
   * Opens the data folder's database for this process alone.
   * @param logLine gets sentences for the person who started the platform
   * @throws DevboxError `failed` when another platform uses the folder or the database cannot be read
   */
  static open(dataDir: string, logLine: (line: string) => void): Store {
    const unlock = takeWriterLock(dataDir);
    try {
      setOddThingsAside(dataDir, logLine);
      Reserve.giveIfFull(dataDir);
      try {
        return new Store(dataDir, openDatabase(dataDir), unlock, logLine);
      } catch (error) {
        if (!isDamage(error) || databaseError(error, dataDir) !== error) {
          throw error;
        }
        setDatabaseAside(dataDir, messageOf(error), logLine);
        return new Store(dataDir, openDatabase(dataDir), unlock, logLine);
      }
    } catch (error) {
      unlock();
      throw error instanceof DevboxError
        ? error
        : new DevboxError(
            'failed',
            `The database in ${dataDir} cannot be used: ${messageOf(error)}. Give another folder with --data-dir.`,
            { cause: error },
          );
    }
  }

  /** The table for things of one kind; made if it is not there. */
  table<T extends Stored>(shape: TableShape<T>): RecordTable<T> {
    return new RecordTable(this.#database, shape, {
      dataDir: this.dataDir,
      giveReserve: () => this.#reserve.give(),
      logLine: this.logLine,
    });
  }

  /** A folder below the data folder, made if it is not there. */
  folder(name: string): string {
    const folder = join(this.dataDir, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Does all the writes of `work`, or none. */
  transaction<T>(work: () => T): T {
    if (this.#database.inTransaction) {
      return work();
    }
    written(this.dataDir, () => this.#database.exec('BEGIN'));
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // On a full disk SQLite has rolled back by itself, and would complain of a second time only.
      if (isOpen(this.#database)) {
        this.#database.exec('ROLLBACK');
      }
      throw databaseError(error, this.dataDir);
    }
  }

  /**
   * Makes something once for each key, also when the platform was killed in between.
   * @param key undefined for a request that does not say which one it is
   * @param make makes it and gives its id; its writes and the note of the key are one
   * @returns the id of what was made now or for an earlier request
   * @throws DevboxError `no_room` while the disk is full
   */
  once(key: string | undefined, make: () => string): string {
    this.requireRoom();
    if (key === undefined) {
      return this.transaction(make);
    }
    return this.transaction(() => {
      const now = Date.now();
      this.#database.run('DELETE FROM requests WHERE at < ?', [now - remembered]);
      const earlier = this.#database.get('SELECT made FROM requests WHERE key = ?', [key]);
      if (earlier !== null) {
        return textOf(earlier['made']);
      }
      const made = make();
      this.#database.run('INSERT INTO requests (key, made, at) VALUES (?, ?, ?)', [key, made, now]);
      return made;
    });
  }

  /**
   * What is new has to wait while the disk is full; what is there goes on.
   * @throws DevboxError `no_room`
   */
  requireRoom(): void {
    if (!this.#reserve.hasRoom()) {
      throw new DevboxError('no_room', shortageOf({ code: 'ENOSPC' })?.sentence ?? '');
    }
  }

  /** Closes the database and gives the folder back, after a little time for what is still being cleared away. */
  async close(): Promise<void> {
    await this.trash.settle();
    this.#database.close();
    this.#unlock();
  }
}

/** Whether a transaction is under way. */
function isOpen(database: Database): boolean {
  return database.inTransaction;
}

/** Opens a data folder's database and looks whether it is whole. */
function openDatabase(dataDir: string): Database {
  const file = join(dataDir, 'platform.db');
  // SQLite's own lock, left by a killed platform; the writer's lock says that nobody holds it.
  rmSync(`${file}.lock`, { recursive: true, force: true });
  const database = new Database(file);
  try {
    // First of all: the write-ahead log needs no shared memory when one process has the database for itself.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    chmodSync(file, 0o600);
    const found = Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0);
    if (found > furthestVersion || found < 0) {
      throw new DatabaseDamage(`it says that its version is ${found}`);
    }
    if (found > schemaVersion) {
      throw new DevboxError(
        'failed',
        `The data folder ${dataDir} was written by a newer local platform. Use that one, or give another folder with --data-dir.`,
      );
    }
    const check = textOf(database.get('PRAGMA quick_check(1)')?.['quick_check']);
    if (check !== 'ok') {
      throw new DatabaseDamage(check);
    }
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Makes the store's own table; one of the same names that has other columns was not made by a platform. */
function prepare(database: Database): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS requests (key TEXT PRIMARY KEY, made TEXT NOT NULL, at INTEGER NOT NULL);
    PRAGMA user_version = ${schemaVersion};
  `);
  for (const { name } of database.all("SELECT name FROM sqlite_master WHERE type = 'table'")) {
    const wanted = columns[textOf(name)];
    const has = database.all(`SELECT name FROM pragma_table_info(?)`, [textOf(name)]).map((row) => textOf(row['name']));
    if (wanted?.every((column) => has.includes(column)) === false) {
      throw new DatabaseDamage(`its table ${textOf(name)} is another one`);
    }
  }
}
