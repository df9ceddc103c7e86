import { randomBytes } from 'node:crypto';
import type * as http from 'node:http';
import type { Duplex } from 'node:stream';
import { asString } from '../parse';
import { answerPage, englishPages, redirect, type NoAnswer, type PageTexts } from '../forwarding/forwarderPage';
import { forwardRequest, type Forwarding } from '../forwarding/forwardRequest';
import { forwardUpgrade, responseOn } from '../forwarding/forwardUpgrade';
import type { ForwardTarget } from '../forwarding/forwardTarget';
import { hashed, isNamed, labelOf, locked, portsOf, replyOf, type Host } from './forwardedHost';
import { HiddenAddresses } from './hiddenAddresses';
import { OwnCookies } from '../forwarding/ownCookies';
import { PageInput } from './pageInput';
import { Sealed } from './port/sealed';
import { SharedPort, type PortNotes } from './port/sharedPort';

/** What makes addresses the same again after the process that served them was replaced, and in all windows. */
export interface AddressMemory extends PortNotes {
  /** What host names are made from, so that nobody can guess them. Secret. */
  readonly secret: string;
  /** Whose devboxes are served now: a devbox of another account has another name. */
  account?(): string;
}

export interface ForwarderOptions extends Pick<Forwarding, 'stalledMs'> {
  readonly memory?: AddressMemory | undefined;
  /** The words of the pages that the forwarder shows by itself. */
  readonly pages?: PageTexts | undefined;
  /** Where a browser that asks for a devbox's first page is led instead, if anywhere: it may hold a token of before. */
  readonly lead?: ((name: string, request: http.IncomingMessage) => Promise<string | undefined>) | undefined;
  /** Told that a person does something in a page of the devbox with this name. */
  readonly onInput?: ((name: string) => void) | undefined;
  /** Told that the devbox with this name has another address now, as another program has taken its port. */
  readonly onMoved?: ((name: string) => void) | undefined;
  readonly onFailure?: ((error: unknown) => void) | undefined;
  /** Whether a cookie is one of the devbox with this name, where the devbox was not seen to set it. */
  readonly isOwnCookie?: ((name: string, cookie: string, value: string) => boolean) | undefined;
  /** Milliseconds that a devbox may take to begin an answer. */
  readonly answerMs?: number | undefined;
  /** Unix milliseconds, for the end of one-time addresses. */
  readonly now?: (() => number) | undefined;
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
 * Each devbox has a port of its own as well, which the windows of an editor share.
 */
export class LoopbackForwarder {
  readonly #options: ForwarderOptions;
  readonly #secret: string;
  readonly #sealed: Sealed;
  /** By their ids. */
  readonly #hosts = new Map<string, Host>();
  /** Connections of browsers, with the devbox that each leads to by now. */
  readonly #sockets = new Map<Duplex, Host | undefined>();

  constructor(options: ForwarderOptions = {}) {
    this.#options = options;
    this.#secret = options.memory?.secret ?? randomBytes(32).toString('hex');
    this.#sealed = new Sealed(this.#secret);
  }

  /**
   * The origin under which a browser reaches the target: the same for the same name, whatever the target becomes.
   *
   * @param name of the devbox, and of the port if several are served
   */
  async originFor(name: string, target: ForwardTarget): Promise<string> {
    const host = this.#host(name);
    host.target = target;
    const port = await host.shared.open();
    await host.shared.takeOver();
    return `http://${labelOf(this.#secret, host.id, port)}.localhost:${port}`;
  }

  /**
   * A port on 127.0.0.1 that serves the target under whatever host name, for an editor that makes ports of this machine
   * reachable from elsewhere under names of its own choice. The target must ask for a token itself, as VS Code does. It sees
   * its own cookies only.
   */
  async singlePortFor(name: string, target: ForwardTarget): Promise<number> {
    const host = this.#host(name);
    host.target = target;
    const single = this.#singleOf(host);
    const port = await single.open();
    await single.takeOver();
    return port;
  }

  /**
   * Answers under the addresses that a devbox had before, also while it is not served yet: pages of it may still be open.
   *
   * @param page path and query of its first page, without anything secret
   */
  async expect(name: string, { page, single }: { readonly page: string; readonly single: boolean }): Promise<void> {
    const host = this.#host(name);
    host.hidden.startAt(page);
    await Promise.all([host.shared.open(), ...(single ? [this.#singleOf(host).open()] : [])]);
  }

  /** Serves the target under the addresses that its name has already. Nothing happens where it has none. */
  serve(name: string, target: ForwardTarget): void {
    for (const host of this.#named(name)) {
      host.target = target;
      for (const port of portsOf(host)) {
        if (!port.isHolder && port.port !== undefined) port.takeOver().catch((error: unknown) => this.#failed(error));
      }
    }
  }

  /**
   * An address that leads to `url`, one of this forwarder's, without showing a secret in its query. The secret is handed
   * out once; later uses lead to the same page with the cookie that the first one brought.
   *
   * @param secret name of the query's parameter
   * @returns undefined for an address that is none of this forwarder's
   */
  async hide(url: string, secret: string): Promise<string | undefined> {
    const { origin, host: authority, pathname, search, searchParams } = new URL(url);
    const named = this.#hostNamed(authority);
    const host = named ?? this.#hostAlone(authority);
    const port = named?.shared ?? host?.single;
    if (host?.target === undefined || port === undefined) return undefined;
    searchParams.delete(secret);
    const query = searchParams.toString();
    // Relative: an editor's proxy may serve this below a path.
    const first = `.${pathname}${search}`;
    const later = `.${pathname}${query === '' ? '' : `?${query}`}`;
    const answer = await port.ask({ kind: 'hide', first, later });
    const path = answer === undefined ? host.hidden.add(first, later) : asString(answer['path']);
    return path === undefined ? undefined : `${origin}${path}`;
  }

  /** Stops serving a devbox, for example when it is detached: open pages and WebSockets end as well. */
  forget(name: string): void {
    for (const host of this.#named(name)) {
      host.target = undefined;
      host.hidden.clear();
      for (const [socket, leadsTo] of this.#sockets) if (leadsTo === host) socket.destroy();
      for (const port of portsOf(host)) port.letGo();
    }
  }

  /** Closes the servers and every connection through them. */
  dispose(): void {
    const hosts = [...this.#hosts.values()];
    this.#hosts.clear();
    for (const port of hosts.flatMap(portsOf)) port.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #newPort(host: () => Host, name: string, hostOf: (request: http.IncomingMessage) => Host | undefined): SharedPort {
    const { memory, onMoved } = this.#options;
    const port = new SharedPort({
      name,
      notes: memory,
      sealed: this.#sealed,
      reply: (question) => replyOf(host(), question),
      onRequest: (request, response) => this.#forward(hostOf(request), request, response),
      onMoved: () => onMoved?.(host().name),
      onFailure: (error) => this.#failed(error),
    });
    port.server.on('connection', (socket) => {
      this.#sockets.set(socket, undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    port.server.on('upgrade', (request, socket, head) => this.#upgrade(hostOf(request), { request, socket, head }));
    return port;
  }

  #host(name: string): Host {
    const { now, onInput, memory } = this.#options;
    const whose = `${memory?.account?.() ?? ''}\n${name}`;
    const id = hashed(this.#secret, whose);
    const known = this.#hosts.get(id);
    if (known !== undefined) return known;
    const input = onInput === undefined ? undefined : new PageInput(() => onInput(name));
    const shared = this.#newPort(
      () => host,
      id,
      (request) => (this.#hostNamed(request.headers.host ?? '') === host ? host : undefined),
    );
    const host: Host = {
      name,
      id,
      hidden: new HiddenAddresses(now),
      input,
      cookies: new OwnCookies((cookie, value) => this.#options.isOwnCookie?.(name, cookie, value) === true),
      target: undefined,
      shared,
      single: undefined,
    };
    this.#hosts.set(id, host);
    return host;
  }

  #singleOf(host: Host): SharedPort {
    return (host.single ??= this.#newPort(
      () => host,
      `${host.id}-single`,
      (request) => {
        host.cookies.hideOthersIn(request);
        return host;
      },
    ));
  }

  #named(name: string): Host[] {
    return [...this.#hosts.values()].filter((host) => host.name === name);
  }

  #hostNamed(authority: string): Host | undefined {
    return [...this.#hosts.values()].find((host) => isNamed(this.#secret, host, authority));
  }

  #hostAlone(authority: string): Host | undefined {
    return [...this.#hosts.values()].find(
      ({ single }) => single?.port !== undefined && authority === `127.0.0.1:${single.port}`,
    );
  }

  #failed(error: unknown): void {
    this.#options.onFailure?.(error);
  }

  #forward(host: Host | undefined, request: http.IncomingMessage, response: http.ServerResponse): void {
    const target = host?.target;
    if (host === undefined || target === undefined) {
      this.#refuse(host, { request, response, why: host === undefined ? 'unknown' : 'notServed' });
      return;
    }
    this.#sockets.set(request.socket, host);
    const path = pathOf(request);
    if (HiddenAddresses.isOne(path)) {
      const location = request.method === 'GET' ? host.hidden.take(path) : undefined;
      if (location === undefined) this.#refuse(host, { request, response, why: 'unknown' });
      else redirect(response, location);
      return;
    }
    host.input?.requested(request.method, request.headers);
    const isFirstPage = path === '/' && request.method === 'GET';
    const go = (): void => {
      if (response.destroyed) return;
      const forwarding = { ...this.#forwarding(host, request), target, instead: isFirstPage ? locked : undefined };
      forwardRequest(forwarding, response, (why) => this.#refuse(host, { request, response, why }));
    };
    if (!isFirstPage || this.#options.lead === undefined) {
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
    const isHidden = HiddenAddresses.isOne(pathOf(request));
    if (host === undefined || target === undefined || isHidden) {
      const why = host === undefined || isHidden ? 'unknown' : 'notServed';
      this.#refuse(host, { request, response: responseOn(socket, request), why });
      return;
    }
    this.#sockets.set(socket, host);
    const watch = host.input === undefined ? undefined : host.input.connected.bind(host.input);
    forwardUpgrade({ ...this.#forwarding(host, request), target, watch }, { socket, head }, (response, why) =>
      this.#refuse(host, { request, response, why }),
    );
  }

  #forwarding({ cookies }: Host, request: http.IncomingMessage): Omit<Forwarding, 'target'> {
    const { answerMs = usualAnswerMs, stalledMs } = this.#options;
    const shared = this.#hostNamed(request.headers.host ?? '') === undefined ? 'editor' : undefined;
    return { request, answerMs, stalledMs, shared, onAnswer: (answer) => cookies.noteIn(answer) };
  }

  #refuse(
    host: Host | undefined,
    { request, response, why }: { request: http.IncomingMessage; response: http.ServerResponse; why: NoAnswer },
  ): void {
    answerPage(request, response, { why, page: (this.#options.pages ?? englishPages)(why, host?.name) });
  }
}

function pathOf(request: http.IncomingMessage): string {
  return request.url?.split('?')[0] ?? '';
}
