import type { Egress } from '../network/egress';
import type { DevboxSpec } from './spec';

/** What the egress gateways of network policies need. */
export interface EgressGatewayContext {
  /** Host folder for their sockets. */
  readonly folder: string;
  /** The words that start the relay on the host, without its arguments. */
  readonly relay: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What a policy says now; undefined when there is none of that id. */
  readonly egress: (policyId: string) => Egress | undefined;
  /** The port on which tunnels are served, once it is known. */
  readonly tunnelPort: () => number | undefined;
}

/** What the account has for its devboxes. */
export interface AccountResources {
  readonly gateway: EgressGatewayContext;
  /**
   * The present values of secrets.
   * @param wanted variable name → name of the secret
   */
  secrets(wanted: Readonly<Record<string, string>>): {
    readonly values: Readonly<Record<string, string>>;
    readonly missing: readonly string[];
  };
  /**
   * Copies the disk of the blueprint or snapshot a devbox is made of, if it has one.
   * @param root the devbox's empty disk on the host
   * @throws DevboxError when it is not there or cannot be copied
   */
  copyDisk(spec: Pick<DevboxSpec, 'blueprint' | 'snapshotId'>, root: string, signal: AbortSignal): Promise<void>;
  /** Settles when nothing reads a devbox's disk any more. */
  diskUnused(devboxId: string): Promise<void>;
  /**
   * Finds the bytes of an object.
   * @throws DevboxError `not_found`
   */
  object(id: string): { readonly file: string; readonly contentType: string };
}
