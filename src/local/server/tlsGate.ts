import { readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, createServer, type Server } from 'node:tls';
import { codeOf, messageOf } from '../errors';
import type { SshGate } from '../ssh/sshGate';
import { selfSigned } from '../http/certificate';
import { destinationOf } from '../http/hostNames';

/** A connection that has not said what it wants within this time is closed, in ms. */
const handshakeLimit = 20_000;

/** What the platform is called where programs insist on an address like Runloop's own, `https://api.<domain>`. */
const sshName = 'ssh.runloop.localhost';
const names = [
  'api.runloop.localhost',
  '*.tunnel.runloop.localhost',
  sshName,
  'api.localhost',
  '*.tunnel.localhost',
  'localhost',
];

/**
 * Where TLS comes in, on the platform's one port. The server name that the client asks for says what is meant: a devbox's
 * SSH, or the API and the tunnels, as HTTP/1.1 or HTTP/2.
 */
export class TlsGate {
  readonly #server: Server;

  /**
   * @param dataDir where `tls.crt` is kept for clients to trust, and its key
   * @param logLine told of a certificate that cannot be used
   * @param speak takes a connection on which HTTP is spoken from here on
   */
  constructor(
    dataDir: string,
    ssh: SshGate,
    logLine: (line: string) => void,
    speak: (version: 'http1' | 'http2', socket: Socket) => void,
  ) {
    const certificate = openCertificate(dataDir, logLine);
    const context = createSecureContext(certificate);
    const isKnown = (name: string): boolean =>
      destinationOf(name).kind !== 'refused' || name === sshName || ssh.find(name) !== undefined;
    this.#server = createServer({
      ...certificate,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: handshakeLimit,
      SNICallback: (asked, done) =>
        done(isKnown(asked.toLowerCase()) ? null : new Error('There is no running devbox of this name.'), context),
    });
    this.#server.on('secureConnection', (secure) => {
      const devbox = typeof secure.servername === 'string' ? ssh.find(secure.servername.toLowerCase()) : undefined;
      if (devbox === undefined) {
        speak(secure.alpnProtocol === 'h2' ? 'http2' : 'http1', secure);
      } else {
        void ssh.serve(secure, devbox);
      }
    });
    // A client that cannot or will not speak TLS concerns nobody else.
    this.#server.on('tlsClientError', (_error, secure) => secure.destroy());
  }

  /** Takes a connection that begins like TLS. */
  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }
}

/** The certificate in the data folder; made when there is none, so that clients go on trusting it after a restart. */
function openCertificate(
  dataDir: string,
  logLine: (line: string) => void,
): { readonly key: string; readonly cert: string } {
  const files = { key: join(dataDir, 'tls.key'), cert: join(dataDir, 'tls.crt') };
  try {
    const kept = { key: readFileSync(files.key, 'utf8'), cert: readFileSync(files.cert, 'utf8') };
    createSecureContext(kept);
    return kept;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      logLine(
        `The certificate in the data folder cannot be used (${messageOf(error)}). It is replaced; clients have to trust the new tls.crt.`,
      );
    }
  }
  const made = selfSigned(names);
  writeFileSync(files.key, made.key, { mode: 0o600 });
  // Last: what is there is whole.
  writeFileSync(files.cert, made.cert);
  return made;
}
