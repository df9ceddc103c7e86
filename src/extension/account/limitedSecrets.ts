import type { SecretStorage } from 'vscode';
import { saidBy, RuntimeError } from '../../core/errors';
import { phrase } from '../../core/problems/phrases';
import { extensionProblem } from '../messages/extensionProblems';

/** What the extension does with the editor's secret storage. */
export interface Secrets {
  get(name: string): Promise<string | undefined>;
  store(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
}

/** Milliseconds that the keyring may take: one that is locked asks the person first, and some never answer. */
const answerMs = 10_000;

/**
 * The editor's secret storage, which always answers: a keyring that refuses, or takes too long, says so in words. What it
 * gives later is kept for whoever asks next.
 */
export class LimitedSecrets implements Secrets {
  readonly #secrets: Pick<SecretStorage, 'get' | 'store' | 'delete'>;
  readonly #onLate: (name: string) => void;
  readonly #late = new Map<string, string | undefined>();

  /** @param onLate told of what was asked for, once the keyring has given it after all */
  constructor(secrets: Pick<SecretStorage, 'get' | 'store' | 'delete'>, onLate: (name: string) => void) {
    this.#secrets = secrets;
    this.#onLate = onLate;
  }

  /** @throws RuntimeError `keyring` */
  async get(name: string): Promise<string | undefined> {
    if (this.#late.has(name)) {
      const late = this.#late.get(name);
      this.#late.delete(name);
      return late;
    }
    const value: unknown = await answered(this.#secrets.get(name), (late) => {
      this.#late.set(name, textOf(late));
      this.#onLate(name);
    });
    return textOf(value);
  }

  /** @throws RuntimeError `keyring` */
  async store(name: string, value: string): Promise<void> {
    this.#late.delete(name);
    await answered(this.#secrets.store(name, value));
  }

  /** @throws RuntimeError `keyring` */
  async delete(name: string): Promise<void> {
    this.#late.delete(name);
    await answered(this.#secrets.delete(name));
  }
}

/** A keyring that gives something else gives nothing. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

async function answered<T>(answer: Thenable<T>, onLate?: (value: T) => void): Promise<T> {
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(new RuntimeError({ problem: extensionProblem('keyring', { why: phrase('it is not responding yet') }) }));
    }, answerMs);
  });
  const value = Promise.resolve(answer).then(
    (given) => {
      if (isLate) onLate?.(given);
      return given;
    },
    (error: unknown) => {
      throw new RuntimeError({ problem: extensionProblem('keyring', { why: saidBy(error, 200) }), cause: error });
    },
  );
  try {
    return await Promise.race([value, limit]);
  } finally {
    clearTimeout(timer);
  }
}
