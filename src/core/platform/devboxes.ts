import type { Runloop } from '@runloop/api-client';
import { withDeadline } from '../../ground/deadline';
import { RuntimeError } from '../errors';
import { asNumber, asObject } from '../parse';
import { objectOf, unexpected } from './answers';
import type { ApiCalls, CallOptions } from './apiCalls';
import type { ApiAccess } from './client';
import type { CreateDevboxBody, CreateDevboxParams } from './createDevboxBody';
import { parseDevbox, parseDevboxPage, type Devbox, type DevboxPage, type KnownStatus } from './devbox';
import { devboxPath, idInPath } from './devboxId';
import { jsonIn, openLog, type ReadLogOptions } from './logRequest';
import { PageCursor } from './pageCursor';
import { platformProblem } from '../problems/platform';
import type { Task } from '../problems/phrases';

/** What a devbox has used since it was created, as Runloop counts it. Active seconds exclude suspended time. */
export interface Usage {
  readonly activeSeconds: number;
  readonly vcpuSeconds: number;
  readonly memoryGibSeconds: number;
  readonly diskGibSeconds: number;
}

/** The devboxes of an account. */
export class Devboxes {
  readonly #calls: ApiCalls;
  readonly #access: ApiAccess;

  constructor(calls: ApiCalls, access: ApiAccess) {
    this.#calls = calls;
    this.#access = access;
  }

  /**
   * Creates a devbox: sent once. Whether a failure has left one, and whether to send it again, `createDevbox.ts` finds
   * out, as repeats need not be dropped where the request id is the same.
   */
  async create(body: CreateDevboxBody, call: CallOptions & { requestId: string }): Promise<Devbox> {
    const request = { body: body satisfies CreateDevboxParams, idempotencyKey: call.requestId };
    return parseDevbox(await this.#calls.once('post', '/v1/devboxes', request, { doing: 'creating a devbox' }, call));
  }

  async retrieve(devboxId: string, call: CallOptions = {}): Promise<Devbox> {
    return parseDevbox(await this.#calls.get(devboxPath(devboxId), { doing: 'reading a devbox', devboxId }, call));
  }

  /**
   * The devbox as it is now, asked for once and without the SDK, as a log is: with the bytes counted.
   *
   * @throws RuntimeError; Error with a Node code on a cut
   */
  async retrieveCounted(devboxId: string, options: ReadLogOptions): Promise<Devbox> {
    return withDeadline(30_000, options.signal, async (signal) => {
      const json = { accept: 'application/json' };
      const response = await openLog(this.#access, idInPath(devboxId), devboxId, { ...options, signal }, json);
      if (response.statusCode === 404) {
        response.destroy();
        const problem = platformProblem('devbox_unknown', { devbox: devboxId });
        throw new RuntimeError({ problem, devboxId, status: 404 });
      }
      return parseDevbox(await jsonIn(response, 'a devbox', options));
    });
  }

  /**
   * One page of the account's devboxes, newest first as far as is known (the API does not promise an order).
   *
   * @param query `after` is the id of the last devbox of the page before
   */
  async listPage(
    query: {
      readonly status?: KnownStatus | undefined;
      readonly after?: string | undefined;
      readonly limit: number;
    },
    call: CallOptions = {},
  ): Promise<DevboxPage> {
    const parameters = {
      limit: query.limit,
      include_total_count: false,
      ...(query.status === undefined ? {} : { status: query.status }),
      ...(query.after === undefined ? {} : { starting_after: query.after }),
    } satisfies Runloop.DevboxListParams;
    return parseDevboxPage(await this.#calls.get('/v1/devboxes', { doing: 'listing devboxes' }, call, parameters));
  }

  /**
   * Every devbox with this status, over all pages; without a status, every devbox of the account.
   *
   * @returns whether that is all: false if entries could not be read
   * @throws RuntimeError `unexpected_answer` if the pages have no end: what was not found may be there all the same
   */
  async *list(
    filter: { status?: KnownStatus; pageSize?: number },
    call: CallOptions & { readonly onMalformed?: (count: number) => void } = {},
  ): AsyncGenerator<Devbox, boolean> {
    let isWhole = true;
    const pages = new PageCursor('devboxes');
    do {
      const page = await this.listPage(
        { status: filter.status, after: pages.after, limit: filter.pageSize ?? 200 },
        call,
      );
      yield* page.devboxes;
      if (page.malformed > 0) call.onMalformed?.(page.malformed);
      isWhole &&= page.isWhole;
      pages.advance(page);
    } while (pages.after !== undefined);
    return isWhole;
  }

  /**
   * Asks the server to hold until the devbox is in one of `statuses`, once. The SDK has no call and no type for it.
   *
   * @returns the devbox, or undefined when the server's time was up (408).
   */
  async waitForStatus(
    devboxId: string,
    statuses: readonly string[],
    holdSeconds: number,
    call: CallOptions = {},
  ): Promise<Devbox | undefined> {
    const path = `${devboxPath(devboxId)}/wait_for_status`;
    const request = { body: { statuses, timeout_seconds: holdSeconds }, timeout: (holdSeconds + 20) * 1000 };
    try {
      return parseDevbox(
        await this.#calls.once('post', path, request, { doing: 'waiting for a devbox', devboxId }, call),
      );
    } catch (error) {
      if (RuntimeError.is(error) && error.status === 408) return undefined;
      throw error;
    }
  }

  /** Saves the disk and stops everything that runs. Answers before it is done: the status goes over `suspending`. */
  async suspend(devboxId: string, call: CallOptions = {}): Promise<Devbox> {
    const reached = ['suspending', 'suspended'];
    return this.#changeTo(devboxId, { verb: 'suspend', doing: 'suspending a devbox', reached }, call);
  }

  /** Starts a suspended devbox again, launch commands included. Answers before it runs. */
  async resume(devboxId: string, call: CallOptions = {}): Promise<Devbox> {
    const reached = ['resuming', 'provisioning', 'initializing', 'running'];
    return this.#changeTo(devboxId, { verb: 'resume', doing: 'resuming a devbox', reached }, call);
  }

  /** A change of status. A refusal because it has happened already, by a try whose answer was lost or by somebody else, is none. */
  async #changeTo(
    devboxId: string,
    { verb, doing, reached }: { readonly verb: string; readonly doing: Task; readonly reached: readonly string[] },
    call: CallOptions,
  ): Promise<Devbox> {
    try {
      return parseDevbox(await this.#calls.change(`${devboxPath(devboxId)}/${verb}`, { doing, devboxId }, call));
    } catch (error) {
      if (!RuntimeError.is(error) || (error.status !== 400 && error.status !== 409)) throw error;
      const devbox = await this.retrieve(devboxId, call);
      if (reached.includes(devbox.status)) return devbox;
      throw error;
    }
  }

  /**
   * Shuts a devbox down for good; harmless when it already is.
   *
   * @throws RuntimeError `conflict` while a snapshot is taken, unless `force`
   */
  async shutdown(devboxId: string, call: CallOptions & { readonly force?: boolean } = {}): Promise<Devbox> {
    const query = call.force === true ? ({ force: 'true' } satisfies Runloop.DevboxShutdownParams) : {};
    const context = { doing: 'shutting down a devbox', devboxId } as const;
    return parseDevbox(await this.#calls.change(`${devboxPath(devboxId)}/shutdown`, context, call, { query }));
  }

  /** Gives a devbox another name; its session (its metadata) stays the same. */
  async rename(devboxId: string, name: string, call: CallOptions = {}): Promise<Devbox> {
    const body = { name } satisfies Runloop.DevboxUpdateParams;
    const context = { doing: 'renaming a devbox', devboxId } as const;
    return parseDevbox(await this.#calls.change(devboxPath(devboxId), context, call, { body }));
  }

  /** A devbox's whole metadata; undefined where the API tells them in a way that could not be written back. */
  async metadata(devboxId: string, call: CallOptions = {}): Promise<Readonly<Record<string, string>> | undefined> {
    const context = { doing: 'reading a devbox', devboxId } as const;
    const answer = await this.#calls.get(devboxPath(devboxId), context, call);
    const { metadata } = parseDevbox(answer);
    const told = asObject(asObject(answer)?.['metadata']);
    return told !== undefined && Object.keys(told).length === Object.keys(metadata).length ? metadata : undefined;
  }

  /** Gives a devbox these metadata instead of all that it has. Sent once: later it would undo what others wrote meanwhile. */
  async replaceMetadata(
    devboxId: string,
    metadata: Readonly<Record<string, string>>,
    call: CallOptions = {},
  ): Promise<void> {
    const request = { body: { metadata } satisfies Runloop.DevboxUpdateParams };
    const context = { doing: 'marking a devbox', devboxId } as const;
    parseDevbox(await this.#calls.once('post', devboxPath(devboxId), request, context, call));
  }

  /** Resets the devbox's idle timer, once. */
  async keepAlive(devboxId: string, call: CallOptions = {}): Promise<void> {
    const path = `${devboxPath(devboxId)}/keep_alive`;
    const answer = await this.#calls.change(path, { doing: 'keeping a devbox alive', devboxId }, call);
    objectOf(answer, 'a confirmation that the idle time was reset', devboxId);
  }

  /** A devbox's usage counters; parts that the API does not tell count as 0. */
  async usage(devboxId: string, call: CallOptions = {}): Promise<Usage> {
    const path = `${devboxPath(devboxId)}/usage`;
    const answer = await this.#calls.get(path, { doing: 'reading the usage of a devbox' }, call);
    const usage = objectOf(answer, 'the usage of a devbox', devboxId);
    const counters = ['total_active_seconds', 'vcpu_seconds', 'memory_gb_seconds', 'disk_gb_seconds'];
    if (counters.every((name) => asNumber(usage[name]) === undefined)) {
      throw unexpected('the usage of a devbox', devboxId);
    }
    const part = (name: string): number => Math.max(0, asNumber(usage[name]) ?? 0);
    return {
      activeSeconds: part('total_active_seconds'),
      vcpuSeconds: part('vcpu_seconds'),
      memoryGibSeconds: part('memory_gb_seconds'),
      diskGibSeconds: part('disk_gb_seconds'),
    };
  }
}
