import { existsSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListQuery, Page, RecordTable } from '../store/recordTable';
import { OwedWrites } from '../store/owedWrites';
import type { Store } from '../store/store';
import { Devbox } from './devbox';
import { type DevboxRecord, devboxTable, isResting, statusOf } from './devboxRecord';
import { DevboxError } from '../errors';
import { DevboxLog } from './devboxLog';
import { Evictions } from './lifeCycle/evictions';
import { executionTable, lost } from './run/executions/keptExecution';
import { Listeners } from '../host/sockets/listeners';
import { LoopbackAddresses } from '../sandbox/loopbackAddresses';
import type { FaultHooks } from './lifeCycle/faultHooks';
import type { SandboxChoice } from '../sandbox/chooseSandbox';
import type { AccountResources } from './accountResources';
import type { DevboxSpec } from './spec';
import { devboxStatuses, isTerminal } from './lifeCycle/status';
import type { DevboxContext } from './devboxContext';
import { TimeToLive } from './lifeCycle/timeToLive';
import { UsageWatch } from '../sandbox/limits/usageWatch';

/** Ended devboxes that can still be looked at; older ones are forgotten at the next start. */
const keptEnded = 20_000;

/** Executions whose outcome is remembered when their devbox has ended. */
const keptExecutions = 10_000;

/** What the registry stands on. */
export interface RegistryContext {
  readonly store: Store;
  readonly sandboxes: SandboxChoice;
  readonly resources: AccountResources;
  /** Gets sentences for the person who started the platform. */
  readonly logLine: (line: string) => void;
  /** What is done to devboxes on order. */
  readonly faultHooks: FaultHooks | undefined;
  /** The age at which a devbox ends, whatever its own rules are. */
  readonly devboxTtlSeconds?: number | undefined;
}

/** All devboxes of this platform: those that live as objects, those that have ended in the store. */
export class DevboxRegistry {
  /** Devboxes that are to be taken off their place. */
  readonly evictions = new Evictions();
  readonly #living = new Map<string, Devbox>();
  readonly #table: RecordTable<DevboxRecord>;
  readonly #owed: OwedWrites<DevboxRecord>;
  readonly #store: Store;
  readonly #context: DevboxContext;
  readonly #timeToLive: TimeToLive | undefined;
  #closed = false;

  private constructor({ store, sandboxes, resources, logLine, faultHooks, devboxTtlSeconds }: RegistryContext) {
    this.#timeToLive = devboxTtlSeconds === undefined ? undefined : new TimeToLive(devboxTtlSeconds);
    const table = store.table(devboxTable);
    this.#store = store;
    this.#table = table;
    this.#owed = new OwedWrites(table);
    this.#context = {
      sandboxes,
      resources,
      logLine,
      evictions: this.evictions,
      faultHooks,
      usage: new UsageWatch(logLine),
      trash: store.trash,
      folder: store.folder('devboxes'),
      logFolder: store.folder('logs'),
      addresses: new LoopbackAddresses(),
      listeners: new Listeners(() =>
        this.living().flatMap(({ id, scope }) => (scope === undefined ? [] : [{ name: `devbox ${id}`, scope }])),
      ),
      save: (record) => table.put(record),
      saveLater: (record) => this.#owed.put(record),
      executions: store.table(executionTable),
    };
  }

  /**
   * Opens the registry: suspended devboxes are there again, those whose processes ended with a killed platform are
   * failures, and what they left is cleared away.
   */
  static async open(context: RegistryContext): Promise<DevboxRegistry> {
    const registry = new DevboxRegistry(context);
    for (const status of devboxStatuses.filter((name) => !isTerminal(name))) {
      for (const record of registry.#table.list({ status, limit: Number.MAX_SAFE_INTEGER }).items) {
        registry.#recover(record);
      }
    }
    registry.#recoverExecutions();
    await registry.#clearAway();
    return registry;
  }

  /**
   * Creates a devbox; it comes up on its own.
   * @param key the same for a repeated request, which gets the devbox of the first one
   * @param spec gives what is to be created, if it is a new request
   * @throws DevboxError `wrong_state` while the platform shuts down
   */
  create(key: string | undefined, spec: () => DevboxSpec): Devbox {
    this.#refuseWhenClosed();
    let created: Devbox | undefined;
    const id = this.#store.once(key, () => {
      created = Devbox.create(spec(), this.#context);
      return created.id;
    });
    if (created !== undefined) {
      this.#add(created);
    }
    return created ?? this.get(id);
  }

  /**
   * Finds a devbox by id.
   * @throws DevboxError `not_found`
   */
  get(id: string): Devbox {
    const living = this.#living.get(id);
    if (living !== undefined) {
      return living;
    }
    const record = this.#table.get(id);
    if (record === undefined) {
      throw new DevboxError('not_found', `There is no devbox ${id}.`);
    }
    return Devbox.fromRecord(record, this.#context);
  }

  /** A devbox that has not ended. */
  findLiving(id: string): Devbox | undefined {
    return this.#living.get(id);
  }

  /** A page of all devboxes, newest first. */
  page(query: ListQuery<DevboxRecord>): Page<DevboxRecord> {
    return this.#table.list(query);
  }

  /** The devboxes that have not ended. */
  living(): readonly Devbox[] {
    return [...this.#living.values()];
  }

  /** The devbox whose tunnel has this key, if there is one. */
  findByTunnelKey(key: string): Devbox | undefined {
    return this.living().find((devbox) => devbox.tunnel?.key === key);
  }

  /** Ends all processes and refuses new ones; suspended devboxes stay suspended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timeToLive?.dispose();
    await Promise.all(this.living().map((devbox) => devbox.park()));
    this.#context.listeners.dispose();
    this.#owed.settle();
  }

  #add(devbox: Devbox): void {
    this.#living.set(devbox.id, devbox);
    this.#timeToLive?.watch(devbox);
    void devbox.waitFor(['shutdown', 'failure'], new AbortController().signal).then(async () => {
      this.#timeToLive?.forget(devbox.id);
      // Its end is not over before its folder is gone.
      await devbox.end({ status: 'shutdown', reason: 'api_shutdown' });
      this.#living.delete(devbox.id);
    });
  }

  #recover(record: DevboxRecord): void {
    const status = statusOf(record);
    const now = Date.now();
    if (isResting(record) && existsSync(join(this.#context.folder, record.id))) {
      // Its disk is whole: what was under way can be asked for again.
      const rested =
        status === 'suspended'
          ? record
          : { ...record, transitions: [...record.transitions, { status: 'suspended' as const, time: now }] };
      if (rested !== record) {
        this.#table.put(rested);
      }
      this.#add(Devbox.fromRecord(rested, this.#context));
      return;
    }
    const failureReason = 'health_check_failed' as const;
    this.#table.put({
      ...record,
      tunnel: undefined,
      failureReason,
      endedAt: now,
      transitions: [...record.transitions, { status: 'failure', time: now, failureReason }],
    });
    const log = new DevboxLog(join(this.#context.logFolder, `${record.id}.jsonl`));
    log.append({
      source: 'setup_commands',
      level: 'error',
      message: isResting(record)
        ? 'The disk of the devbox is not in the data folder any more, so it cannot be resumed.'
        : `The local platform was ended without a warning while the devbox was ${status}, and the devbox's processes with it.`,
    });
    log.close();
  }

  /** No command has outlived the platform that started it. */
  #recoverExecutions(): void {
    const { executions } = this.#context;
    for (const record of executions.list({ status: 'running', limit: Number.MAX_SAFE_INTEGER }).items) {
      executions.put(lost(record));
    }
    executions.prune(['completed'], keptExecutions);
  }

  async #clearAway(): Promise<void> {
    const { folder, logFolder } = this.#context;
    this.#table
      .prune(['shutdown', 'failure'], keptEnded)
      .forEach((id) => rmSync(join(logFolder, `${id}.jsonl`), { force: true }));
    for (const name of await readdir(folder)) {
      if (!this.#living.has(name)) {
        await this.#store.trash.discard(join(folder, name));
      }
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closed) {
      throw new DevboxError('wrong_state', 'The local platform is shutting down and starts no more devboxes.');
    }
  }
}
