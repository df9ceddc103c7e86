import * as z from 'zod';
import { DevboxError } from '../errors';
import { newPolicyId } from '../ids';
import { type Egress, egressRecord } from '../network/egress';
import type { ListQuery, Page, RecordTable } from '../store/recordTable';
import type { Store } from '../store/store';

const policyRecord = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().optional(),
  createdAt: z.number(),
  updatedAt: z.number(),
  egress: egressRecord,
});

/** A network policy as the store has it. */
export type PolicyRecord = z.infer<typeof policyRecord>;

/** What may be said about a policy; what is left out stays as it is. */
export interface PolicyChanges {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly egress: { readonly [K in keyof Egress]?: Egress[K] | undefined };
}

const nothingAllowed: Egress = {
  allow_all: false,
  allowed_hostnames: [],
  allowed_cidrs: [],
  allow_devbox_to_devbox: false,
  allow_agent_gateway: false,
  allow_mcp_gateway: false,
  allow_runloop_mirrors: false,
};

/** The account's network policies. */
export class NetworkPolicies {
  readonly #store: Store;
  readonly #table: RecordTable<PolicyRecord>;

  constructor(store: Store) {
    this.#store = store;
    this.#table = store.table({
      table: 'network_policies',
      schema: policyRecord,
      columns: ({ name }) => ({ name, status: undefined }),
    });
  }

  /**
   * Names are labels and may be used again.
   * @param key the same for a repeated request
   */
  create(changes: PolicyChanges & { readonly name: string }, key: string | undefined): PolicyRecord {
    const id = this.#store.once(key, () => {
      const now = Date.now();
      const record: PolicyRecord = {
        id: newPolicyId(),
        name: changes.name,
        description: changes.description,
        createdAt: now,
        updatedAt: now,
        egress: merge(nothingAllowed, changes.egress),
      };
      this.#table.put(record);
      return record.id;
    });
    return this.get(id);
  }

  /** @throws DevboxError `not_found` */
  get(id: string): PolicyRecord {
    const record = this.find(id);
    if (record === undefined) {
      throw new DevboxError('not_found', `There is no network policy ${id}.`);
    }
    return record;
  }

  find(id: string): PolicyRecord | undefined {
    return this.#table.get(id);
  }

  page(query: ListQuery<PolicyRecord>): Page<PolicyRecord> {
    return this.#table.list(query);
  }

  /** Changes what is given. It holds at once, also for connections that running devboxes open from now on. */
  update(id: string, changes: PolicyChanges): PolicyRecord {
    const record = this.get(id);
    const changed = {
      ...record,
      name: changes.name ?? record.name,
      description: changes.description ?? record.description,
      updatedAt: Date.now(),
      egress: merge(record.egress, changes.egress),
    };
    this.#table.put(changed);
    return changed;
  }

  delete(id: string): PolicyRecord {
    const record = this.get(id);
    this.#table.delete(id);
    return record;
  }
}

function merge(egress: Egress, changes: PolicyChanges['egress']): Egress {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const merged = egressRecord.parse({ ...egress, ...given });
  return merged.allow_all ? { ...merged, allow_devbox_to_devbox: true } : merged;
}
