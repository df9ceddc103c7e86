import type { Database } from 'node-sqlite3-wasm';
import type * as z from 'zod';
import { DevboxError, messageOf } from '../errors';
import { written } from './databaseErrors';

/** What every stored thing has. */
export interface Stored {
  readonly id: string;
}

/** How one kind of thing is stored. */
export interface TableShape<T extends Stored> {
  /** The table's name; a plain word. */
  readonly table: string;
  readonly schema: z.ZodType<T>;
  /** What can be asked for by SQL: its name and its status. */
  readonly columns: (record: T) => { readonly name: string | undefined; readonly status: string | undefined };
}

/** What is asked of a table. */
export interface ListQuery<T> {
  readonly name?: string | undefined;
  /** A part of its name, in capital letters or small ones. */
  readonly namePart?: string | undefined;
  readonly status?: string | undefined;
  readonly search?: string | undefined;
  readonly limit: number;
  readonly startingAfter?: string | undefined;
  /** A condition that SQL does not know; slower, since it reads everything that the rest of the query lets through. */
  readonly where?: ((record: T) => boolean) | undefined;
}

/** One page of a table, newest first. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
  readonly total: number;
}

/** What a table needs of its store. */
export interface TableContext {
  readonly dataDir: string;
  /** Gives up what is held back for the case that the disk is full. */
  readonly giveReserve: () => void;
  /** Gets sentences for the person who started the platform. */
  readonly logLine: (line: string) => void;
}

/** Things of one kind in the store: one row each, with the whole thing as JSON. Every write is on disk when it returns. */
export class RecordTable<T extends Stored> {
  readonly #database: Database;
  readonly #shape: TableShape<T>;
  readonly #context: TableContext;

  constructor(database: Database, shape: TableShape<T>, context: TableContext) {
    this.#database = database;
    this.#shape = shape;
    this.#context = context;
    database.exec(`
      CREATE TABLE IF NOT EXISTS ${shape.table} (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT, status TEXT, doc TEXT NOT NULL);
      CREATE INDEX IF NOT EXISTS ${shape.table}_status ON ${shape.table} (status, seq);
      CREATE INDEX IF NOT EXISTS ${shape.table}_name ON ${shape.table} (name, seq);
    `);
  }

  /**
   * Writes a new thing, or the new state of a known one, which keeps its place.
   * @throws DevboxError `no_room` when the disk is full, the reserve for that case too
   */
  put(record: T): void {
    try {
      written(this.#context.dataDir, () => this.#put(record));
    } catch (error) {
      if (!(error instanceof DevboxError) || error.kind !== 'no_room' || this.#database.inTransaction) {
        throw error;
      }
      this.#context.giveReserve();
      written(this.#context.dataDir, () => this.#put(record));
    }
  }

  #put(record: T): void {
    const { name, status } = this.#shape.columns(record);
    this.#database.run(
      `INSERT INTO ${this.#shape.table} (id, name, status, doc) VALUES (?, ?, ?, CAST(? AS TEXT))
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, status = excluded.status, doc = excluded.doc`,
      // As bytes: SQLite's WebAssembly takes text in one character after the other, and everybody waits for it.
      [record.id, name ?? null, status ?? null, Buffer.from(JSON.stringify(record))],
    );
  }

  get(id: string): T | undefined {
    const row = this.#database.get(`SELECT doc FROM ${this.#shape.table} WHERE id = ?`, [id]);
    return row === null ? undefined : this.#read({ ...row, id });
  }

  delete(id: string): void {
    written(this.#context.dataDir, () => this.#database.run(`DELETE FROM ${this.#shape.table} WHERE id = ?`, [id]));
  }

  /** The newest thing of a name for which `where` holds. */
  newest(name: string, where: (record: T) => boolean): T | undefined {
    return this.list({ name, limit: 1, where }).items[0];
  }

  /** A page of the things that match, newest first. */
  list(query: ListQuery<T>): Page<T> {
    const { where } = query;
    if (where !== undefined) {
      const { startingAfter } = query;
      const all = this.#select(query, undefined, -1).filter(where);
      const after = startingAfter === undefined ? undefined : this.#placeOf(startingAfter);
      const rest =
        after === undefined ? (startingAfter === undefined ? all : []) : this.#select(query, after, -1).filter(where);
      return { items: rest.slice(0, query.limit), hasMore: rest.length > query.limit, total: all.length };
    }
    const after = query.startingAfter === undefined ? undefined : (this.#placeOf(query.startingAfter) ?? 0);
    const items = this.#select(query, after, query.limit + 1);
    return { items: items.slice(0, query.limit), hasMore: items.length > query.limit, total: this.#count(query) };
  }

  /** Removes all but the newest `kept` things of the given statuses and gives their ids. */
  prune(statuses: readonly string[], kept: number): readonly string[] {
    const marks = statuses.map(() => '?').join(', ');
    const rows = this.#database.all(
      `SELECT id FROM ${this.#shape.table} WHERE status IN (${marks}) ORDER BY seq DESC LIMIT -1 OFFSET ?`,
      [...statuses, kept],
    );
    const ids = rows.map((row) => textOf(row['id']));
    ids.forEach((id) => this.delete(id));
    return ids;
  }

  #placeOf(id: string): number | undefined {
    const row = this.#database.get(`SELECT seq FROM ${this.#shape.table} WHERE id = ?`, [id]);
    return row === null ? undefined : Number(row['seq']);
  }

  #select(query: ListQuery<T>, after: number | undefined, limit: number): T[] {
    const { clause, values } = conditions(query, after);
    const rows = this.#database.all(`SELECT id, doc FROM ${this.#shape.table} ${clause} ORDER BY seq DESC LIMIT ?`, [
      ...values,
      limit,
    ]);
    return rows.flatMap((row) => this.#read(row) ?? []);
  }

  #count(query: ListQuery<T>): number {
    const { clause, values } = conditions(query, undefined);
    return Number(
      this.#database.get(`SELECT count(*) AS total FROM ${this.#shape.table} ${clause}`, values)?.['total'] ?? 0,
    );
  }

  /** A row's thing. A row that makes no sense is set aside, and said: it must not hold up all others. */
  #read(row: Readonly<Record<string, unknown>>): T | undefined {
    try {
      return this.#shape.schema.parse(JSON.parse(textOf(row['doc'])));
    } catch (error) {
      const { table } = this.#shape;
      const id = textOf(row['id']);
      const why = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 200);
      this.#context.logLine(
        `What the data folder has as ${id} of its ${table} cannot be understood and was set aside in its table damaged: ${why}`,
      );
      written(this.#context.dataDir, () => {
        this.#database.exec('CREATE TABLE IF NOT EXISTS damaged (kind TEXT, id TEXT, doc BLOB, at INTEGER)');
        this.#database.run(`INSERT INTO damaged SELECT ?, id, doc, ? FROM ${table} WHERE id = ?`, [
          table,
          Date.now(),
          id,
        ]);
        this.#database.run(`DELETE FROM ${table} WHERE id = ?`, [id]);
      });
      return undefined;
    }
  }
}

/** A column that holds text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function conditions<T>(
  query: ListQuery<T>,
  after: number | undefined,
): { clause: string; values: (string | number)[] } {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (part: string, ...given: (string | number)[]): void => {
    parts.push(part);
    values.push(...given);
  };
  if (query.name !== undefined) {
    add('name = ?', query.name);
  }
  if (query.namePart !== undefined) {
    add("instr(lower(coalesce(name, '')), lower(?)) > 0", query.namePart);
  }
  if (query.status !== undefined) {
    add('status = ?', query.status);
  }
  if (query.search !== undefined) {
    add("(id = ? OR instr(lower(coalesce(name, '')), lower(?)) > 0)", query.search, query.search);
  }
  if (after !== undefined) {
    add('seq < ?', after);
  }
  return { clause: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}
