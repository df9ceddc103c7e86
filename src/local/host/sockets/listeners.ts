import { type ProcessScope, processesIn } from '../scopeProcesses';
import { holdersOf } from './holders';
import { reachedAt } from './listeningSocket';
import { SocketDiagnosis } from './socketDiagnosis';
import { socketsInTables } from './socketTables';

/** Somebody whose a listener may be. */
export interface Listener {
  /** As it is told to whoever was not connected. */
  readonly name: string;
  readonly scope: ProcessScope;
}

/** Who is told of a socket that no process known here holds. */
const somebody = 'a program of this computer';

/** The sockets of this computer that listen, and whose they are. */
export class Listeners {
  readonly #known: () => readonly Listener[];
  readonly #diagnosis = new SocketDiagnosis();
  /** Whose foreign sockets are, so that asking again and again costs nothing. */
  readonly #names = new Map<string, string>();

  /** @param known all who may be told by their names */
  constructor(known: () => readonly Listener[] = () => []) {
    this.#known = known;
  }

  /**
   * The sockets that a connection to an address and port would come to, by the kernel's numbers for them.
   * @param address an address, not a name
   */
  async at(address: string, port: number): Promise<readonly string[]> {
    return reachedAt(address, (await this.#diagnosis.ask(port)) ?? socketsInTables(port));
  }

  /** Whose sockets are, as a person is told it. */
  nameOf(inodes: readonly string[]): string {
    const key = inodes.join();
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const holders = holdersOf(inodes);
    const found = this.#known().find(({ scope }) => processesIn(scope).some((pid) => holders.has(pid)));
    if (this.#names.size > 1_000) this.#names.clear();
    const name = found?.name ?? somebody;
    this.#names.set(key, name);
    return name;
  }

  dispose(): void {
    this.#diagnosis.dispose();
  }
}
