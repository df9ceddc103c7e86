import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Account } from '../account/account';
import { inScopeOf } from '../bulkhead/devboxScope';
import type { DevboxRegistry } from '../devbox/devboxRegistry';
import { type PtyTunnel, ptyPort, PtyService } from '../pty/ptyService';
import { SshGate } from '../ssh/sshGate';
import { addAccountRoutes } from './account/accountRoutes';
import { ApiError, badRequest, toApiError } from '../http/apiError';
import { sameSecret } from '../../ground/sameSecret';
import { bearerToken } from '../http/auth';
import { addDetailRoutes } from './devboxes/detailRoutes';
import { addBlueprintRoutes } from './account/blueprintRoutes';
import { addDevboxFactsRoutes } from './devboxes/devboxFactsRoutes';
import { addLogRoutes } from './devboxes/logRoutes';
import { addDevboxRoutes } from './devboxes/devboxRoutes';
import type { Faults } from '../faults/faults';
import { type RawRequest, type RawResponse, Exchange } from '../http/exchange';
import { addExecutionRoutes } from './devboxes/executionRoutes';
import { FaultInjector } from './faults/faultInjector';
import { addFaultRoutes, faultPath } from './faults/faultRoutes';
import { addFileRoutes } from './devboxes/fileRoutes';
import { type Destination, destinationOf, destinationOfRequest } from '../http/hostNames';
import { Listener, type Receiver } from '../http/listener';
import { addNotOfferedRoutes } from './notOfferedRoutes';
import { addNetworkPolicyRoutes } from './account/networkPolicyRoutes';
import { addObjectRoutes, objectPath } from './account/objectRoutes';
import { addSecretRoutes } from './account/secretRoutes';
import { addSnapshotRoutes } from './account/snapshotRoutes';
import { Router } from '../http/router';
import { TlsGate } from './tlsGate';
import { type TunnelResponse, refuseUpgrade, TunnelProxy } from './tunnels/tunnelProxy';

/** What can be set about the server. */
export interface ServerSettings {
  /** Seconds for which a terminal's shell lives without a client. */
  readonly ptyIdleSeconds: number;
  /** The platform's data folder, absolute. */
  readonly dataDir: string;
}

/** The local platform's face: Runloop's API and the devboxes' tunnels on one port. */
export class PlatformServer {
  readonly #devboxes: DevboxRegistry;
  readonly #apiKey: string;
  readonly #logLine: (line: string) => void;
  readonly #router = new Router();
  readonly #tunnels: TunnelProxy;
  readonly #terminals: PtyService;
  readonly #faultInjector: FaultInjector | undefined;
  readonly #listener: Listener;

  /**
   * @param logLine gets a line for each failure that is the platform's own
   * @param faults what is done to requests on order
   */
  constructor(
    devboxes: DevboxRegistry,
    account: Account,
    apiKey: string,
    logLine: (line: string) => void,
    settings: ServerSettings,
    faults?: Faults,
  ) {
    this.#devboxes = devboxes;
    this.#apiKey = apiKey;
    this.#logLine = logLine;
    this.#tunnels = new TunnelProxy(devboxes, (socket) => this.#listener.prove(socket));
    this.#terminals = new PtyService(settings.ptyIdleSeconds);
    this.#faultInjector = faults === undefined ? undefined : new FaultInjector(faults, devboxes);
    if (this.#faultInjector !== undefined) {
      addFaultRoutes(this.#router, this.#faultInjector);
    }
    addNotOfferedRoutes(this.#router);
    addNetworkPolicyRoutes(this.#router, account.policies, devboxes);
    addObjectRoutes(this.#router, account.objects, account.objectAddresses);
    addSecretRoutes(this.#router, account.secretStore);
    addSnapshotRoutes(this.#router, devboxes, account.snapshots);
    addDevboxFactsRoutes(this.#router, devboxes);
    addDevboxRoutes(this.#router, devboxes, account);
    addExecutionRoutes(this.#router, devboxes);
    addFileRoutes(this.#router, devboxes);
    addDetailRoutes(this.#router, devboxes, this.#terminals);
    addLogRoutes(this.#router, devboxes);
    addBlueprintRoutes(this.#router, account);
    addAccountRoutes(this.#router);
    const receiver: Receiver = {
      http1: (request, response) => this.#http1(request, response),
      http2: (request, response) => this.#http2(request, response),
      upgrade: (request, socket, head) => this.#upgrade(request, socket, head),
      tls: (socket) => gate.accept(socket),
    };
    this.#listener = new Listener(receiver);
    const gate = new TlsGate(
      settings.dataDir,
      new SshGate(devboxes, settings.dataDir, logLine),
      logLine,
      (version, socket) => this.#listener.speak(version, socket),
    );
  }

  /** Starts listening on 127.0.0.1; see {@link Listener.listen}. */
  listen(port: number): Promise<number> {
    return this.#listener.listen(port);
  }

  /** Stops listening and cuts all connections. */
  close(): Promise<void> {
    return this.#listener.close();
  }

  #http1(request: IncomingMessage, response: ServerResponse): void {
    const destination = destinationOfRequest(request.headers);
    if (destination.kind === 'tunnel') {
      const terminal = this.#terminalTunnel(destination);
      const pass = (into: RawResponse & TunnelResponse): void =>
        terminal === undefined
          ? this.#tunnels.forward(request, into, destination)
          : void this.#answer(request, into, destination);
      if (this.#faultInjector === undefined) {
        pass(response);
      } else {
        this.#faultInjector.forward(request, response, destination, pass);
      }
    } else {
      void this.#answer(request, response, destination);
    }
  }

  #http2(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const destination = destinationOf(request.headers[':authority'] ?? request.headers.host);
    void this.#answer(request, response, destination);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const destination = destinationOfRequest(request.headers);
    if (destination.kind === 'tunnel') {
      const terminal = this.#terminalTunnel(destination);
      const pass = (client: Duplex): void =>
        terminal === undefined
          ? this.#tunnels.upgrade(request, client, head, destination)
          : this.#attach(request, client, head, terminal);
      if (this.#faultInjector === undefined) {
        pass(socket);
      } else {
        this.#faultInjector.upgrade(request, socket, destination, pass);
      }
      return;
    }
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  }

  /** Answers one API request; whatever goes wrong becomes an answer too. */
  async #answer(request: RawRequest, response: RawResponse, destination: Destination): Promise<void> {
    const exchange = new Exchange(request, response, this.#faultInjector?.faults.clockSkew);
    try {
      const terminal = this.#terminalTunnel(destination);
      if (terminal !== undefined) {
        await inScopeOf(terminal.devbox, () => this.#terminals.answer(exchange, terminal));
        return;
      }
      refuseForeignHosts(destination);
      if (!exchange.path.startsWith(objectPath)) {
        this.#requireKey(exchange);
        this.#listener.prove(request.socket);
      }
      const injector = exchange.path.startsWith(faultPath) ? undefined : this.#faultInjector;
      const named = /^\/v1\/devboxes\/(dbx_\w+)(?:\/|$)/.exec(exchange.path)?.[1];
      const devbox = named === undefined ? undefined : this.#devboxes.findLiving(named);
      const dispatch = (one: Exchange): Promise<void> =>
        devbox === undefined ? this.#router.dispatch(one) : inScopeOf(devbox, () => this.#router.dispatch(one));
      await (injector === undefined ? dispatch(exchange) : injector.answer(exchange, request, response, dispatch));
    } catch (error) {
      const answer = toApiError(error);
      if (answer.code === 'internal_error') {
        this.#logLine(
          `${exchange.requestId} ${exchange.method} ${exchange.path}: ${error instanceof Error ? (error.stack ?? error.message) : answer.message}`,
        );
      }
      exchange.sendError(answer);
    }
  }

  /** The tunnel to a devbox's terminals that a host name means, if it means one. */
  #terminalTunnel(destination: Destination): PtyTunnel | undefined {
    return destination.kind === 'tunnel' && destination.port === ptyPort
      ? this.#terminals.find(destination.key)
      : undefined;
  }

  #attach(request: IncomingMessage, socket: Duplex, head: Buffer, terminal: PtyTunnel): void {
    socket.on('error', () => socket.destroy());
    try {
      inScopeOf(terminal.devbox, () => this.#terminals.attach(request, socket, head, terminal));
      this.#listener.prove(socket);
    } catch (error) {
      refuseUpgrade(socket, toApiError(error));
    }
  }

  #requireKey(exchange: Exchange): void {
    const given = bearerToken(exchange.headers.authorization);
    if (given === undefined || !sameSecret(given, this.#apiKey)) {
      throw new ApiError(
        401,
        'unauthorized',
        'The API key is missing or wrong. Use the key the local platform printed when it started.',
        undefined,
        { 'www-authenticate': 'Bearer' },
      );
    }
  }
}

function refuseForeignHosts(destination: Destination): void {
  if (destination.kind === 'tunnel') {
    throw badRequest('Tunnels speak HTTP/1.1 on the local platform. Send the request as HTTP/1.1.');
  }
  if (destination.kind === 'refused') {
    throw new ApiError(
      403,
      'host_refused',
      'This host name is not one of the local platform. Use 127.0.0.1, localhost or a name ending in .localhost as the API says.',
    );
  }
}
