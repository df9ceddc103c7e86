import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { codeOf, DevboxError } from '../errors';
import { newSecretId } from '../ids';
import type { ListQuery, Page, RecordTable } from '../store/recordTable';
import { setAside } from '../store/setAside';
import type { Store } from '../store/store';

const secretRecord = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Initialisation vector, authentication tag and encrypted value, base64. */
  sealed: z.string(),
});

/** A secret as the store has it; its value is encrypted. */
export type SecretRecord = z.infer<typeof secretRecord>;

/** The account's secrets. On disk their values are encrypted with a key that lies beside the database. */
export class Secrets {
  readonly #table: RecordTable<SecretRecord>;
  readonly #store: Store;
  readonly #key: Buffer;

  constructor(store: Store) {
    this.#store = store;
    this.#table = store.table({
      table: 'secrets',
      schema: secretRecord,
      columns: ({ name }) => ({ name, status: undefined }),
    });
    this.#key = openKey(store);
  }

  /**
   * @param key the same for a repeated request
   * @throws DevboxError `invalid` when the name is taken
   */
  create(name: string, value: string, key: string | undefined): SecretRecord {
    const id = this.#store.once(key, () => {
      if (this.#find(name) !== undefined) {
        // Clients look for this status and these words.
        throw new DevboxError('invalid', `A secret named ${name} already exists. Update it, or delete it first.`);
      }
      const now = Date.now();
      const record = { id: newSecretId(), name, createdAt: now, updatedAt: now, sealed: this.#seal(name, value) };
      this.#table.put(record);
      return record.id;
    });
    return this.#table.get(id) ?? this.get(name);
  }

  /** @throws DevboxError `not_found` */
  get(name: string): SecretRecord {
    const record = this.#find(name);
    if (record === undefined) {
      throw new DevboxError('not_found', `There is no secret ${name}.`);
    }
    return record;
  }

  /** @throws DevboxError `not_found` */
  getById(id: string): SecretRecord {
    const record = this.#table.get(id);
    if (record === undefined) {
      throw new DevboxError('not_found', `There is no secret with the id ${id}.`);
    }
    return record;
  }

  update(secret: SecretRecord, value: string): SecretRecord {
    const record = { ...secret, updatedAt: Date.now(), sealed: this.#seal(secret.name, value) };
    this.#table.put(record);
    return record;
  }

  delete(secret: SecretRecord): SecretRecord {
    this.#table.delete(secret.id);
    return secret;
  }

  page(query: ListQuery<SecretRecord>): Page<SecretRecord> {
    return this.#table.list(query);
  }

  /** The value of a secret; undefined if there is none of that name. */
  value(name: string): string | undefined {
    const record = this.#find(name);
    return record === undefined ? undefined : this.#open(record);
  }

  /** A key for another purpose, which tells nothing about the secrets'. */
  keyFor(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#key, '', purpose, 32));
  }

  #find(name: string): SecretRecord | undefined {
    return this.#table.newest(name, () => true);
  }

  #seal(name: string, value: string): string {
    const vector = randomBytes(12);
    // The name is part of what is checked, so that one secret's value cannot be put in place of another's.
    const cipher = createCipheriv('aes-256-gcm', this.#key, vector).setAAD(Buffer.from(name));
    const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return Buffer.concat([vector, cipher.getAuthTag(), text]).toString('base64');
  }

  #open(record: SecretRecord): string {
    const bytes = Buffer.from(record.sealed, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12))
        .setAAD(Buffer.from(record.name))
        .setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new DevboxError(
        'failed',
        `The secret ${record.name} cannot be decrypted: secrets.key in the data folder is not the key it was encrypted with. Set the secret again.`,
        { cause: error },
      );
    }
  }
}

/** Bytes of the key. */
const keyLength = 32;

function openKey({ dataDir, logLine }: Store): Buffer {
  const file = join(dataDir, 'secrets.key');
  try {
    const key = Buffer.from(readFileSync(file, 'utf8'), 'base64');
    if (key.length === keyLength) {
      return key;
    }
    const aside = setAside(dataDir, ['secrets.key']);
    logLine(
      `secrets.key in the data folder is damaged and was set aside in ${aside ?? dataDir}: the values of the secrets that were kept with it are lost. Set them again.`,
    );
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
  const key = randomBytes(keyLength);
  // Whole or not there at all: half a key would lose every secret.
  writeFileSync(`${file}.new`, key.toString('base64'), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return key;
}
