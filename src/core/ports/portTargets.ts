import { deadline } from '../../ground/deadline';
import { RuntimeError } from '../errors';
import type { ForwardTarget } from '../forwarding/forwardTarget';
import { askedForReadRule, onceRule } from '../http/retryRules';
import { oneLine } from '../safeText';
import type { Devbox } from '../platform/devbox';
import type { RunloopApi } from '../platform/runloopApi';
import { tunnelOrigin } from '../platform/tunnel';
import { devboxProblem } from '../problems/devbox';
import { portsProblem } from '../problems/ports';
import type { DevboxPort } from './portServer';

/** Milliseconds that an answer about a devbox is believed where it may be another one by now. */
const believedMs = 2_000;
/** Milliseconds that a request of a browser waits to hear of the devbox. */
const requestMs = 20_000;

export interface TargetSources {
  readonly api: RunloopApi;
  /** The status as last known, without a request. */
  readonly known: (devboxId: string) => string | undefined;
  /** Overrides where tunnels are. */
  readonly template: () => string | undefined;
}

interface Seen {
  readonly devbox: Promise<Devbox>;
  readonly atMs: number;
  isDoubtful: boolean;
  /** Whether the answer is still on its way. */
  isPending: boolean;
}

/** Where the ports of devboxes are reached. No devbox is woken: what may be suspended is asked for first, which wakes nothing. */
export class PortTargets {
  readonly #sources: TargetSources;
  readonly #seen = new Map<string, Seen>();

  constructor(sources: TargetSources) {
    this.#sources = sources;
  }

  /** The devbox as it is now. @throws RuntimeError if it does not run */
  async running(devboxId: string, signal: AbortSignal): Promise<Devbox> {
    const devbox = await this.#ask(devboxId, () =>
      this.#sources.api.devboxes.retrieve(devboxId, { signal, rule: askedForReadRule }),
    );
    if (devbox.status === 'running') return devbox;
    const problem =
      devbox.status === 'suspended'
        ? devboxProblem('suspended', { devbox: devboxId })
        : portsProblem('port_devbox_not_running', { status: oneLine(devbox.status, 40) });
    throw new RuntimeError({ problem, devboxId });
  }

  /**
   * The same with a tunnel: one that asks for a token where it had none.
   *
   * @throws RuntimeError if it does not run
   */
  async withTunnel(devboxId: string, signal: AbortSignal): Promise<Devbox> {
    const devbox = await this.running(devboxId, signal);
    if (devbox.tunnel !== undefined) return devbox;
    const { api } = this.#sources;
    await api.tunnels.ensure(devbox, 'authenticated', { signal });
    return this.running(devboxId, signal);
  }

  /** A tunnel did not lead there: it may be another one by now, or the devbox rests. */
  doubt(devboxId: string): void {
    const seen = this.#seen.get(devboxId);
    if (seen !== undefined) seen.isDoubtful = true;
  }

  /** Where a port is reached now; undefined while its devbox must not be asked. @throws RuntimeError if nobody can tell */
  async of({ devboxId, port }: DevboxPort): Promise<ForwardTarget | undefined> {
    const { api, known, template } = this.#sources;
    const seen = this.#seen.get(devboxId);
    const isOld = seen === undefined || (await this.#isOld(seen, known(devboxId)));
    // Another request has asked since this one came.
    if (isOld && this.#seen.get(devboxId) === seen) {
      const signal = deadline(requestMs);
      await this.#ask(devboxId, () => api.devboxes.retrieve(devboxId, { signal, rule: onceRule }));
    }
    const devbox = await this.#seen.get(devboxId)?.devbox;
    if (devbox?.tunnel === undefined || devbox.status !== 'running') return undefined;
    const { key, authToken } = devbox.tunnel;
    return {
      origin: tunnelOrigin({ port, key, apiBaseUrl: api.baseUrl, template: template() }),
      tunnelToken: authToken,
    };
  }

  async #isOld(seen: Seen, known: string | undefined): Promise<boolean> {
    const { isPending } = seen;
    try {
      const { status, wakesOnHttp } = await seen.devbox;
      // A request would wake it: what was known a moment ago is not enough, but requests of one moment share an answer.
      if (wakesOnHttp === true && status === 'running') return !isPending;
      if (performance.now() - seen.atMs < believedMs) return false;
      if (seen.isDoubtful || status !== 'running') return true;
      return known !== undefined && known !== 'running';
    } catch {
      return performance.now() - seen.atMs >= believedMs;
    }
  }

  async #ask(devboxId: string, ask: () => Promise<Devbox>): Promise<Devbox> {
    const devbox = ask();
    const seen: Seen = { devbox, atMs: performance.now(), isDoubtful: false, isPending: true };
    this.#seen.set(devboxId, seen);
    try {
      return await devbox;
    } finally {
      seen.isPending = false;
    }
  }
}
