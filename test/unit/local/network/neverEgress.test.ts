import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { RunloopSDK } from '@runloop/api-client';
import { after, before, describe, it } from 'mocha';
import { isNeverEgress } from '../../../../src/local/network/neverEgress';
import { type TestPlatform, startPlatform } from '../../../platform/testPlatform';

describe('addresses that no network policy lets out to', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  before(async () => {
    platform = await startPlatform();
  });
  after(() => platform.stop());

  it('are loopback, link-local, this computer, and everything that stands for one of them', () => {
    const never = [
      '127.0.0.1',
      '127.64.1.2',
      '0.0.0.0',
      '0.1.2.3',
      '169.254.169.254',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '0:0:0:0:0:ffff:7f00:1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::169.254.1.1',
      '2002:7f00:1::',
      'fe80::1',
      'fe80::1%lo',
      'ff02::1',
      'no address',
      '',
      ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
    ];
    assert.deepEqual(
      never.filter((address) => !isNeverEgress(address)),
      [],
    );
    const outside = [
      '10.0.0.1',
      '192.168.200.7',
      '1.1.1.1',
      '2606:4700::1111',
      '::ffff:1.1.1.1',
      '64:ff9b::101:101',
      'fd00::1',
    ];
    assert.deepEqual(outside.filter(isNeverEgress), []);
  });

  it('stay shut for names that lead to them, for blocks of everything, and in every way to write them', async () => {
    const heard: string[] = [];
    const server = createServer((request, response) => {
      heard.push(request.url ?? '');
      response.end('reached');
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const { port } = server.address() as AddressInfo;
    const client = platform.client();
    const policy = await client.networkPolicies.create({
      name: 'everything',
      allowed_hostnames: [
        '*.localhost',
        '*.nip.io',
        '2130706433',
        '0x7f.1',
        '017700000001',
        '127.0.0.1',
        'ip6-localhost',
      ],
      allowed_cidrs: [{ cidr: '0.0.0.0/0' }, { cidr: '127.0.0.0/8' }],
    });
    const { id } = await client.devboxes.createAndAwaitRunning({ launch_parameters: { network_policy_id: policy.id } });
    const hosts = [
      'x.localhost',
      '127.0.0.2',
      '127.1',
      '2130706433',
      '0x7f.1',
      '0x7f000001',
      '017700000001',
      '0',
      '0.0.0.0',
      '[::ffff:127.0.0.2]',
      '[::ffff:7f00:2]',
      '[::]',
      '169.254.169.254',
      ...Object.values(networkInterfaces()).flatMap((all) =>
        (all ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => address),
      ),
    ].filter((host) => host !== '127.0.0.1');
    const sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false });
    const script = hosts
      .flatMap((host) => [
        // As a request to the proxy and as a tunnel through it, just as it is written.
        `printf 'GET http://${host}:${port}/get HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n' | timeout 5 bash -c 'exec 3<> /dev/tcp/127.0.0.1/3128; cat >&3; head -n 1 <&3'`,
        `printf 'CONNECT ${host}:${port} HTTP/1.1\\r\\n\\r\\nGET /connect HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n' | timeout 5 bash -c 'exec 3<> /dev/tcp/127.0.0.1/3128; cat >&3; head -n 1 <&3'`,
      ])
      .join('\n');
    const said = await (await sdk.devbox.fromId(id).cmd.exec(script)).stdout();
    assert.deepEqual(heard, [], said);
    assert.doesNotMatch(said, / 200 /);
    server.closeAllConnections();
    server.close();
  });
});
