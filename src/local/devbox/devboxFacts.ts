import type { DevboxRecord } from './devboxRecord';
import { DevboxError } from '../errors';
import { newDevboxId } from '../ids';
import type { DevboxSpec } from './spec';
import { StateHistory } from './lifeCycle/stateHistory';
import type { DevboxStatus, Ending, FailureReason, ShutdownReason, StateTransition } from './lifeCycle/status';
import { type Tunnel, type TunnelSettings, openTunnel } from './tunnel';

/** Writes a devbox down. */
export interface RecordWrites {
  /**
   * Done when it comes back.
   * @throws DevboxError `no_room` when the disk is full
   */
  readonly save: (record: DevboxRecord) => void;
  /** The same, but on a full disk it is done later. */
  readonly saveLater: (record: DevboxRecord) => void;
}

/** What is known about a devbox and written down with every change: what it is to be, its states, how it ended. */
export class DevboxFacts {
  readonly id: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly spec: DevboxSpec;
  readonly #writes: RecordWrites;
  readonly #states: StateHistory;
  #name: string | undefined;
  #metadata: Readonly<Record<string, string>>;
  #tunnel: Tunnel | undefined;
  #shutdownReason: ShutdownReason | undefined;
  #failureReason: FailureReason | undefined;
  #endedAt: number | undefined;

  /**
   * @param past what was written down of a devbox that was there before
   */
  constructor(spec: DevboxSpec, writes: RecordWrites, past?: DevboxRecord) {
    this.id = past?.id ?? newDevboxId();
    this.createdAt = past?.createdAt ?? Date.now();
    this.spec = spec;
    this.#writes = writes;
    this.#states = new StateHistory(past?.transitions);
    this.#name = spec.name;
    this.#metadata = spec.metadata;
    this.#tunnel = past === undefined && spec.tunnel !== undefined ? openTunnel(spec.tunnel) : past?.tunnel;
    this.#shutdownReason = past?.shutdownReason;
    this.#failureReason = past?.failureReason;
    this.#endedAt = past?.endedAt;
  }

  /** What was written down of a devbox, as the spec of one that is there again: what it was mounted with is on its disk. */
  static specOf({ name, metadata, spec }: DevboxRecord): DevboxSpec {
    return { ...spec, name, metadata, fileMounts: [], objectMounts: [], codeMounts: [], tunnel: undefined };
  }

  /** The devbox as the store keeps it. */
  get record(): DevboxRecord {
    const {
      blueprint,
      snapshotId,
      environment,
      secrets,
      entrypoint,
      launchCommands,
      username,
      uid,
      home,
      lifetime,
      hooks,
      limits,
      wakeOnHttp,
      launchParameters,
    } = this.spec;
    return {
      id: this.id,
      createdAt: this.createdAt,
      name: this.#name,
      metadata: { ...this.#metadata },
      spec: {
        blueprint,
        snapshotId,
        environment: { ...environment },
        secrets: { ...secrets },
        entrypoint,
        launchCommands: [...launchCommands],
        username,
        uid,
        home,
        lifetime,
        hooks: { ...hooks, suspendCommands: [...hooks.suspendCommands] },
        limits,
        wakeOnHttp,
        launchParameters: { ...launchParameters },
      },
      transitions: [...this.transitions],
      shutdownReason: this.#shutdownReason,
      failureReason: this.#failureReason,
      endedAt: this.#endedAt,
      tunnel: this.#tunnel,
    };
  }

  get name(): string | undefined {
    return this.#name;
  }

  get status(): DevboxStatus {
    return this.#states.status;
  }

  get transitions(): readonly StateTransition[] {
    return this.#states.transitions;
  }

  get tunnel(): Tunnel | undefined {
    return this.#tunnel;
  }

  /**
   * Gives the devbox its tunnel.
   * @throws DevboxError `wrong_state` when it has one already
   */
  openTunnel(settings: TunnelSettings): Tunnel {
    if (this.#tunnel !== undefined) {
      throw new DevboxError(
        'wrong_state',
        `Devbox ${this.id} already has a tunnel. Retrieve the devbox to see it, or remove it first.`,
      );
    }
    const tunnel = openTunnel(settings);
    this.#change({ tunnel });
    return tunnel;
  }

  /** Takes the devbox's tunnel away, if it has one. */
  removeTunnel(): void {
    this.#change({ tunnel: undefined });
  }

  /** Changes what is given and leaves alone what is not; an empty name takes the name away. */
  update(changes: {
    readonly name: string | undefined;
    readonly metadata: Readonly<Record<string, string>> | undefined;
  }): void {
    this.#change({
      name: changes.name === undefined ? this.#name : changes.name === '' ? undefined : changes.name,
      metadata: changes.metadata ?? this.#metadata,
    });
  }

  /**
   * Goes on to a status, if the devbox has not ended: written down first, then told to those who wait. What has happened has
   * happened: on a full disk it is written when there is room. Only a devbox that was never written down is refused then.
   */
  move(status: DevboxStatus): void {
    const isNew = this.transitions.length === 0;
    if (this.#states.move(status, status === 'failure' ? this.#failureReason : undefined)) {
      if (isNew) {
        this.#writes.save(this.record);
      } else {
        this.#writes.saveLater(this.record);
      }
      this.#states.announce();
    }
  }

  /** The devbox has ended, and its tunnel with it. */
  end(ending: Ending): void {
    this.#tunnel = undefined;
    this.#endedAt = Date.now();
    if (ending.status === 'failure') {
      this.#failureReason = ending.reason;
    } else {
      this.#shutdownReason = ending.reason;
    }
    this.move(ending.status);
  }

  /**
   * Waits until the devbox is in one of `statuses`.
   * @returns false when `signal` aborted first
   */
  waitFor(statuses: readonly DevboxStatus[], signal: AbortSignal): Promise<boolean> {
    return this.#states.waitFor(statuses, signal);
  }

  /** Changes facts that somebody asked to be changed: what cannot be written down is not changed. */
  #change(facts: Partial<Pick<DevboxRecord, 'name' | 'metadata' | 'tunnel'>>): void {
    const record = { ...this.record, ...facts };
    this.#writes.save(record);
    this.#name = record.name;
    this.#metadata = record.metadata;
    this.#tunnel = record.tunnel;
  }
}
