import type { Provisions } from '../devbox/provisions';
import type { Blueprint } from '../devbox/blueprints';
import type { SandboxChoice } from '../devbox/probe';
import type { Store } from '../store/store';
import { Blueprints } from './blueprints';
import { builderIn } from './builder';
import { Objects } from './objects';
import { Secrets } from './secrets';
import { SignedAddresses } from './signedAddresses';
import { Snapshots } from './snapshots';

/** What belongs to the account and outlives single devboxes. */
export class Account implements Provisions {
  readonly secretStore: Secrets;
  readonly snapshots: Snapshots;
  readonly blueprints: Blueprints;
  readonly objects: Objects;
  /** Where the bytes of objects can be sent to and had from. */
  readonly objectAddresses: SignedAddresses;

  private constructor(secrets: Secrets, snapshots: Snapshots, blueprints: Blueprints, objects: Objects) {
    this.secretStore = secrets;
    this.snapshots = snapshots;
    this.blueprints = blueprints;
    this.objects = objects;
    this.objectAddresses = new SignedAddresses(secrets.keyFor('addresses of objects'));
  }

  /**
   * @param sandboxes where blueprints are built
   * @param say gets sentences for the platform's own output
   */
  static async open(store: Store, sandboxes: SandboxChoice, say: (line: string) => void): Promise<Account> {
    const account = new Account(new Secrets(store), await Snapshots.open(store), await Blueprints.open(store), await Objects.open(store));
    account.blueprints.run = builderIn(sandboxes, account, say);
    return account;
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

  object(id: string): { readonly file: string; readonly contentType: string } {
    const { file, record } = this.objects.file(id);
    return { file, contentType: record.contentType };
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.snapshots.close(), this.blueprints.close(), this.objects.close()]);
  }
}
