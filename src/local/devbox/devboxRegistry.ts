import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Devbox } from './devbox';
import { DevboxError } from './errors';
import { removeOrphans } from './folderOwner';
import { LoopbackAddresses } from './loopback';
import type { Mishaps } from './mishaps';
import type { SandboxChoice } from './probe';
import type { DevboxSpec } from './spec';
import { isTerminal } from './status';
import { UsageWatch } from './usageWatch';

/** Ended devboxes that can still be looked at; older ones are forgotten. */
const keptEnded = 200;

/** All devboxes of this platform. */
export class DevboxRegistry {
  readonly #devboxes = new Map<string, Devbox>();
  readonly #addresses = new LoopbackAddresses();
  readonly #sandboxes: SandboxChoice;
  readonly #folder: string;
  readonly #say: (line: string) => void;
  readonly #mishaps: Mishaps | undefined;
  readonly #usage: UsageWatch;
  #closed = false;

  private constructor(sandboxes: SandboxChoice, folder: string, say: (line: string) => void, mishaps: Mishaps | undefined) {
    this.#sandboxes = sandboxes;
    this.#folder = folder;
    this.#say = say;
    this.#mishaps = mishaps;
    this.#usage = new UsageWatch(say);
  }

  /**
   * Opens the registry and clears away what a killed platform left in the data folder.
   * @param dataDir the platform's data folder, absolute
   * @param mishaps what is done to devboxes on order
   */
  static async open(sandboxes: SandboxChoice, dataDir: string, say: (line: string) => void, mishaps?: Mishaps): Promise<DevboxRegistry> {
    const folder = join(dataDir, 'devboxes');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeOrphans(folder, say);
    return new DevboxRegistry(sandboxes, folder, say, mishaps);
  }

  /**
   * Creates a devbox; it comes up on its own.
   * @throws DevboxError `wrong_state` while the platform shuts down
   */
  create(spec: DevboxSpec): Devbox {
    this.#refuseWhenClosed();
    const devbox = new Devbox(spec, { sandboxes: this.#sandboxes, folder: this.#folder, addresses: this.#addresses, say: this.#say, usage: this.#usage, mishaps: this.#mishaps });
    this.#devboxes.set(devbox.id, devbox);
    this.#forgetOldest();
    return devbox;
  }

  /**
   * Finds a devbox by id.
   * @throws DevboxError `not_found`
   */
  get(id: string): Devbox {
    const devbox = this.#devboxes.get(id);
    if (devbox === undefined) {
      throw new DevboxError('not_found', `There is no devbox ${id}.`);
    }
    return devbox;
  }

  /** All devboxes, newest first. */
  list(): readonly Devbox[] {
    return [...this.#devboxes.values()].reverse();
  }

  /** The devbox whose tunnel has this key, if there is one. */
  findByTunnelKey(key: string): Devbox | undefined {
    return this.list().find((devbox) => devbox.tunnel?.key === key);
  }

  /** Ends all devboxes and refuses new ones. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.list().map((devbox) => devbox.end({ status: 'shutdown', reason: 'api_shutdown' })));
  }

  #refuseWhenClosed(): void {
    if (this.#closed) {
      throw new DevboxError('wrong_state', 'The local platform is shutting down and starts no more devboxes.');
    }
  }

  #forgetOldest(): void {
    const ended = [...this.#devboxes.values()].filter((devbox) => isTerminal(devbox.status));
    for (const devbox of ended.slice(0, Math.max(0, ended.length - keptEnded))) {
      this.#devboxes.delete(devbox.id);
    }
  }
}
