import * as z from 'zod';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import type { Tunnel } from '../../devbox/tunnel';
import type { PtyService } from '../../pty/ptyService';
import { addSshKey, sshHostName, sshUser } from '../../ssh/sshKeys';
import { parseBody, tunnelFields } from '../../http/bodies';
import { readTunnel } from './createRequest';
import { tunnelHost } from '../../http/hostNames';
import { repeatKey } from '../../http/repeatKey';
import { Repeats } from '../../http/repeats';
import type { Router } from '../../http/router';
import { tunnelView } from '../views';

const portFields = z.object({ port: z.int().min(1).max(65_535) });

/** Adds what one devbox has: its tunnel. */
export function addDetailRoutes(router: Router, devboxes: DevboxRegistry, terminals: PtyService): void {
  const sshKeys = new Repeats<string>();
  const tunnels = new Repeats<Tunnel>();
  router.add('POST', '/v1/devboxes/{id}/enable_tunnel', async ({ exchange, params }) => {
    const body = await exchange.readObject();
    const settings = parseBody(tunnelFields, body);
    const devbox = devboxes.get(params.id);
    const tunnel = await tunnels.once(repeatKey(exchange, body), devbox.id, () =>
      Promise.resolve(devbox.enableTunnel(readTunnel(settings))),
    );
    exchange.sendJson(200, tunnelView(tunnel));
  });

  // How tunnels were made before SDK 1.5, one for each port: OpenHands' own runtime does it still.
  router.add('POST', '/v1/devboxes/{id}/create_tunnel', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    const { port } = parseBody(portFields, await exchange.readObject());
    devbox.requireRunning();
    const { key } = devbox.tunnel ?? devbox.enableTunnel(readTunnel(parseBody(tunnelFields, {})));
    exchange.sendJson(200, {
      devbox_id: devbox.id,
      port,
      url: `${exchange.scheme}://${tunnelHost(exchange.host, port, key)}`,
    });
  });

  router.add('POST', '/v1/devboxes/{id}/create_pty_tunnel', ({ exchange, params }) => {
    const { key, token } = terminals.openTunnel(devboxes.get(params.id));
    exchange.sendJson(200, { tunnel_key: key, auth_token: token });
  });

  router.add('POST', '/v1/devboxes/{id}/create_ssh_key', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    devbox.requireRunning();
    const id = exchange.headers['x-request-id'];
    const key = await sshKeys.once(typeof id === 'string' ? id : undefined, devbox.id, () =>
      addSshKey(devbox.sshKeyFile),
    );
    exchange.sendJson(200, {
      id: devbox.id,
      url: sshHostName(devbox.id),
      ssh_user: sshUser(devbox),
      ssh_private_key: key,
    });
  });

  router.add('POST', '/v1/devboxes/{id}/remove_tunnel', ({ exchange, params }) => {
    devboxes.get(params.id).removeTunnel();
    exchange.sendJson(200, {});
  });
}
