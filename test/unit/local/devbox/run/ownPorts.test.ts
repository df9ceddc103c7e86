import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { after, describe, it } from 'mocha';
import { foreignListener, OwnPorts } from '../../../../../src/local/devbox/run/ownPorts';
import { Listeners } from '../../../../../src/local/host/sockets/listeners';
import { eventually } from '../../../../eventually';
import { skip } from '../../../../run/skip';
import { ownNetwork } from '../../../../run/ownNetwork';

describe('Whose a port of a devbox is', () => {
  const listeners = new Listeners();
  const ports = new OwnPorts(() => ({ kind: 'mark', mark: 'of nobody' }), listeners);
  after(() => listeners.dispose());

  for (const [address, host] of [
    ['::1', '::1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::1', '0000::0001'],
    ['::1', '::'],
    ['::', '::'],
    ['::', '127.0.0.1'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['127.0.0.1', '0:0:0:0:0:FFFF:7F00:1'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'localhost'],
    ['127.0.0.1', '0.0.0.0'],
    ['127.0.0.1', '::ffff:0.0.0.0'],
    ['0.0.0.0', '0.0.0.0'],
    ['0.0.0.0', '127.9.9.9'],
  ] as const) {
    it(`is asked for ${host} too, however that is written, where ${address} is listened on`, async () => {
      const server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, address, resolve));
      try {
        const { port } = server.address() as AddressInfo;
        await assert.rejects(ports.dial(host, port), { code: foreignListener });
      } finally {
        server.close();
      }
    });
  }

  it('is found out once for who asks again and again', async () => {
    let looks = 0;
    const own = new OwnPorts(() => {
      looks += 1;
      return { kind: 'mark', mark: 'of nobody' };
    }, listeners);
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      // What was found out holds for a second, in which a busy computer does not always ask three times.
      await eventually(
        async () => {
          looks = 0;
          for (let time = 0; time < 3; time += 1) {
            await assert.rejects(own.dial('127.0.0.1', port), { code: foreignListener });
          }
          return looks;
        },
        (count) => count <= 1,
      );
    } finally {
      server.close();
    }
  });

  it('is asked once for each further connection, and anew when somebody else listens there', async () => {
    let asked = 0;
    class Counted extends Listeners {
      override at(address: string, port: number): Promise<readonly string[]> {
        asked += 1;
        return super.at(address, port);
      }
    }
    const counted = new Counted();
    const mark = 'dbx_ofThisTest';
    const own = new OwnPorts(() => ({ kind: 'mark', mark }), counted);
    const script = 'const s = net.createServer(() => {}).listen(0, "127.0.0.1", () => console.log(s.address().port))';
    const env = { ...process.env, RUNLOOP_LOCAL_DEVBOX: mark };
    const child = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    let heard = '';
    const other = createServer((socket) =>
      socket.on('error', () => undefined).on('data', (chunk) => (heard += chunk.toString())),
    );
    try {
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      const port = Number(said.toString());
      const counts: number[] = [];
      for (let time = 0; time < 3; time += 1) {
        (await own.dial('127.0.0.1', port)).destroy();
        counts.push(asked);
      }
      assert.deepEqual(counts, [2, 3, 4]);
      child.kill('SIGKILL');
      await ended;
      await assert.rejects(own.dial('127.0.0.1', port), { code: 'ECONNREFUSED' });
      // Also without a look in between, when nobody listened.
      const again = spawn(process.execPath, ['-e', script.replace('(0,', `(${port},`)], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const over = once(again, 'exit');
      try {
        await once(again.stdout, 'data');
        (await own.dial('127.0.0.1', port)).destroy();
      } finally {
        again.kill('SIGKILL');
        await over;
      }
      await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
      await assert.rejects(own.dial('127.0.0.1', port), { code: foreignListener });
      assert.equal(heard, '');
    } finally {
      child.kill('SIGKILL');
      other.close();
      counted.dispose();
    }
  });

  it('is asked for every other address of this computer, and of nobody else', async function () {
    if (spawnSync(ownNetwork[0] ?? '', [...ownNetwork.slice(1), 'true']).status !== 0) {
      skip(this, 'this computer gives no network of its own');
    }
    const [command = '', ...words] = ownNetwork;
    const program = 'out/unit/local/devbox/run/ownAddressesProgram.js';
    await promisify(execFile)(command, [...words, process.execPath, '--enable-source-maps', program]);
  });
});
