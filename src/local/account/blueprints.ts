import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { inScopeOf } from '../bulkhead/devboxScope';
import { linkSignals } from '../../ground/deadline';
import { type Blueprint, builtInBlueprints, findBlueprint } from '../devbox/blueprints';
import { DevboxLog } from '../devbox/devboxLog';
import { DevboxError, messageOf } from '../errors';
import { newBlueprintId } from '../ids';
import { removeFolder } from '../host/removeFolder';
import type { RecordTable } from '../store/recordTable';
import type { Store } from '../store/store';
import { type BuildOrder, type BuiltBlueprint, type RunBuild, BuildFailure, builtRecord } from './build/blueprintBuild';
import { Disks } from './disks';

/** The account's blueprints: those that come with the platform, and those that were built on it. */
export class Blueprints {
  readonly #store: Store;
  readonly #table: RecordTable<BuiltBlueprint>;
  readonly #disks: Disks;
  readonly #logs = new Map<string, DevboxLog>();
  readonly #stopping = new AbortController();
  /** Builds that wait or run. */
  readonly #building = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();
  /** Builds follow one another: each has the computer for itself. */
  readonly #oneByOne = pLimit(1);
  /** Set before anything can be built. */
  run: RunBuild = () => Promise.reject(new DevboxError('failed', 'The local platform is not ready to build.'));

  private constructor(store: Store) {
    this.#store = store;
    this.#table = store.table({
      table: 'blueprints',
      schema: builtRecord,
      columns: ({ name, status }) => ({ name, status }),
    });
    this.#disks = new Disks(store.folder('blueprints'), store.trash);
  }

  /** Opens the blueprints; builds that a killed platform did not finish have failed. */
  static async open(store: Store): Promise<Blueprints> {
    const blueprints = new Blueprints(store);
    for (const record of blueprints.all()) {
      if (record.status === 'build_complete' && !blueprints.#disks.has(record.id)) {
        const failure = 'Its disk is not in the data folder any more.';
        blueprints.#table.put({ ...record, status: 'failed', failure, failureReason: 'build_failed' });
        store.logLine(`The disk of blueprint ${record.id} is not in the data folder any more.`);
      }
      if (record.status === 'queued' || record.status === 'building') {
        blueprints.#table.put({
          ...record,
          status: 'failed',
          finishedAt: Date.now(),
          failure: 'The local platform was ended during the build.',
          failureReason: 'build_failed',
        });
      }
    }
    // What a killed build had made so far.
    await store.trash.discard(store.folder('builds'));
    store.folder('builds');
    await blueprints.#disks.removeAllBut(
      new Set(
        blueprints
          .all()
          .filter(({ status }) => status === 'build_complete')
          .map(({ id }) => id),
      ),
    );
    return blueprints;
  }

  /** All that were built here and not deleted, newest first. */
  all(): readonly BuiltBlueprint[] {
    return this.#table.list({ limit: Number.MAX_SAFE_INTEGER, where: ({ status }) => status !== 'deleted' }).items;
  }

  /** @throws DevboxError `not_found` */
  get(id: string): BuiltBlueprint {
    const record = this.#table.get(id);
    if (record === undefined) {
      throw new DevboxError('not_found', `There is no blueprint ${id}.`);
    }
    return record;
  }

  /** The blueprint a devbox can be made of, by id or as the newest successful build of a name. */
  usable(wanted: {
    readonly id?: string | undefined;
    readonly name?: string | undefined;
  }): BuiltBlueprint | Blueprint | undefined {
    const built =
      wanted.id === undefined
        ? this.#table.newest(wanted.name ?? '', ({ status }) => status === 'build_complete')
        : this.#table.get(wanted.id);
    return built?.status === 'build_complete' ? built : findBlueprint(wanted);
  }

  /** The variables that a blueprint gives; none for one that comes with the platform. */
  environmentOf(id: string): Readonly<Record<string, string>> {
    return this.#table.get(id)?.environment ?? {};
  }

  /** Begins a build; the same key gives the same build. */
  begin(order: BuildOrder, key: string | undefined): BuiltBlueprint {
    const id = this.#store.once(key, () => {
      const base = order.base === undefined ? undefined : this.#table.get(order.base.id);
      const record: BuiltBlueprint = {
        id: newBlueprintId(),
        name: order.name,
        createdAt: Date.now(),
        openhands: order.base?.openhands === true || order.dockerfile?.stages.at(-1)?.openhands === true,
        baseId: order.base?.id,
        status: 'queued',
        environment: { ...base?.environment },
        user: order.dockerfile?.user ?? base?.user,
        metadata: { ...order.metadata },
        parameters: { ...order.parameters },
      };
      this.#table.put(record);
      const stop = new AbortController();
      const { signal, dispose } = linkSignals(stop.signal, this.#stopping.signal);
      const done = this.#oneByOne(() => this.#build(record, order, signal)).finally(dispose);
      this.#building.set(record.id, { stop, done });
      return record.id;
    });
    return this.get(id);
  }

  /** What a build has said so far, an object of the API each. */
  async logs(id: string, signal: AbortSignal): Promise<readonly unknown[]> {
    let log = this.#logs.get(id);
    if (log === undefined && this.#isDeleted(id)) {
      return [];
    }
    if (log === undefined) {
      // Nothing is added any more: closed, it can still be read.
      log = new DevboxLog(this.#logFile(id));
      log.close();
    }
    const entries: unknown[] = [];
    for await (const { bytes } of log.read(0, false, signal)) {
      entries.push(
        ...bytes
          .toString('utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as unknown),
      );
    }
    return entries;
  }

  /** Deletes a blueprint; devboxes that were made of it keep their disk. Its build ends, if it is still under way. */
  async delete(id: string): Promise<void> {
    const record = this.get(id);
    // From now on nothing can be made of it, whatever its build comes to.
    this.#table.put({
      ...record,
      status: 'deleted',
      failureReason: record.status === 'build_complete' ? undefined : (record.failureReason ?? 'build_failed'),
    });
    const building = this.#building.get(id);
    building?.stop.abort(new DevboxError('failed', 'The blueprint was deleted.'));
    // A build that waits for its turn is over as far as anybody can see.
    if (building !== undefined && record.status === 'building') {
      await building.done;
    }
    await this.#disks.remove(id);
    await rm(this.#logFile(id), { force: true });
  }

  take(id: string, target: string, signal: AbortSignal): Promise<void> {
    return builtInBlueprints.some((blueprint) => blueprint.id === id)
      ? Promise.resolve()
      : this.#disks.take(id, target, signal);
  }

  /** Ends what is being built; it has failed. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#building.values()].map(({ done }) => done));
  }

  async #build(record: BuiltBlueprint, order: BuildOrder, signal: AbortSignal): Promise<void> {
    if (this.#isDeleted(record.id)) {
      this.#building.delete(record.id);
      return;
    }
    const log = new DevboxLog(this.#logFile(record.id));
    this.#logs.set(record.id, log);
    const folder = join(this.#store.folder('builds'), record.id);
    const scratch = `${folder}.stages`;
    const environment = { ...record.environment, ...order.dockerfile?.environment };
    try {
      signal.throwIfAborted();
      this.#table.put({ ...record, status: 'building' });
      await mkdir(folder, { recursive: true });
      if (record.baseId !== undefined) {
        await this.take(record.baseId, folder, signal);
      }
      const openhands = record.openhands ? builtInBlueprints.find((blueprint) => blueprint.openhands) : undefined;
      const { id, environment: inherited } = record;
      const places = { disk: folder, scratch, copyDisk: this.#disks.copy.bind(this.#disks) };
      const job = { ...order, ...places, id, openhands, environment: inherited, log, signal };
      const fail = (_reason: string, message: string): void =>
        this.#building.get(record.id)?.stop.abort(new BuildFailure('build_failed', message));
      await inScopeOf({ id: record.id, fail }, () => this.run(job));
      await removeFolder(join(folder, 'run/devbox'));
      await this.#disks.keep(record.id, folder, signal);
      this.#settle({ ...record, status: 'build_complete', environment, finishedAt: Date.now() });
    } catch (error) {
      log.append({ source: 'setup_commands', level: 'error', message: messageOf(error) });
      this.#settle({
        ...record,
        status: 'failed',
        failure: messageOf(error),
        failureReason: error instanceof BuildFailure ? error.reason : 'build_failed',
        finishedAt: Date.now(),
      });
    } finally {
      log.close();
      this.#logs.delete(record.id);
      await this.#store.trash.discard(folder);
      await this.#store.trash.discard(scratch);
      this.#building.delete(record.id);
    }
  }

  /** Writes down how a build ended, unless its blueprint has been deleted. */
  #settle(record: BuiltBlueprint): void {
    if (!this.#isDeleted(record.id)) {
      this.#table.put(record);
    }
  }

  #isDeleted(id: string): boolean {
    return this.#table.get(id)?.status === 'deleted';
  }

  #logFile(id: string): string {
    return join(this.#store.folder('logs'), `${id}.jsonl`);
  }
}
