import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { inScopeOf } from '../../bulkhead/devboxScope';
import type { Devbox } from '../../devbox/devbox';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import { foreignListener } from '../../devbox/run/ownPorts';
import { codeOf, messageOf } from '../../errors';
import { newRequestId } from '../../ids';
import { ApiError, toApiError } from '../../http/apiError';
import { safeHead } from '../../http/foreignHead';
import { admit, forwardedHeaders, returnedHeaders } from './tunnelAccess';
import { TunnelTurns } from './tunnelTurns';

/** The port of a devbox that a tunnel's host name asks for. */
export interface TunnelTarget {
  readonly port: number;
  readonly key: string;
}

/** Where the answer to a tunnel's request goes. */
export interface TunnelResponse extends Writable {
  readonly headersSent: boolean;
  writeHead(status: number, message: string, headers: string[]): unknown;
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  flushHeaders(): void;
}

/** Requests and WebSockets that go through one devbox's tunnel at once, at most. */
const mostCarried = 1_000;

/** Carries requests that came to a tunnel's host name into the devbox, streaming both ways. */
export class TunnelProxy {
  readonly #devboxes: DevboxRegistry;
  readonly #prove: (socket: object) => void;
  /** How much goes through the tunnel of each devbox now. */
  readonly #carried = new Map<string, number>();
  readonly #turns = new TunnelTurns();

  /** @param prove told of connections that have a right to a tunnel */
  constructor(devboxes: DevboxRegistry, prove: (socket: object) => void) {
    this.#devboxes = devboxes;
    this.#prove = prove;
  }

  /**
   * Finds the devbox and counts what is carried to it: one devbox is not to use up what there is for all.
   * @param way ends with what is carried
   */
  #admit(request: IncomingMessage, key: string, way: Writable): Devbox {
    const devbox = admit(request, key, this.#devboxes);
    const carried = this.#carried.get(devbox.id) ?? 0;
    if (carried >= mostCarried) {
      throw new ApiError(
        503,
        'tunnel_busy',
        `${mostCarried} requests go through the tunnel of devbox ${devbox.id} already. Wait for one of them.`,
        true,
        { 'retry-after': '1' },
      );
    }
    this.#carried.set(devbox.id, carried + 1);
    way.once('close', () => {
      const left = (this.#carried.get(devbox.id) ?? 1) - 1;
      if (left > 0) {
        this.#carried.set(devbox.id, left);
      } else {
        this.#carried.delete(devbox.id);
      }
    });
    this.#prove(request.socket);
    return devbox;
  }

  #dial(devbox: Devbox, { port }: TunnelTarget): Promise<Socket> {
    return this.#turns.take(devbox.id, () => devbox.dial(port));
  }

  /** Carries an ordinary request. */
  forward(request: IncomingMessage, response: TunnelResponse, target: TunnelTarget): void {
    let devbox: Devbox;
    try {
      devbox = this.#admit(request, target.key, response);
    } catch (error) {
      answerError(response, toApiError(error));
      return;
    }
    const elsewhere = translatedFolder(request, devbox);
    if (elsewhere !== undefined) {
      response.writeHead(302, { location: elsewhere });
      response.end();
      return;
    }
    const reached = async (): Promise<void> => {
      try {
        carry(request, response, { service: await this.#dial(devbox, target), devbox, target });
      } catch (error) {
        answerError(response, unreachable(error, target.port));
      }
    };
    void inScopeOf(devbox, reached);
  }

  /** Carries an upgrade (WebSocket): the request's head is repeated to the devbox, then bytes flow both ways. */
  upgrade(request: IncomingMessage, client: Duplex, head: Buffer, target: TunnelTarget): void {
    client.on('error', () => client.destroy());
    let devbox: Devbox;
    try {
      devbox = this.#admit(request, target.key, client);
    } catch (error) {
      refuseUpgrade(client, toApiError(error));
      return;
    }
    const reached = async (): Promise<void> => {
      try {
        carryUpgrade(request, client, head, { service: await this.#dial(devbox, target), devbox, target });
      } catch (error) {
        refuseUpgrade(client, unreachable(error, target.port));
      }
    };
    void inScopeOf(devbox, reached);
  }
}

/** A connection to what a request asks for. */
interface Reached {
  readonly service: Socket;
  readonly devbox: Devbox;
  readonly target: TunnelTarget;
}

function carry(request: IncomingMessage, response: TunnelResponse, { service, devbox, target }: Reached): void {
  if (response.destroyed) {
    service.destroy();
    return;
  }
  const onward = httpRequest({
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: [...forwardedHeaders(request, devbox, false), 'Connection', 'close'],
    createConnection: () => service,
  });
  const active = (): void => touch(devbox, target.key);
  request.on('data', active);
  onward.on('response', (answer) => {
    const head = safeHead(answer, returnedHeaders(answer.rawHeaders));
    if (head === undefined) {
      onward.destroy();
      answerError(response, noHttp(target.port, `it answers with the status ${answer.statusCode ?? 'of nothing'}`));
      return;
    }
    answer.on('data', active);
    response.writeHead(head.status, head.message, head.headers);
    response.flushHeaders();
    // Not `pipeline`, which makes and aborts a signal for each answer. An end before its time ends both sides, which is all that
    // can be told to a client that already has headers.
    answer.on('error', () => response.destroy());
    answer.once('close', () => {
      if (!answer.readableEnded) response.destroy();
    });
    response.on('error', () => answer.destroy());
    answer.pipe(response);
  });
  // Nobody has asked for another protocol.
  onward.on('upgrade', (_answer, socket: Socket) => {
    socket.destroy();
    answerError(response, noHttp(target.port, 'it goes over to another protocol without being asked'));
  });
  onward.on('error', (error) => answerError(response, unreachable(error, target.port)));
  response.once('close', () => onward.destroy());
  // A small body right behind the headers must not wait for their acknowledgement.
  onward.setNoDelay(true);
  // Headers first: the service may have something to say before the body comes.
  onward.flushHeaders();
  // Not `pipeline`: a service may answer before it has read the whole request.
  request.pipe(onward);
  request.on('error', () => onward.destroy());
}

function carryUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  { service, devbox, target }: Reached,
): void {
  if (client.destroyed) {
    service.destroy();
    return;
  }
  const headers = forwardedHeaders(request, devbox, true);
  let text = `${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    text += `${headers[i] ?? ''}: ${headers[i + 1] ?? ''}\r\n`;
  }
  service.write(`${text}\r\n`, 'latin1');
  service.write(head);
  const active = (): void => touch(devbox, target.key);
  client.on('data', active).pipe(service);
  service.on('data', active).pipe(client);
  service.on('error', () => client.destroy());
  client.once('close', () => service.destroy());
}

/** Traffic that goes on counts like requests that come. */
function touch(devbox: Devbox, key: string): void {
  if (devbox.tunnel?.key === key && devbox.tunnel.httpKeepAlive) {
    devbox.touch();
  }
}

function noHttp(port: number, why: string): ApiError {
  return new ApiError(
    502,
    'tunnel_backend_invalid',
    `What listens on port ${port} of the devbox does not speak HTTP as it should: ${why}.`,
    false,
  );
}

function unreachable(error: unknown, port: number): ApiError {
  if (codeOf(error) === foreignListener) {
    return new ApiError(
      502,
      'tunnel_backend_foreign',
      `Nothing was sent to port ${port} of the devbox: ${messageOf(error)}.`,
      false,
    );
  }
  const why = codeOf(error) === 'ECONNREFUSED' ? 'nothing listens there' : messageOf(error);
  return new ApiError(
    502,
    'tunnel_backend_unreachable',
    `Port ${port} of the devbox could not be reached: ${why}. The service must listen on 0.0.0.0 or on the address in RUNLOOP_LOCAL_BIND.`,
    true,
  );
}

/** An error's body and headers; what is left of the request is not read. */
function errorAnswer(error: ApiError): { readonly body: string; readonly headers: Record<string, string | number> } {
  const { body, headers } = error.answer(newRequestId());
  const text = JSON.stringify(body);
  return {
    body: text,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...headers,
      connection: 'close',
    },
  };
}

/** Answers with an error, or cuts an answer that has begun already. */
function answerError(response: TunnelResponse, error: ApiError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { body, headers } = errorAnswer(error);
  response.writeHead(error.status, headers);
  response.end(body);
}

/** Answers an upgrade request with an error. */
export function refuseUpgrade(client: Duplex, error: ApiError): void {
  const { body, headers } = errorAnswer(error);
  const head = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  client.end(`HTTP/1.1 ${error.status} Refused\r\n${head}\r\n${body}`);
}

/**
 * Without a file system view of its own a devbox's `/workspace` is another folder of the host, and the VS Code server
 * must be asked for that one.
 */
function translatedFolder(request: IncomingMessage, devbox: Devbox): string | undefined {
  const [path = '', query] = (request.url ?? '').split('?');
  if (devbox.prefix === '' || request.method !== 'GET' || path !== '/' || query === undefined) {
    return undefined;
  }
  const parameters = new URLSearchParams(query);
  const folder = parameters.get('folder') ?? '';
  if (!/^\/(?:workspace|openhands|home\/user)(?:\/|$)/.test(folder)) {
    return undefined;
  }
  parameters.set('folder', devbox.prefix + folder);
  return `/?${parameters.toString()}`;
}
