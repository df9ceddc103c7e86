import type { DevboxRegistry } from '../devbox/devboxRegistry';
import type { PtyService } from '../pty/ptyService';
import { addSshKey, sshHostName, sshUser } from '../ssh/sshKeys';
import { parseBody, tunnelFields } from './bodies';
import { readTunnel } from './createRequest';
import { Repeats } from './repeats';
import type { Router } from './router';
import { tunnelView } from './views';

/** Adds what one devbox has: its tunnel. */
export function addDetailRoutes(router: Router, devboxes: DevboxRegistry, terminals: PtyService): void {
  const sshKeys = new Repeats<string>();
  router.add('POST', '/v1/devboxes/{id}/enable_tunnel', async ({ exchange, params }) => {
    const settings = parseBody(tunnelFields, await exchange.readObject());
    exchange.sendJson(200, tunnelView(devboxes.get(params['id'] ?? '').enableTunnel(readTunnel(settings))));
  });

  router.add('POST', '/v1/devboxes/{id}/create_pty_tunnel', ({ exchange, params }) => {
    const { key, token } = terminals.openTunnel(devboxes.get(params['id'] ?? ''));
    exchange.sendJson(200, { tunnel_key: key, auth_token: token });
  });

  router.add('POST', '/v1/devboxes/{id}/create_ssh_key', async ({ exchange, params }) => {
    const devbox = devboxes.get(params['id'] ?? '');
    devbox.requireRunning();
    const id = exchange.headers['x-request-id'];
    const key = await sshKeys.once(typeof id === 'string' ? id : undefined, devbox.id, () => addSshKey(devbox.sshKeyFile));
    exchange.sendJson(200, { id: devbox.id, url: sshHostName(devbox.id), ssh_user: sshUser(devbox), ssh_private_key: key });
  });

  router.add('POST', '/v1/devboxes/{id}/remove_tunnel', ({ exchange, params }) => {
    devboxes.get(params['id'] ?? '').removeTunnel();
    exchange.sendJson(200, {});
  });
}
