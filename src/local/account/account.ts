import { DevboxError } from '../devbox/errors';
import type { Provisions } from '../devbox/provisions';
import type { Store } from '../store/store';
import { Secrets } from './secrets';
import { Snapshots } from './snapshots';

/** What belongs to the account and outlives single devboxes. */
export class Account implements Provisions {
  readonly secretStore: Secrets;
  readonly snapshots: Snapshots;

  private constructor(secrets: Secrets, snapshots: Snapshots) {
    this.secretStore = secrets;
    this.snapshots = snapshots;
  }

  static async open(store: Store): Promise<Account> {
    return new Account(new Secrets(store), await Snapshots.open(store));
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

  async copyDisk(spec: { readonly snapshotId?: string | undefined }, root: string, signal: AbortSignal): Promise<void> {
    if (spec.snapshotId !== undefined) {
      await this.snapshots.take(spec.snapshotId, root, signal);
    }
  }

  object(id: string): never {
    throw new DevboxError('not_found', `There is no object ${id}.`);
  }

  /** Ends what is under way. */
  close(): Promise<void> {
    return this.snapshots.close();
  }
}
