import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { reachedAt } from '../../../../../src/local/host/sockets/listeningSocket';
import { SocketDiagnosis } from '../../../../../src/local/host/sockets/socketDiagnosis';
import { socketsInTables } from '../../../../../src/local/host/sockets/socketTables';

/** More than fit into one answer of the kernel's, which come one behind the other. */
const many = 300;

describe('who listens on this computer', () => {
  const servers: Server[] = [];
  const addresses = Array.from({ length: many }, (_, at) => `127.60.${at >> 8}.${at & 255}`);
  const diagnosis = new SocketDiagnosis();
  let port = 0;

  const listen = async (host: string, at: number, ipv6Only = false): Promise<number> => {
    const server = createServer().listen({ port: at, host, ipv6Only });
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  before(async () => {
    for (const address of addresses) port = await listen(address, port);
  });
  after(() => {
    diagnosis.dispose();
    servers.forEach((server) => server.close());
  });

  for (const [way, look] of [
    ['the kernel is asked', (at: number) => diagnosis.ask(at)],
    ['its tables are read', (at: number) => Promise.resolve(socketsInTables(at))],
  ] as const) {
    it(`is known of every address when ${way}`, async () => {
      const sockets = (await look(port)) ?? [];
      const own = new Set(
        Array.from({ length: 1_000 }, (_, at) => {
          try {
            return readlinkSync(`/proc/self/fd/${at}`);
          } catch {
            return '';
          }
        }),
      );
      for (const address of addresses) {
        const [inode, ...more] = reachedAt(address, sockets);
        assert.deepEqual(more, []);
        assert.ok(own.has(`socket:[${inode ?? ''}]`), address);
      }
      assert.deepEqual(reachedAt('127.61.0.1', sockets), []);
      assert.deepEqual(reachedAt('::1', sockets), []);
    });

    it(`is who listens on all addresses where nobody listens on the very one, when ${way}`, async () => {
      for (const [host, reached, not] of [
        ['0.0.0.0', ['127.60.0.2', '10.9.8.7'], ['::1']],
        ['::', ['127.60.0.2', '10.9.8.7', '::1', 'fd00::7'], []],
      ] as const) {
        const sockets = (await look(await listen(host, 0))) ?? [];
        for (const address of reached) assert.equal(reachedAt(address, sockets).length, 1, `${host} ${address}`);
        for (const address of not) assert.equal(reachedAt(address, sockets).length, 0, `${host} ${address}`);
      }
    });
  }

  it('is nobody of version 6 only for an address of version 4', async () => {
    const only = await listen('::', 0, true);
    const sockets = (await diagnosis.ask(only)) ?? [];
    assert.equal(reachedAt('::1', sockets).length, 1);
    assert.deepEqual(reachedAt('127.0.0.1', sockets), []);
  });

  it('is not asked of a program that was ended', async () => {
    const ended = new SocketDiagnosis();
    assert.equal((await ended.ask(port))?.length, many);
    ended.dispose();
    assert.equal(await ended.ask(port), undefined);
  });

  it('is asked once for all who ask while an earlier question is under way, and never answered from before they asked', async () => {
    const [first, second, third, elsewhere] = [port, port, port, port + 1].map((at) => diagnosis.ask(at));
    assert.equal(second, third);
    assert.notEqual(first, second);
    assert.notEqual(second, elsewhere);
    const fresh = await listen('127.61.0.1', 0);
    const before = diagnosis.ask(fresh);
    const after = diagnosis.ask(fresh);
    assert.deepEqual(
      [reachedAt('127.61.0.1', (await before) ?? []).length, reachedAt('127.61.0.1', (await after) ?? []).length],
      [1, 1],
    );
    servers.pop()?.close();
    assert.deepEqual(reachedAt('127.61.0.1', (await diagnosis.ask(fresh)) ?? []), []);
    assert.equal((await second)?.length, (await first)?.length);
    await elsewhere;
  });
});
