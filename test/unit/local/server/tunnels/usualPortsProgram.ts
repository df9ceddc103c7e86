/*
 * A program, run in a network of its own where nobody else has the usual ports: one devbox has one of them on all addresses,
 * another starts all the same, and what listens in it is reached once the first has ended.
 */
import assert from 'node:assert/strict';
import { logText, startPlatform } from '../../../../platform/testPlatform';
import { echoServer, send, tunnelHost, whenListening } from '../../../../platform/tunnelRequests';
import { listen } from './listener';

const platform = await startPlatform();
try {
  const client = platform.client();
  const { id: first } = await client.devboxes.createAndAwaitRunning({ name: 'first' });
  assert.match(await listen(platform, first, '0.0.0.0', 4444), /ready/);
  const late = await client.devboxes.createAndAwaitRunning({
    tunnel: {},
    entrypoint: `until ${echoServer('late').slice(5)}; do sleep 0.2; done`,
  });
  const host = tunnelHost(platform, 4444, late.tunnel?.tunnel_key ?? '');
  assert.match((await send(platform, host)).text, /something else than this devbox listens there/);
  assert.match(await logText(client, late.id), /Port 4444 is taken on every address of this computer/);
  await client.devboxes.shutdown(first);
  assert.match((await whenListening(platform, host)).text, /"late"/);
} finally {
  await platform.stop();
}
