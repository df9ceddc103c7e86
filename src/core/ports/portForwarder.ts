import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RuntimeError } from '../errors';
import { Emitter, type Disposable } from '../events';
import { redirect } from '../forwarding/forwarderPage';
import { callProblem } from '../problems/calls';
import { PortServer, type DevboxPort, type PortServing } from './portServer';

/** A port of a devbox that has a fixed port of this computer. */
export interface Forward extends DevboxPort {
  readonly localPort: number;
}

export interface PortForwarderOptions extends PortServing {
  /** Told once of a forward to which a program speaks something that cannot be forwarded. */
  readonly onOther: (forward: Forward) => void;
  /** Unix milliseconds, for the end of one-time addresses. */
  readonly now?: (() => number) | undefined;
}

interface Fixed {
  readonly forward: Forward;
  readonly server: PortServer;
}

const oneTimeHost = 'open.localhost';
/** Milliseconds in which a browser must have come: a cold start may take it a minute. */
const validMs = 300_000;
const mostOneTime = 100;

/**
 * Serves ports of devboxes to programs of this computer, for as long as it is not disposed: each under a host name of its own that
 * nobody can guess, and on a fixed port of loopback where somebody asks for one. Nothing listens before that.
 */
export class PortForwarder implements Disposable {
  readonly #options: PortForwarderOptions;
  readonly #labels = new Map<string, DevboxPort>();
  readonly #oneTime = new Map<string, { readonly label: string; readonly endMs: number }>();
  readonly #fixed = new Map<string, Fixed>();
  /** Servers for editors that make ports of this computer reachable under host names of their own, by port. */
  readonly #outside = new Map<string, { readonly server: PortServer; readonly port: number; host: string }>();
  readonly #changed = new Emitter<string>();
  /** Tells of the devbox whose forwards are others now. */
  readonly onDidChange = this.#changed.on;
  #named: { readonly server: PortServer; readonly port: Promise<number> } | undefined;
  /** Counts how often all was ended: what was on its way then is not served any more. */
  #era = 0;

  constructor(options: PortForwarderOptions) {
    this.#options = options;
  }

  /** The origin under which programs of this computer reach a port, the same as long as this lives. A secret of this computer. */
  async addressOf(port: DevboxPort): Promise<string> {
    return `http://${this.#label(port)}.localhost:${await this.#namedPort()}`;
  }

  /** An address that leads a browser to {@link addressOf} once: others see what a browser is started with. */
  async oneTimeAddressOf(port: DevboxPort): Promise<string> {
    const path = `/runloop-open-${randomBytes(16).toString('hex')}`;
    const label = this.#label(port);
    const listens = await this.#namedPort();
    const [oldest] = this.#oneTime.keys();
    if (this.#oneTime.size >= mostOneTime && oldest !== undefined) this.#oneTime.delete(oldest);
    this.#oneTime.set(path, { label, endMs: this.#now() + validMs });
    return `http://${oneTimeHost}:${listens}${path}`;
  }

  /**
   * A port of 127.0.0.1 that leads to a devbox's port under one host name, for an editor that makes it reachable from elsewhere
   * under that name. Every program of this computer can use it.
   *
   * @param hostOf gives the name, with its port if it has one, once it is known on which port this listens
   */
  async outsidePort(port: DevboxPort, hostOf: (listens: number) => Promise<string>): Promise<number> {
    const key = keyOf(port);
    let outside = this.#outside.get(key);
    if (outside === undefined) {
      const server: PortServer = new PortServer(this.#options, {
        portOf: (host) => (host === this.#outside.get(key)?.host ? port : undefined),
        isShared: true,
      });
      outside = { server, port: await this.#listen(server, 0), host: '' };
      this.#outside.get(key)?.server.close();
      this.#outside.set(key, outside);
    }
    try {
      outside.host = (await hostOf(outside.port)).toLowerCase();
    } finally {
      if (outside.host === '') {
        outside.server.close();
        this.#outside.delete(key);
      }
    }
    return outside.port;
  }

  /** Ports of devboxes that have a fixed port of this computer. */
  get forwards(): readonly Forward[] {
    return [...this.#fixed.values()].map(({ forward }) => forward);
  }

  /**
   * Serves a devbox's port on a fixed port of loopback, in the place of the one that it had. It answers the names `localhost` and
   * `127.0.0.1` only, but every program of this computer.
   *
   * @throws Error with the system's code, such as `EADDRINUSE`
   */
  async forwardTo(port: DevboxPort, localPort: number): Promise<void> {
    const key = keyOf(port);
    if (this.#fixed.get(key)?.forward.localPort === localPort) return;
    const forward = { ...port, localPort };
    const hosts = ['localhost', '127.0.0.1'].flatMap((name) => [
      `${name}:${localPort}`,
      // The port of HTTP goes without saying.
      ...(localPort === 80 ? [name] : []),
    ]);
    let isTold = false;
    const server = new PortServer(this.#options, {
      portOf: (host) => (hosts.includes(host) ? port : undefined),
      isShared: true,
      onOther: () => {
        if (!isTold) this.#options.onOther(forward);
        isTold = true;
      },
    });
    try {
      await this.#listen(server, localPort, true);
    } catch (error) {
      server.close();
      throw error;
    }
    this.#fixed.get(key)?.server.close();
    this.#fixed.set(key, { forward, server });
    this.#changed.fire(port.devboxId);
  }

  /** Ends a port's forward to a fixed port, and what is open through it. */
  stop(port: DevboxPort): void {
    const fixed = this.#fixed.get(keyOf(port));
    if (fixed === undefined) return;
    fixed.server.close();
    this.#fixed.delete(keyOf(port));
    this.#changed.fire(port.devboxId);
  }

  /** Ends all of a devbox that can never be reached again. */
  end(devboxId: string): void {
    for (const { forward } of this.#fixed.values()) if (forward.devboxId === devboxId) this.stop(forward);
    for (const [label, port] of this.#labels) if (port.devboxId === devboxId) this.#labels.delete(label);
    for (const [key, { server }] of this.#outside) {
      if (!key.startsWith(`${devboxId} `)) continue;
      server.close();
      this.#outside.delete(key);
    }
    this.#named?.server.cut(devboxId);
  }

  /** Cuts what is open to a devbox that rests; what comes gets a page until it runs again. */
  cut(devboxId: string): void {
    const servers = [this.#named, ...this.#outside.values(), ...this.#fixed.values()];
    for (const one of servers) one?.server.cut(devboxId);
  }

  /** Ends everything, for another account. Addresses of before lead nowhere. */
  clear(): void {
    this.#era += 1;
    const devboxes = new Set([...this.#fixed.values()].map(({ forward }) => forward.devboxId));
    for (const one of [this.#named, ...this.#outside.values(), ...this.#fixed.values()]) one?.server.close();
    this.#named = undefined;
    this.#labels.clear();
    this.#oneTime.clear();
    this.#outside.clear();
    this.#fixed.clear();
    for (const devboxId of devboxes) this.#changed.fire(devboxId);
  }

  dispose(): void {
    this.#changed.dispose();
    this.clear();
  }

  #label(port: DevboxPort): string {
    for (const [label, known] of this.#labels) if (keyOf(known) === keyOf(port)) return label;
    const label = `devbox-${randomBytes(16).toString('hex')}`;
    this.#labels.set(label, port);
    return label;
  }

  async #namedPort(): Promise<number> {
    if (this.#named === undefined) {
      const server = new PortServer(this.#options, {
        portOf: (host) => this.#labels.get(/^(devbox-[0-9a-f]{32})\.localhost:\d+$/.exec(host)?.[1] ?? ''),
        isShared: false,
        answered: (request, response) => this.#leadsOn(request, response),
      });
      this.#named = { server, port: this.#listen(server, 0) };
    }
    const { port } = this.#named;
    try {
      return await port;
    } catch (error) {
      this.#named = undefined;
      throw error;
    }
  }

  /** Leads a browser from a one-time address to the one that lasts. */
  #leadsOn(request: IncomingMessage, response: ServerResponse): boolean {
    const { host = '' } = request.headers;
    if (!host.startsWith(`${oneTimeHost}:`) || request.method !== 'GET') return false;
    const known = this.#oneTime.get(request.url ?? '');
    this.#oneTime.delete(request.url ?? '');
    if (known === undefined || this.#now() > known.endMs || !this.#labels.has(known.label)) return false;
    // By the port that the browser knows, which an editor elsewhere may have changed.
    const location = `http://${known.label}.localhost:${host.slice(oneTimeHost.length + 1)}/`;
    redirect(response, location);
    return true;
  }

  /** @param withIpv6 also on `::1`, which is `localhost` for many programs; not every computer has it */
  async #listen(server: PortServer, port: number, withIpv6 = false): Promise<number> {
    const era = this.#era;
    const listens = await server.listen(port);
    try {
      if (withIpv6) await server.listen(port, '::1');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') throw error;
    }
    if (era === this.#era) return listens;
    server.close();
    throw new RuntimeError({ problem: callProblem('cancelled') });
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function keyOf({ devboxId, port }: DevboxPort): string {
  return `${devboxId} ${port}`;
}
