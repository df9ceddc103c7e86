/*
 * A program, run in a network of its own in which this computer has addresses that are not loopback: what listens on them is
 * proven as well, whether an interface has them or only the kernel's routes do. What is not this computer is just connected to.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { foreignListener, OwnPorts } from '../../../../../src/local/devbox/run/ownPorts';
import { Listeners } from '../../../../../src/local/host/sockets/listeners';

const ip = (...words: string[]): Buffer => execFileSync('ip', words);
ip('link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'far');
ip('link', 'set', 'wire', 'up');
ip('addr', 'add', '10.77.0.1/24', 'dev', 'wire');
ip('addr', 'add', 'fd77::1/64', 'dev', 'wire', 'nodad');
ip('route', 'add', 'local', '10.78.0.0/16', 'dev', 'lo');

// Somebody else's network, on the other end of the wire.
const other = spawn('unshare', ['--net', 'sh', '-c', 'echo up; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(other.stdout, 'data');
ip('link', 'set', 'far', 'netns', String(other.pid));
const there = (...words: string[]): string[] => ['-t', String(other.pid), '--net', '--', ...words];
execFileSync('nsenter', there('sh', '-c', 'ip addr add 10.77.0.2/24 dev far && ip link set far up'));
const neighbour = spawn(
  'nsenter',
  there(
    process.execPath,
    '-e',
    "require('net').createServer((s) => s.end('hello')).listen(80, '10.77.0.2', () => console.log('up'))",
  ),
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
await once(neighbour.stdout, 'data');

const listeners = new Listeners(() => [{ name: 'devbox of a test', scope: { kind: 'mark', mark: 'known' } }]);
const ports = new OwnPorts(() => ({ kind: 'mark', mark: 'of nobody' }), listeners);
try {
  const heard: string[] = [];
  for (const bound of ['0.0.0.0', '::', '10.77.0.1', 'fd77::1']) {
    const server = createServer((socket) =>
      socket.on('data', (data) => heard.push(String(data))).on('error', () => undefined),
    );
    server.listen(0, bound);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asked =
      bound === '0.0.0.0' || bound === '::'
        ? ['10.77.0.1', '::ffff:10.77.0.1', '10.78.3.4', ...(bound === '::' ? ['fd77::1', 'fd77:0:0::1'] : [])]
        : [bound];
    for (const host of asked) {
      await assert.rejects(
        ports.dial(host, port),
        (error) =>
          Object.is((error as NodeJS.ErrnoException).code, foreignListener) &&
          /a program of this computer$/.test(String(error)),
        `${host}, where ${bound} is listened on`,
      );
    }
    server.close();
  }
  assert.deepEqual(heard, []);

  // One that is known by name.
  const known = spawn(
    process.execPath,
    ['-e', "const s = require('net').createServer().listen(0, '10.77.0.1', () => console.log(s.address().port))"],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], RUNLOOP_LOCAL_DEVBOX: 'known' } },
  );
  const [line] = (await once(known.stdout, 'data')) as [Buffer];
  await assert.rejects(ports.dial('10.77.0.1', Number(String(line))), /something else .*: devbox of a test$/);
  known.kill();

  const socket = await ports.dial('10.77.0.2', 80);
  const [hello] = (await once(socket, 'data')) as [Buffer];
  assert.equal(String(hello), 'hello');
} finally {
  listeners.dispose();
  neighbour.kill();
  other.kill();
}
