import { createHmac, randomBytes } from 'node:crypto';
import * as http from 'node:http';
import type { Duplex } from 'node:stream';
import { answerPage, englishPages, type NoAnswer, type PageTexts } from './forwarderPage';
import { forwardRequest } from './forwardRequest';
import { forwardUpgrade, responseOn } from './forwardUpgrade';
import type { ForwardTarget } from './forwardTarget';
import { HiddenAddresses } from './hiddenAddresses';
import { listen } from './listen';
import { PageInput } from './pageInput';

/** What makes addresses the same again after the process that served them was replaced. */
export interface AddressMemory {
  /** What host names are made from, so that nobody can guess them. Secret. */
  readonly secret: string;
  /** The port that the server with this name had; undefined if it is new. */
  port(server: string): number | undefined;
  rememberPort(server: string, port: number): void;
}

export interface ForwarderOptions {
  readonly memory?: AddressMemory | undefined;
  /** The words of the pages that the forwarder shows by itself. */
  readonly pages?: PageTexts | undefined;
  /** Where a browser that asks for a devbox's first page is led instead, if anywhere: it may hold a token of before. */
  readonly lead?: ((name: string, request: http.IncomingMessage) => Promise<string | undefined>) | undefined;
  /** Told that a person does something in a page of the devbox with this name. */
  readonly onInput?: ((name: string) => void) | undefined;
  /** Milliseconds that a devbox may take to begin an answer. */
  readonly answerMs?: number | undefined;
  /** Unix milliseconds, for the end of one-time addresses. */
  readonly now?: (() => number) | undefined;
}

/** A devbox that browsers know, served at the moment or not. */
interface Host {
  readonly name: string;
  readonly label: string;
  readonly hidden: HiddenAddresses;
  /** What a person does in its pages, where somebody wants to know. */
  readonly input: PageInput | undefined;
  target: ForwardTarget | undefined;
  /** Serves it on a port of its own, for browsers elsewhere. */
  single: { readonly server: http.Server; readonly listening: Promise<number>; port: number | undefined } | undefined;
}

/** Proxies between a server and its users give up after about as long. */
const usualAnswerMs = 100_000;

/**
 * Lets a browser use an authenticated tunnel: browsers cannot send the tunnel's header, so a server on the loopback
 * address adds it, for pages and WebSockets alike.
 *
 * Each devbox gets a host name of its own below `localhost`. The name cannot be guessed, so other programs and pages of
 * this machine cannot use the forwarder; and cookies, which know no ports, stay apart per devbox. The name stays while the
 * secret stays that it is made from, so that open pages outlive a suspend, a new tunnel and, with a memory, this process.
 */
export class LoopbackForwarder {
  readonly #options: ForwarderOptions;
  readonly #secret: string;
  readonly #hosts = new Map<string, Host>();
  readonly #server = this.#newServer((request) => this.#hostNamed(request.headers.host ?? ''));
  /** Connections of browsers, with the devbox that each leads to by now. */
  readonly #sockets = new Map<Duplex, Host | undefined>();
  #listening: Promise<number> | undefined;
  #isDisposed = false;

  constructor(options: ForwarderOptions = {}) {
    this.#options = options;
    this.#secret = options.memory?.secret ?? randomBytes(32).toString('hex');
  }

  /**
   * The origin under which a browser reaches the target: the same for the same name, whatever the target becomes.
   *
   * @param name of the devbox, and of the port if several are served
   */
  async originFor(name: string, target: ForwardTarget): Promise<string> {
    const host = this.#host(name);
    host.target = target;
    const port = await this.#listen();
    return `http://${host.label}.localhost:${port}`;
  }

  /**
   * A port on 127.0.0.1 that serves the target under whatever host name, for an editor that makes ports of this machine
   * reachable from elsewhere under names of its own choice. The target must ask for a token itself, as VS Code does.
   */
  async singlePortFor(name: string, target: ForwardTarget): Promise<number> {
    const host = this.#host(name);
    host.target = target;
    return this.#listenAlone(host);
  }

  /**
   * Answers under the addresses that a devbox had before, also while it is not served yet: pages of it may still be open.
   *
   * @param page path and query of its first page, without anything secret
   */
  async expect(name: string, { page, single }: { readonly page: string; readonly single: boolean }): Promise<void> {
    const host = this.#host(name);
    host.hidden.startAt(page);
    await Promise.all([this.#listen(), ...(single ? [this.#listenAlone(host)] : [])]);
  }

  /** Serves the target under the addresses that its name has already. Nothing happens where it has none. */
  serve(name: string, target: ForwardTarget): void {
    const host = this.#hosts.get(name);
    if (host !== undefined) host.target = target;
  }

  /**
   * An address that leads to `url`, one of this forwarder's, without showing a secret in its query. The secret is handed
   * out once; later uses lead to the same page with the cookie that the first one brought.
   *
   * @param secret name of the query's parameter
   * @returns undefined for an address that is none of this forwarder's
   */
  hide(url: string, secret: string): string | undefined {
    const { origin, host: authority, pathname, search, searchParams } = new URL(url);
    const host = this.#hostNamed(authority) ?? this.#hostAlone(authority);
    if (host?.target === undefined) return undefined;
    searchParams.delete(secret);
    const query = searchParams.toString();
    // Relative: an editor's proxy may serve this below a path.
    return `${origin}${host.hidden.add(`.${pathname}${search}`, `.${pathname}${query === '' ? '' : `?${query}`}`)}`;
  }

  /** Stops serving a devbox, for example when it is detached: open pages and WebSockets end as well. */
  forget(name: string): void {
    const host = this.#hosts.get(name);
    if (host === undefined) return;
    host.target = undefined;
    host.hidden.clear();
    for (const [socket, leadsTo] of this.#sockets) if (leadsTo === host) socket.destroy();
  }

  /** Closes the servers and every connection through them. */
  dispose(): void {
    this.#isDisposed = true;
    const servers = [this.#server, ...[...this.#hosts.values()].flatMap(({ single }) => single?.server ?? [])];
    this.#hosts.clear();
    for (const server of servers) server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #newServer(hostOf: (request: http.IncomingMessage) => Host | undefined): http.Server {
    const server = http.createServer((request, response) => this.#forward(hostOf(request), request, response));
    server.on('connection', (socket) => {
      this.#sockets.set(socket, undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(hostOf(request), { request, socket, head }));
    return server;
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      const label = `devbox-${createHmac('sha256', this.#secret).update(name).digest('hex').slice(0, 32)}`;
      const { now, onInput } = this.#options;
      const input = onInput === undefined ? undefined : new PageInput(() => onInput(name));
      host = { name, label, hidden: new HiddenAddresses(now), input, target: undefined, single: undefined };
      this.#hosts.set(name, host);
    }
    return host;
  }

  #hostNamed(authority: string): Host | undefined {
    const label = /^([a-z0-9-]+)\.localhost(?::\d+)?$/i.exec(authority)?.[1]?.toLowerCase();
    return [...this.#hosts.values()].find((host) => host.label === label);
  }

  #hostAlone(authority: string): Host | undefined {
    return [...this.#hosts.values()].find(
      ({ single }) => single?.port !== undefined && authority === `127.0.0.1:${single.port}`,
    );
  }

  async #listen(): Promise<number> {
    this.#listening ??= this.#listenAs('all', this.#server);
    return this.#listening;
  }

  async #listenAlone(host: Host): Promise<number> {
    if (host.single === undefined) {
      const server = this.#newServer(() => host);
      const single = { server, listening: this.#listenAs(host.name, server), port: undefined as number | undefined };
      host.single = single;
      single.port = await single.listening;
    }
    return host.single.listening;
  }

  async #listenAs(name: string, server: http.Server): Promise<number> {
    const { memory } = this.#options;
    const port = await listen(server, memory?.port(name));
    if (this.#isDisposed) server.close();
    else memory?.rememberPort(name, port);
    return port;
  }

  #forward(host: Host | undefined, request: http.IncomingMessage, response: http.ServerResponse): void {
    const target = host?.target;
    if (host === undefined || target === undefined) {
      this.#refuse(host, { request, response, why: host === undefined ? 'unknown' : 'notServed' });
      return;
    }
    this.#sockets.set(request.socket, host);
    const path = request.url?.split('?')[0] ?? '';
    if (HiddenAddresses.isOne(path)) {
      const location = request.method === 'GET' ? host.hidden.take(path) : undefined;
      if (location === undefined) this.#refuse(host, { request, response, why: 'unknown' });
      else redirect(response, location);
      return;
    }
    host.input?.requested(request.method, request.headers);
    const go = (): void => {
      if (response.destroyed) return;
      forwardRequest({ target, request, answerMs: this.#options.answerMs ?? usualAnswerMs }, response, (why) =>
        this.#refuse(host, { request, response, why }),
      );
    };
    if (path !== '/' || request.method !== 'GET' || this.#options.lead === undefined) {
      go();
      return;
    }
    this.#options.lead(host.name, request).then(
      (location) => (location === undefined ? go() : redirect(response, location)),
      // Where it cannot be told, the devbox answers by itself.
      go,
    );
  }

  #upgrade(
    host: Host | undefined,
    { request, socket, head }: { request: http.IncomingMessage; socket: Duplex; head: Buffer },
  ): void {
    socket.on('error', () => socket.destroy());
    const target = host?.target;
    if (host === undefined || target === undefined) {
      const why = host === undefined ? 'unknown' : 'notServed';
      this.#refuse(host, { request, response: responseOn(socket, request), why });
      return;
    }
    this.#sockets.set(socket, host);
    const answerMs = this.#options.answerMs ?? usualAnswerMs;
    const { input } = host;
    forwardUpgrade({ target, request, answerMs, input }, { socket, head }, (response, why) =>
      this.#refuse(host, { request, response, why }),
    );
  }

  #refuse(
    host: Host | undefined,
    { request, response, why }: { request: http.IncomingMessage; response: http.ServerResponse; why: NoAnswer },
  ): void {
    answerPage(request, response, { why, page: (this.#options.pages ?? englishPages)(why, host?.name) });
  }
}

/** Leads a browser on; the address that it comes from is told to nobody. */
function redirect(response: http.ServerResponse, location: string): void {
  response.writeHead(302, { location, 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' }).end();
}
