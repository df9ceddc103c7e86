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

/** Devboxes in which this editor has seen agents, over all windows: only a hint where to look again. */
export class AgentDevboxes {
  readonly #memory: Memento;
  readonly #onFailure: (error: unknown) => void;
  /** Devboxes that this window has marked, or tried to: each once. */
  readonly #marked = new Set<string>();

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
  mark(devbox: Devbox | undefined, account: () => Promise<SignedIn | undefined>): void {
    if (devbox === undefined || isMarked(devbox) || this.#marked.has(devbox.id)) return;
    this.#marked.add(devbox.id);
    const add = async (): Promise<void> => {
      const { api, ended } = (await account()) ?? {};
      if (api === undefined || ended === undefined) return;
      await addMetadata(api.devboxes, devbox.id, [agentsKey, 'yes'], ended).catch((error: unknown) => {
        if (!ended.aborted) throw error;
      });
    };
    add().catch(this.#onFailure);
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
