import { connect, createServer, type Server, type Socket } from 'node:net';
import { joinStreams } from '../joinStreams';
import { proxyPort } from '../proxyPort';

/**
 * Runs in a devbox's isolated network and the platform's file system, so that no program of the devbox can see or touch it.
 * Arguments: the socket of the platform's proxy, and the socket on which the platform asks for the devbox's own ports, both
 * by their names in the working folder, so that the devbox sees no more than these.
 * What comes to the proxy's port in the devbox goes to the first; who connects to the second says a host and a port on
 * one line, and is connected to that, after a line that says so. It ends with its standard input.
 */
const [outward = '', inward = ''] = process.argv.slice(2);

const toProxy = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
  joinStreams(client, connect({ path: outward, allowHalfOpen: true })),
);

const toDevbox = createServer({ allowHalfOpen: true }, (client) => {
  let seen = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf('\n');
    if (end < 0) {
      return;
    }
    client.removeListener('data', onData);
    client.pause();
    const [host = '', port = ''] = seen.toString('latin1', 0, end).split(' ');
    client.unshift(seen.subarray(end + 1));
    dial(client, host, Number(port));
  };
  client.on('error', () => client.destroy()).on('data', onData);
});

function dial(client: Socket, host: string, port: number): void {
  const service = connect({ host, port, noDelay: true, allowHalfOpen: true });
  const refuse = (error: NodeJS.ErrnoException): void => void client.end(`${error.code ?? error.message}\n`);
  service.once('error', refuse);
  service.once('connect', () => {
    service.removeListener('error', refuse);
    client.write('connected\n');
    joinStreams(client, service);
  });
}

function listen(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => server.once('error', reject).listen(where, resolve));
}

process.stdin
  .once('close', () => process.exit(0))
  .once('error', () => process.exit(0))
  .resume();
await Promise.all([listen(toProxy, { host: '127.0.0.1', port: proxyPort }), listen(toDevbox, { path: inward })]);
// What one connection brings about ends that connection at most: the devbox's whole network hangs on this process.
process.on('uncaughtException', () => undefined);
for (const server of [toProxy, toDevbox]) {
  server.on('error', () => undefined);
}
process.stdout.write('ready\n');
