import { lookup } from 'node:dns/promises';
import {
  request as httpRequest,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, isIP, Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import { messageOf } from '../errors';
import { safeHead } from '../http/foreignHead';
import { type Egress, allowsAddress, allowsName } from './egress';
import { joinStreams } from './joinStreams';
import { isNeverEgress } from './neverEgress';

/** How long the other side may take to accept a connection, in milliseconds. */
const connectLimit = 30_000;

/** Connections that one devbox may have through it at once; further ones are closed. */
const mostConnections = 512;

/** Headers that are about the way to the proxy only. */
const ownHeaders = new Set(['proxy-connection', 'proxy-authorization', 'connection', 'keep-alive']);

/** What the proxy asks about the devbox behind it. */
export interface EgressDevbox {
  /** What its policy says now; undefined when the policy is gone, and with it everything it allowed. */
  egress(): Egress | undefined;
  /** Connects to one of the devbox's own ports. */
  dial(port: number): Promise<Socket>;
  /** The port on which tunnels are served. */
  tunnelPort(): number | undefined;
}

/** A refusal that the program in the devbox gets to read. */
class Refusal extends Error {}

/**
 * The only way out of a devbox with an isolated network: an HTTP proxy on the platform's side that connects to what the devbox's policy
 * allows at that moment, and refuses everything else with a sentence.
 */
export function egressProxy(devbox: EgressDevbox): Server {
  const server = createServer((request, response) => void forward(devbox, request, response));
  server.maxConnections = mostConnections;
  // One connection that cannot be taken, for want of a descriptor, is that connection's affair.
  server.on('error', () => undefined);
  server.on(
    'connect',
    (request: IncomingMessage, client: Duplex, head: Buffer) => void tunnel(devbox, request, client, head),
  );
  return server;
}

async function tunnel(devbox: EgressDevbox, request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  client.on('error', () => client.destroy());
  try {
    const target = new URL(`connect://${request.url ?? ''}`);
    const service = await reach(devbox, target.hostname, Number(target.port || 443));
    if (client.destroyed || !(client instanceof Socket)) {
      service.destroy();
      return;
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    service.write(head);
    joinStreams(client, service);
  } catch (error) {
    const body = `${messageOf(error)}\n`;
    client.end(
      `HTTP/1.1 ${statusOf(error)} Refused\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
}

async function forward(devbox: EgressDevbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => response.destroy());
  try {
    const target = new URL(request.url ?? '');
    if (target.protocol !== 'http:') {
      throw new Refusal('Only http addresses are forwarded; for others use CONNECT.');
    }
    const service = await reach(devbox, target.hostname, Number(target.port || 80));
    const headers = request.rawHeaders.filter(
      (_, index, all) => !ownHeaders.has((all[index - (index % 2)] ?? '').toLowerCase()),
    );
    const onward = httpRequest({
      method: request.method ?? 'GET',
      path: `${target.pathname}${target.search}`,
      headers: [...headers, 'Connection', 'close'],
      createConnection: () => service,
    });
    onward.on('response', (answer) => {
      const head = safeHead(answer, answer.rawHeaders);
      if (head === undefined) {
        onward.destroy();
        refuse(response, new Error(`${target.host} does not answer as HTTP wants it.`));
        return;
      }
      response.writeHead(head.status, head.message, head.headers);
      pipeline(answer, response, () => undefined);
    });
    onward.on('upgrade', (_answer, socket: Socket) => {
      socket.destroy();
      refuse(response, new Error(`${target.host} goes over to another protocol without being asked.`));
    });
    onward.on('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    request.pipe(onward);
  } catch (error) {
    refuse(response, error);
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response
    .writeHead(statusOf(error), { 'content-type': 'text/plain', connection: 'close' })
    .end(`${messageOf(error)}\n`);
}

function statusOf(error: unknown): number {
  if (error instanceof Refusal) {
    return 403;
  }
  // An address that is none.
  return error instanceof TypeError ? 400 : 502;
}

/** Connects to a host if that is allowed. */
async function reach(devbox: EgressDevbox, host: string, port: number): Promise<Socket> {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name === '127.0.0.1' || name === '::1') {
    return devbox.dial(port);
  }
  const egress = devbox.egress();
  const refusal = new Refusal(`The devbox's network policy does not allow ${name}:${port}.`);
  if (egress === undefined) {
    throw refusal;
  }
  if (/\.tunnel\.(?:[a-z0-9-]+\.)*localhost$/.test(name) && port === devbox.tunnelPort()) {
    if (!egress.allow_devbox_to_devbox) {
      throw refusal;
    }
    return open('127.0.0.1', port);
  }
  const byName = isIP(name) === 0 && allowsName(egress, name);
  const addresses = await resolve(name, egress, byName, refusal);
  const allowed = addresses.filter((one) => byName || allowsAddress(egress, one, port));
  const address = allowed.find((one) => !isNeverEgress(one));
  if (address === undefined) {
    throw allowed.length === 0
      ? refusal
      : new Refusal(
          `${refusal.message} It is this computer, one of its devboxes or no single host, which no policy allows.`,
        );
  }
  const service = await open(address, port);
  if (service.remoteAddress !== undefined && isNeverEgress(service.remoteAddress)) {
    service.destroy();
    throw refusal;
  }
  return service;
}

/** A host's addresses; names that nothing could allow are not even asked for. */
async function resolve(name: string, egress: Egress, byName: boolean, refusal: Refusal): Promise<readonly string[]> {
  if (isIP(name) !== 0) {
    return [name];
  }
  if (!byName && egress.allowed_cidrs.length === 0) {
    throw refusal;
  }
  if (name.endsWith('.localhost')) {
    return ['127.0.0.1'];
  }
  return (await lookup(name, { all: true, verbatim: false })).map(({ address }) => address);
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const timer = setTimeout(
      () => socket.destroy(new Error(`${host}:${port} did not accept the connection in time.`)),
      connectLimit,
    );
    socket.once('error', reject).once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', reject);
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}
