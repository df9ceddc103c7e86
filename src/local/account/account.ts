import { join } from 'node:path';
import type { EgressGatewayContext, AccountResources } from '../devbox/accountResources';
import type { Blueprint } from '../devbox/blueprints';
import { findProgram } from '../host/hostPrograms';
import type { SandboxChoice } from '../sandbox/chooseSandbox';
import type { Store } from '../store/store';
import { Blueprints } from './blueprints';
import { builderIn } from './build/builder';
import { NetworkPolicies } from './networkPolicies';
import { Objects } from './objects';
import { Secrets } from './secrets';
import { SignedAddresses } from './signedAddresses';
import { Snapshots } from './snapshots';

/** What the account stands on. */
export interface AccountContext {
  readonly store: Store;
  /** Where blueprints are built. */
  readonly sandboxes: SandboxChoice;
  /** Gets sentences for the platform's own output. */
  readonly logLine: (line: string) => void;
  /** The words that start the relay of a network policy's egress gateway. */
  readonly relay: readonly string[];
  /** The port on which tunnels are served, once it is known. */
  readonly tunnelPort: () => number | undefined;
}

/** What belongs to the account and outlives single devboxes. */
export class Account implements AccountResources {
  readonly secretStore: Secrets;
  readonly snapshots: Snapshots;
  readonly blueprints: Blueprints;
  readonly objects: Objects;
  readonly policies: NetworkPolicies;
  readonly gateway: EgressGatewayContext;
  /** True if devboxes can be held to what a network policy allows. */
  readonly canIsolateNetwork: boolean;
  /** Where the bytes of objects can be sent to and had from. */
  readonly objectAddresses: SignedAddresses;

  private constructor(
    { store, sandboxes, relay, tunnelPort }: AccountContext,
    snapshots: Snapshots,
    blueprints: Blueprints,
    objects: Objects,
  ) {
    this.secretStore = new Secrets(store);
    this.snapshots = snapshots;
    this.blueprints = blueprints;
    this.objects = objects;
    this.objectAddresses = new SignedAddresses(this.secretStore.keyFor('addresses of objects'));
    this.policies = new NetworkPolicies(store);
    this.canIsolateNetwork = sandboxes.mode !== 'plain' && findProgram('ip') !== undefined;
    this.gateway = {
      folder: store.folder('net'),
      relay,
      environment: sandboxes.tools.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {},
      egress: (policyId) => this.policies.find(policyId)?.egress,
      tunnelPort,
    };
  }

  /** Opens what the store has. */
  static async open(context: AccountContext): Promise<Account> {
    const { store, sandboxes, logLine } = context;
    // Sockets of a killed platform.
    await store.trash.discard(join(store.dataDir, 'net'));
    const account = new Account(
      context,
      await Snapshots.open(store),
      await Blueprints.open(store),
      await Objects.open(store),
    );
    account.blueprints.run = builderIn(sandboxes, account, logLine);
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

  async copyDisk(
    spec: { readonly snapshotId?: string | undefined; readonly blueprint?: Blueprint | undefined },
    root: string,
    signal: AbortSignal,
  ): Promise<void> {
    if (spec.snapshotId !== undefined) {
      await this.snapshots.take(spec.snapshotId, root, signal);
    } else if (spec.blueprint !== undefined) {
      await this.blueprints.take(spec.blueprint.id, root, signal);
    }
  }

  diskUnused(devboxId: string): Promise<void> {
    return this.snapshots.settled(devboxId);
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
