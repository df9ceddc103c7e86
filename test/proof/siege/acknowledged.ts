import assert from 'node:assert/strict';
import type { Client } from '../../platform/testPlatform';
import type { Dice } from '../dice';

/** Looks whether a write is still there. */
type Look = (client: Client) => Promise<void>;

/** Writes to a platform, of many kinds, and what became of them. */
export class Acknowledged {
  readonly #looks: Look[] = [];
  #number = 0;
  /** Why writes were not acknowledged. */
  readonly refused: string[] = [];

  /** @param devbox one that is suspended, whose metadata and snapshots are written too */
  private constructor(private readonly devbox: string) {}

  static async start(client: Client): Promise<Acknowledged> {
    const { id } = await client.devboxes.createAndAwaitRunning({ name: 'kept' });
    await client.devboxes.writeFileContents(id, { file_path: 'kept.txt', contents: 'kept' });
    await client.devboxes.suspend(id);
    await client.devboxes.awaitSuspended(id);
    return new Acknowledged(id);
  }

  get count(): number {
    return this.#looks.length;
  }

  /** Writes something, and remembers it if the platform says that it has it. */
  async write(client: Client, dice: Dice): Promise<void> {
    const name = `n${(this.#number += 1)}`;
    const kind = dice.pick([
      () => this.#policy(client, name),
      () => this.#secret(client, name),
      () => this.#object(client, name),
      () => this.#updated(client, name),
      () => this.#snapshot(client, name),
    ]);
    try {
      this.#looks.push(await kind());
    } catch (error) {
      this.refused.push(String(error));
    }
  }

  /** Writes until told to stop. */
  async writeOn(client: Client, dice: Dice, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) await this.write(client, dice);
  }

  /** @throws Error when something that was acknowledged is not there, or another */
  async verify(client: Client): Promise<void> {
    for (const look of this.#looks) await look(client);
  }

  async #policy(client: Client, name: string): Promise<Look> {
    const { id } = await client.networkPolicies.create({ name, allowed_hostnames: [`${name}.example.org`] });
    return async (after) => assert.equal((await after.networkPolicies.retrieve(id)).name, name);
  }

  async #secret(client: Client, name: string): Promise<Look> {
    const { id } = await client.secrets.create({ name: `S_${name}`, value: name });
    return async (after) => assert.equal((await after.secrets.retrieve(`S_${name}`)).id, id);
  }

  async #object(client: Client, name: string): Promise<Look> {
    const { id, upload_url: address } = await client.objects.create({ name, content_type: 'text' });
    const text = name.repeat(2_000);
    const sent = await fetch(address ?? '', { method: 'PUT', body: text });
    if (!sent.ok) throw new Error(`${sent.status} ${await sent.text()}`);
    await client.objects.complete(id);
    return async (after) => {
      const { download_url: from } = await after.objects.download(id);
      assert.equal(await (await fetch(from)).text(), text);
    };
  }

  /** A name that is given to a policy later on. */
  async #updated(client: Client, name: string): Promise<Look> {
    const { id } = await client.networkPolicies.create({ name: `first-${name}`, allow_all: true });
    await client.networkPolicies.update(id, { name });
    return async (after) => assert.equal((await after.networkPolicies.retrieve(id)).name, name);
  }

  async #snapshot(client: Client, name: string): Promise<Look> {
    const { id } = await client.devboxes.snapshotDisk(this.devbox, { name });
    return async (after) => {
      const { status, snapshot } = await after.devboxes.diskSnapshots.queryStatus(id);
      assert.deepEqual([status, snapshot?.name], ['complete', name]);
    };
  }
}
