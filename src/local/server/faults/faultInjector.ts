import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import type { FaultTarget } from '../../devbox/lifeCycle/faultHooks';
import type { RuleOf } from '../../faults/faultConfig';
import type { Faults, RequestFaults } from '../../faults/faults';
import { textFits } from '../../faults/patterns';
import { type RawRequest, type RawResponse, Exchange } from '../../http/exchange';
import { cutOff, HalfResponse, HeldResponse, keptRequest, UnseenClient, UnsentResponse } from './faultyResponses';
import type { TunnelResponse, TunnelTarget } from '../tunnels/tunnelProxy';

/** Stands between clients and the platform, and does to requests what was ordered. */
export class FaultInjector {
  readonly faults: Faults;
  readonly #devboxes: DevboxRegistry;
  /** Connections that carry a tunnel's traffic now, and the key of the tunnel. */
  readonly #tunnels = new Map<Duplex, string>();

  constructor(faults: Faults, devboxes: DevboxRegistry) {
    this.faults = faults;
    this.#devboxes = devboxes;
  }

  /**
   * Answers an API request, with what was ordered for it.
   * @param dispatch answers it as usual, or throws
   */
  async answer(
    exchange: Exchange,
    request: RawRequest,
    response: RawResponse,
    dispatch: (exchange: Exchange) => Promise<void>,
  ): Promise<void> {
    const { delay, hold, forgetRepeats, strike, effectAfter } = this.faults.forRequest({
      on: 'api',
      method: exchange.method,
      path: exchange.path,
      devbox: this.#named(exchange.path),
    });
    if (forgetRepeats) {
      delete request.headers['x-request-id'];
    }
    if (!(await held(delay, exchange.signal))) {
      return;
    }
    if (strike === undefined) {
      const late = hold === 0 ? exchange : this.#heldBack(request, response, hold);
      await dispatch(late);
      return;
    }
    if (effectAfter !== undefined) {
      const kept = await keptRequest(request);
      cutOff(response, false);
      await pause(effectAfter, undefined, { ref: false });
      await dispatch(new Exchange(kept, new UnsentResponse(), this.faults.clockSkew));
      return;
    }
    if (strike.fault === 'half_stream') {
      await dispatch(new Exchange(request, new HalfResponse(response, strike.events), this.faults.clockSkew));
      return;
    }
    if (strike.took_effect) {
      try {
        await dispatch(new Exchange(request, new UnsentResponse(response), this.faults.clockSkew));
      } catch {
        // A refusal is an effect too, and the client is not to learn of it either.
      }
    }
    if (strike.fault === 'cut') {
      cutOff(response, strike.whole_connection);
      return;
    }
    exchange.sendJson(strike.status, statusBody(strike, exchange.requestId), statusHeaders(strike));
  }

  /** Lets a tunnel's request pass, with what was ordered for it. */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    target: TunnelTarget,
    pass: (into: RawResponse & TunnelResponse) => void,
  ): void {
    const ordered = this.#orderedFor(request, request.socket, target);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    void held(ordered.delay, gone.signal).then(async (stays) => {
      const strike = stays ? this.#strikeOrPass(ordered, request.socket, () => pass(response)) : undefined;
      if (strike === undefined) {
        return;
      }
      if (strike.fault !== 'half_stream' && strike.took_effect) {
        const unsent = new UnsentResponse(response);
        pass(unsent);
        await new Promise((resolve) => unsent.once('close', resolve));
      }
      if (strike.fault === 'status') {
        const body = JSON.stringify(statusBody(strike, ''));
        response
          .writeHead(strike.status, {
            ...statusHeaders(strike),
            'content-type': 'application/json',
            connection: 'close',
          })
          .end(body);
      } else {
        request.socket.destroy();
      }
    });
  }

  /** Lets a tunnel's upgrade (WebSocket) pass, with what was ordered for it. */
  upgrade(request: IncomingMessage, socket: Duplex, target: TunnelTarget, pass: (client: Duplex) => void): void {
    const ordered = this.#orderedFor(request, socket, target);
    socket.on('error', () => socket.destroy());
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    void held(ordered.delay, gone.signal).then(async (stays) => {
      const strike = stays ? this.#strikeOrPass(ordered, socket, () => pass(socket)) : undefined;
      if (strike === undefined) {
        return;
      }
      if (strike.fault !== 'half_stream' && strike.took_effect) {
        const unseen = new UnseenClient(socket);
        pass(unseen);
        await unseen.answered;
        unseen.destroy();
      }
      if (strike.fault === 'status') {
        const body = JSON.stringify(statusBody(strike, ''));
        const headers = {
          ...statusHeaders(strike),
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
          connection: 'close',
        };
        const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.end(
          `HTTP/1.1 ${strike.status} ${STATUS_CODES[strike.status] ?? 'Fault'}\r\n${head.join('')}\r\n${body}`,
        );
      } else {
        socket.destroy();
      }
    });
  }

  /**
   * Cuts the connections that carry tunnel traffic now.
   * @param pattern name or id of the devboxes, `*` for any characters
   * @returns how many were cut
   */
  dropTunnels(pattern: string): number {
    let dropped = 0;
    for (const [socket, key] of this.#tunnels) {
      const devbox = this.#devboxes.findByTunnelKey(key);
      if (
        pattern === '*' ||
        (devbox !== undefined && (textFits(pattern, devbox.id) || textFits(pattern, devbox.name ?? '')))
      ) {
        socket.destroy();
        dropped += 1;
      }
    }
    return dropped;
  }

  #heldBack(request: RawRequest, response: RawResponse, ms: number): Exchange {
    return new Exchange(request, new HeldResponse(response, pause(ms)), this.faults.clockSkew);
  }

  #orderedFor(request: IncomingMessage, socket: Duplex, target: TunnelTarget): RequestFaults {
    if (!this.#tunnels.has(socket)) {
      socket.once('close', () => this.#tunnels.delete(socket));
    }
    this.#tunnels.set(socket, target.key);
    const [path = '/'] = (request.url ?? '/').split('?');
    return this.faults.forRequest({
      on: 'tunnel',
      method: request.method ?? 'GET',
      path,
      port: target.port,
      devbox: this.#devboxes.findByTunnelKey(target.key),
    });
  }

  /** Lets a request of a tunnel pass if nothing strikes it, and cuts its connection later if that was ordered. @returns what strikes it */
  #strikeOrPass(ordered: RequestFaults, socket: Duplex, pass: () => void): RequestFaults['strike'] {
    if (ordered.strike === undefined) {
      this.#dropLater(socket, ordered.dropAfter);
      pass();
    }
    return ordered.strike;
  }

  #dropLater(socket: Duplex, after: number | undefined): void {
    if (after !== undefined) {
      const timer = setTimeout(() => socket.destroy(), after);
      socket.once('close', () => clearTimeout(timer));
    }
  }

  /** The devbox that an API path names. */
  #named(path: string): FaultTarget | undefined {
    const id = /^\/v1\/devboxes\/(dbx_[A-Za-z0-9]+)(?:\/|$)/.exec(path)?.[1];
    return id === undefined ? undefined : this.#devboxes.living().find((devbox) => devbox.id === id);
  }
}

/** Waits; false when the client went away meanwhile. */
async function held(delay: number, signal: AbortSignal): Promise<boolean> {
  if (delay > 0) {
    try {
      await pause(delay, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }
  return !signal.aborted;
}

const codes: Readonly<Record<number, string>> = {
  429: 'rate_limited',
  500: 'internal_error',
  502: 'bad_gateway',
  503: 'service_unavailable',
};

function statusBody(strike: RuleOf<'status'>, requestId: string): Record<string, unknown> {
  return {
    error: codes[strike.status] ?? 'ordered_fault',
    message: strike.message ?? `The local platform answers ${strike.status} here because a fault was ordered.`,
    request_id: requestId,
    retryable: strike.should_retry ?? (strike.status === 429 || strike.status >= 500),
  };
}

function statusHeaders(strike: RuleOf<'status'>): Record<string, string> {
  return {
    'x-runloop-error-code': codes[strike.status] ?? 'ordered_fault',
    ...(strike.retry_after_seconds === undefined ? {} : { 'retry-after': String(strike.retry_after_seconds) }),
    ...(strike.should_retry === undefined ? {} : { 'x-should-retry': String(strike.should_retry) }),
  };
}
