import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { forwardRequest, type Forwarding } from '../forwarding/forwardRequest';
import { heldBytes, type ForwardTarget } from '../forwarding/forwardTarget';
import { forwardUpgrade, responseOn } from '../forwarding/forwardUpgrade';
import { OwnCookies } from '../forwarding/ownCookies';
import { answerPage, type NoAnswer, type PageText } from '../forwarding/forwarderPage';

/** A port of a devbox. */
export interface DevboxPort {
  readonly devboxId: string;
  readonly port: number;
}

/** What a port server works with. */
export interface PortServing {
  /** Where a port is reached now; undefined while its devbox must not be asked, as it does not run. Asked for each request. */
  readonly target: (port: DevboxPort) => Promise<ForwardTarget | undefined>;
  /** Told that a tunnel did not lead to what was asked for: what is known of it may be old. */
  readonly onDoubt: (devboxId: string) => void;
  /** Told that a person has opened a page of the devbox. */
  readonly onInput: (devboxId: string) => void;
  readonly page: (why: NoAnswer, port: DevboxPort | undefined) => PageText;
  readonly answerMs?: number | undefined;
  /** Milliseconds that what one side sends waits while the other takes nothing of it; ten minutes if absent. */
  readonly stalledMs?: number | undefined;
}

/** Proxies between a server and its users give up after about as long. */
const usualAnswerMs = 100_000;

/**
 * Listens on loopback and carries what comes to ports of devboxes. Which port a request is for, its host name tells, so that no
 * page of another name, which was made to lead to this computer, gets through.
 */
export class PortServer {
  readonly #serving: PortServing;
  readonly #portOf: (host: string) => DevboxPort | undefined;
  readonly #answered: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly #onOther: () => void;
  readonly #cookies: OwnCookies | undefined;
  readonly #servers: Server[] = [];
  /** Connections, with the devbox that each leads to by now. */
  readonly #sockets = new Map<Duplex, string | undefined>();

  /**
   * @param options.portOf the port that a host name with its port leads to
   * @param options.answered answers by itself what is for no devbox
   * @param options.isShared its host names are others' as well: of cookies, a devbox gets its own only
   * @param options.onOther told of who speaks something else than HTTP
   */
  constructor(
    serving: PortServing,
    {
      portOf,
      answered = () => false,
      onOther = () => undefined,
      isShared,
    }: {
      readonly portOf: (host: string) => DevboxPort | undefined;
      readonly answered?: (request: IncomingMessage, response: ServerResponse) => boolean;
      readonly onOther?: () => void;
      readonly isShared: boolean;
    },
  ) {
    this.#serving = serving;
    this.#portOf = portOf;
    this.#answered = answered;
    this.#onOther = onOther;
    this.#cookies = isShared ? new OwnCookies() : undefined;
  }

  /**
   * Listens on a port of 127.0.0.1, or of `::1`.
   *
   * @param port 0 for any
   * @returns the port
   * @throws Error with the system's code
   */
  async listen(port: number, host: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<number> {
    const { answerMs = usualAnswerMs } = this.#serving;
    const server = createServer(
      {
        // An upload may take as long as it takes, what it begins with not: Node would wait for ever for that as well.
        requestTimeout: 0,
        headersTimeout: answerMs,
        connectionsCheckingInterval: Math.min(answerMs, 30_000),
        highWaterMark: heldBytes,
      },
      (request, response) => this.#request(request, response),
    );
    server.on('connection', (socket) => {
      this.#sockets.set(socket, undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const isOther = error.code?.startsWith('HPE_') === true;
      if (isOther) this.#onOther();
      if (isOther && socket.writable) socket.end(onlyHttp);
      else socket.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    // Trouble of a server that listens, such as too many open files, concerns one connection only.
    server.on('error', () => undefined);
    server.unref();
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  /** Cuts what is open to a devbox. */
  cut(devboxId: string): void {
    for (const [socket, leadsTo] of this.#sockets) if (leadsTo === devboxId) socket.destroy();
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    if (this.#answered(request, response)) return;
    const port = this.#portOf(hostOf(request));
    this.#reach(port, request, {
      refuse: (why) => this.#refuse(port, { request, response, why }),
      carry: (forwarding) => {
        const { 'sec-fetch-user': user, 'sec-fetch-mode': mode } = request.headers;
        if (user === '?1' && mode === 'navigate') this.#serving.onInput(forwarding.port.devboxId);
        forwardRequest(forwarding, response, (why) => this.#refuse(port, { request, response, why }));
      },
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const port = this.#portOf(hostOf(request));
    const refuse = (response: ServerResponse, why: NoAnswer): void => this.#refuse(port, { request, response, why });
    this.#reach(port, request, {
      refuse: (why) => {
        if (!socket.destroyed) refuse(responseOn(socket, request), why);
      },
      carry: (forwarding) => {
        if (!socket.destroyed) forwardUpgrade(forwarding, { socket, head }, refuse);
      },
    });
  }

  #reach(
    port: DevboxPort | undefined,
    request: IncomingMessage,
    to: {
      readonly refuse: (why: NoAnswer) => void;
      readonly carry: (forwarding: Forwarding & { readonly port: DevboxPort }) => void;
    },
  ): void {
    if (port === undefined) {
      to.refuse('unknown');
      return;
    }
    this.#sockets.set(request.socket, port.devboxId);
    const { target: targetOf, answerMs = usualAnswerMs, stalledMs } = this.#serving;
    targetOf(port).then(
      (target) => {
        if (request.socket.destroyed) return;
        if (target === undefined) {
          to.refuse('notServed');
          return;
        }
        this.#cookies?.hideOthersIn(request);
        to.carry({
          ...{ port, target, request, answerMs, stalledMs, ownOrigin: originOf(request), instead: this.#instead(port) },
          shared: this.#cookies === undefined ? undefined : isLoopbackName(request) ? 'computer' : 'editor',
          onAnswer: (answer) => this.#cookies?.noteIn(answer),
        });
      },
      () => to.refuse('unreachable'),
    );
  }

  /** A tunnel's own refusals are not what the devbox says, and name addresses that nobody here can use. */
  #instead({ devboxId }: DevboxPort): (answer: IncomingMessage) => NoAnswer | undefined {
    return ({ statusCode = 0, headers }) => {
      const code = headers['x-runloop-error-code'];
      if (code === undefined || statusCode < 400) return undefined;
      this.#serving.onDoubt(devboxId);
      return 'unreachable';
    };
  }

  #refuse(
    port: DevboxPort | undefined,
    { request, response, why }: { request: IncomingMessage; response: ServerResponse; why: NoAnswer },
  ): void {
    if (why === 'unreachable' && port !== undefined) this.#serving.onDoubt(port.devboxId);
    answerPage(request, response, { why, page: this.#serving.page(why, port) });
  }
}

/** For whoever speaks something else: what a person with a tool reads. */
const onlyHttp = [
  'HTTP/1.1 400 Bad Request',
  'connection: close',
  'content-type: text/plain; charset=utf-8',
  '',
  'Only HTTP, WebSockets and server-sent events are forwarded to a devbox.\n',
].join('\r\n');

function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '').toLowerCase();
}

function isLoopbackName(request: IncomingMessage): boolean {
  return /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(hostOf(request));
}

/** The origin of the devbox's pages for the browser, which may come by a proxy with TLS. */
function originOf({ headers }: IncomingMessage): string {
  const { host = '', origin = '' } = headers;
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase() ? origin : `http://${host}`;
}
