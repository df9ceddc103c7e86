import { DevboxError } from '../devbox/errors';
import type { Provisions } from '../devbox/provisions';
import type { Blueprint } from '../devbox/blueprints';
import type { SandboxChoice } from '../devbox/probe';
import type { Store } from '../store/store';
import { Blueprints } from './blueprints';
import { builderIn } from './builder';
import { Secrets } from './secrets';
import { Snapshots } from './snapshots';

/** What belongs to the account and outlives single devboxes. */
export class Account implements Provisions {
  readonly secretStore: Secrets;
  readonly snapshots: Snapshots;
  readonly blueprints: Blueprints;

  private constructor(secrets: Secrets, snapshots: Snapshots, blueprints: Blueprints) {
    this.secretStore = secrets;
    this.snapshots = snapshots;
    this.blueprints = blueprints;
  }

  /** @param sandboxes where blueprints are built */
  static async open(store: Store, sandboxes: SandboxChoice): Promise<Account> {
    const blueprints = await Blueprints.open(store);
    blueprints.run = builderIn(sandboxes);
    return new Account(new Secrets(store), await Snapshots.open(store), blueprints);
  }

  secrets(wanted: Readonly<Record<string, string>>): { values: Record<string, string>; missing: string[] } {
    const values: Record<string, string> = {};
    const missing: string[] = [];
    for (const [variable, name] of Object.entries(wanted)) {
      const value = this.secretStore.value(name);
      if (value === undefined) {
        missing.push(name);
      } else {
        values[variable] = value;
      }
    }
    return { values, missing };
  }

  async copyDisk(spec: { readonly snapshotId?: string | undefined; readonly blueprint?: Blueprint | undefined }, root: string, signal: AbortSignal): Promise<void> {
    if (spec.snapshotId !== undefined) {
      await this.snapshots.take(spec.snapshotId, root, signal);
    } else if (spec.blueprint !== undefined) {
      await this.blueprints.take(spec.blueprint.id, root, signal);
    }
  }

  object(id: string): never {
    throw new DevboxError('not_found', `There is no object ${id}.`);
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.snapshots.close(), this.blueprints.close()]);
  }
}
