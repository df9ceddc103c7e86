import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Memento } from 'vscode';
import { sharedSecret } from '../../ground/sharedSecret';
import { asArray, asString } from '../../core/parse';
import { addMetadata } from '../../core/platform/addMetadata';
import { agentsKey, type Devbox } from '../../core/platform/devbox';
import type { SignedIn } from '../account/account';
import type { Secrets } from '../account/limitedSecrets';

const key = 'runloop.agentDevboxes';
/** What the windows of this editor seal their lines in records with. */
const sealName = 'runloop.agentSeal';
/** Devboxes that are kept; the oldest go first. */
const mostDevboxes = 100;
/** How often a window tries to mark a devbox. */
const mostTries = 3;

/** What marking a devbox needs. */
export interface MarkSources {
  readonly account: { current(): Promise<SignedIn | undefined> };
  readonly store: { get(devboxId: string): Devbox | undefined };
}

/** Devboxes in which this editor has seen agents, over all windows: only a hint where to look again. */
export class AgentDevboxes {
  readonly #memory: Memento;
  readonly #onFailure: (error: unknown) => void;
  /** Devboxes that this window has marked, marks now, or has given up to mark. */
  readonly #marked = new Set<string>();
  /** How often it could not. */
  readonly #failed = new Map<string, number>();

  constructor(memory: Memento, onFailure: (error: unknown) => void) {
    this.#memory = memory;
    this.#onFailure = onFailure;
  }

  has(devboxId: string): boolean {
    return this.#all().includes(devboxId);
  }

  add(devboxId: string): void {
    const all = this.#all();
    if (all.includes(devboxId)) return;
    this.#memory.update(key, [...all, devboxId].slice(-mostDevboxes)).then(undefined, this.#onFailure);
  }

  /** Tells every window of the account, by the devbox's metadata, that there are agents in it; where that is safe. */
  mark(devboxId: string, { account, store }: MarkSources): void {
    const devbox = store.get(devboxId);
    if (devbox === undefined || isMarked(devbox) || this.#marked.has(devboxId)) return;
    this.#marked.add(devboxId);
    const add = async (): Promise<void> => {
      const { api, ended } = (await account.current()) ?? {};
      if (api === undefined || ended === undefined) return;
      try {
        const added = await addMetadata(api.devboxes, devboxId, [agentsKey, 'yes'], ended);
        if (added === 'unsure') this.#failedOnce(devboxId);
      } catch (error) {
        this.#failedOnce(devboxId);
        if (!ended.aborted) throw error;
      }
    };
    add().catch(this.#onFailure);
  }

  /** The next change of an agent there is another occasion: without the mark nobody elsewhere is told that it waits. */
  #failedOnce(devboxId: string): void {
    const times = (this.#failed.get(devboxId) ?? 0) + 1;
    this.#failed.set(devboxId, times);
    if (times < mostTries) this.#marked.delete(devboxId);
  }

  #all(): readonly string[] {
    return asArray(this.#memory.get(key)).flatMap((id) => asString(id) ?? []);
  }
}

/** Whether some window has said that there are agents in a devbox. */
export function isMarked({ metadata }: Devbox): boolean {
  return metadata[agentsKey] !== undefined;
}

/**
 * What the windows of this editor seal with, the same for all of them and for all who ask at once: what was sealed with another
 * one counts as forged. A keyring that refused is asked again.
 *
 * @param folder that all windows share
 */
export function sealKeyOf(secrets: Secrets, folder: string): () => Promise<Uint8Array> {
  const make = async (): Promise<Uint8Array> => {
    const made = randomBytes(32).toString('base64');
    const file = join(folder, 'agentSeal.turn');
    const key = await sharedSecret(secrets, { name: sealName, form: /^[A-Za-z0-9+/]{43}=$/, made, file });
    return Buffer.from(key, 'base64');
  };
  let making: Promise<Uint8Array> | undefined;
  return () =>
    (making ??= make().catch((error: unknown) => {
      making = undefined;
      throw error;
    }));
}
