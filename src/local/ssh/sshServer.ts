import type { Socket } from 'node:net';
import ssh2, {
  type Connection,
  type ParsedKey,
  type PublicKeyAuthContext,
  type ServerChannel,
  type TcpipRequestInfo,
} from 'ssh2';
import { inScopeOf } from '../bulkhead/devboxScope';
import { sameSecret } from '../../ground/sameSecret';
import type { Devbox } from '../devbox/devbox';
import type { DevboxRun } from '../devbox/run/devboxRun';
import { messageOf } from '../errors';
import { ecPoint, readSshKeys, sshUser } from './sshKeys';
import { RemoteForwards } from './remoteForwards';
import { forwardToSocket } from './socketForward';
import { serveSession } from './sshSession';

/**
 * Named like OpenSSH, because some SFTP clients choose the order of a link's two names by that, and ours is OpenSSH's.
 */
const ident = 'OpenSSH_9.0 runloop-local';

/** The key by which clients know the server; PEM. */
export function newHostKey(): string {
  // One in 256 of the library's keys lacks a byte and cannot be read, not even by itself (mscdex/ssh2 #1390).
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519').private;
    if (isHostKey(key)) return key;
  }
}

/** Whether a server can be opened with this text as its key. */
export function isHostKey(text: string): boolean {
  const parsed = ssh2.utils.parseKey(text);
  return !(parsed instanceof Error) && parsed.isPrivateKey();
}

/** Speaks SSH on connections whose devbox is already known. */
export class SshServer {
  readonly #hostKey: string;
  readonly #logLine: (line: string) => void;

  /**
   * @param hostKey private key, as `newHostKey` makes them
   * @param logLine told what goes wrong
   */
  constructor(hostKey: string, logLine: (line: string) => void) {
    this.#hostKey = hostKey;
    this.#logLine = logLine;
  }

  /** Serves one connection until it ends or the devbox no longer runs. */
  serve(socket: Socket, devbox: Devbox): void {
    const run = devbox.requireRun();
    inScopeOf(devbox, () => this.#serve(socket, devbox, run));
  }

  #serve(socket: Socket, devbox: Devbox, run: DevboxRun): void {
    // One server per connection: the library does not tell which connection an accepted client came by.
    const server = new ssh2.Server({ hostKeys: [this.#hostKey], ident }, (client) => {
      const end = (): void => void client.end();
      run.signal.addEventListener('abort', end);
      client.on('close', () => run.signal.removeEventListener('abort', end));
      client.on('error', () => socket.destroy());
      client.on('authentication', (context) => {
        if (context.method === 'publickey' && context.username === sshUser(devbox)) {
          authenticate(context, devbox).catch((error: unknown) => {
            this.#logLine(`The SSH keys of devbox ${devbox.id} could not be read: ${messageOf(error)}`);
            context.reject(['publickey']);
          });
        } else {
          context.reject(['publickey']);
        }
      });
      client.on('ready', () => this.#ready(client, devbox));
    });
    server.injectSocket(socket);
  }

  #ready(client: Connection, devbox: Devbox): void {
    client.on('session', (accept, reject) => {
      // It may have been suspended since the client came in.
      if (devbox.status === 'running') {
        serveSession(accept(), devbox.requireRun(), () => devbox.touch());
      } else {
        reject();
      }
    });
    client.on('tcpip', (accept, reject, info) => forward(accept, reject, info, devbox));
    const forwards = new RemoteForwards(client, devbox);
    client.once('close', () => forwards.dispose());
    client.on('request', (accept, reject, name, info) => {
      // A request without an answer function is one to which the client wants no answer.
      const answer = (port: number | undefined): void => {
        if (port === undefined) {
          reject?.();
        } else {
          accept?.(port);
        }
      };
      if (name.startsWith('cancel-')) {
        answer(forwards.remove(info) ? 0 : undefined);
      } else {
        forwards.add(info).then(answer, () => answer(undefined));
      }
    });
    client.on('openssh.streamlocal', (accept, reject, info) =>
      forwardToSocket(accept, reject, info.socketPath, devbox),
    );
  }
}

async function authenticate(context: PublicKeyAuthContext, devbox: Devbox): Promise<void> {
  const keys = await readSshKeys(devbox.sshKeyFile);
  const parsed = ssh2.utils.parseKey(publicLine(context.key));
  const key = parsed instanceof Error ? undefined : parsed;
  const offered = context.key.data.toString('latin1');
  const known =
    key !== undefined && keys.some((pem) => sameSecret(offered.slice(-65), ecPoint(pem).toString('latin1')));
  if (!known || context.key.algo !== 'ecdsa-sha2-nistp256') {
    context.reject(['publickey']);
  } else if (context.signature === undefined || context.blob === undefined) {
    // The client only asks whether this key would do.
    context.accept();
  } else if (isVerified(key, context.blob, context.signature, context.hashAlgo)) {
    context.accept();
  } else {
    context.reject(['publickey']);
  }
}

/** Whether a signature is the key's. The library gives an error object, against its types, for what it cannot verify. */
function isVerified(key: ParsedKey, blob: Buffer, signature: Buffer, hash: string | undefined): boolean {
  const verified: unknown = key.verify(blob, signature, hash);
  return verified === true;
}

function publicLine(key: { readonly algo: string; readonly data: Buffer }): string {
  return `${key.algo} ${key.data.toString('base64')}`;
}

/** A channel of a client that may have gone meanwhile; then the library, against its types, gives none. */
function channelOf(accept: () => ServerChannel | undefined): ServerChannel | undefined {
  return accept();
}

/** Connects to what listens in the devbox, as if from inside it. */
function forward(accept: () => ServerChannel, reject: () => void, info: TcpipRequestInfo, devbox: Devbox): void {
  const own = ['localhost', '127.0.0.1', '::1', '0.0.0.0'].includes(info.destIP);
  // Devboxes share the host's network, each with a loopback address of its own: that comes first.
  const hosts = own ? [devbox.address, '127.0.0.1'] : [info.destIP];
  const attempt = (left: readonly string[]): void => {
    const [host, ...others] = left;
    if (host === undefined) {
      reject();
      return;
    }
    const take = (service: Socket): void => {
      service.on('error', () => service.destroy());
      const channel = channelOf(accept);
      if (channel === undefined) {
        service.destroy();
        return;
      }
      channel.on('error', () => service.destroy());
      channel.once('close', () => service.destroy());
      channel.pipe(service);
      service.pipe(channel);
      channel.on('data', () => devbox.touch());
    };
    devbox.dial(info.destPort, host).then(take, () => attempt(others));
  };
  attempt(hosts);
}
