import { RuntimeError } from '../errors';
import type { CallOptions } from '../platform/apiCalls';
import type { Devbox } from '../platform/devbox';
import type { RunloopApi } from '../platform/runloopApi';
import { portsProblem } from '../problems/ports';

/**
 * Puts a tunnel that asks for a token in the place of one that is open to everybody: Runloop cannot change one. Whether requests
 * count as use of the devbox, and wake it, stays as it was. Addresses of before lead nowhere.
 *
 * @returns the devbox with its new tunnel
 * @throws RuntimeError `api` where the devbox has no tunnel at all then
 */
export async function requireToken(api: RunloopApi, devbox: Devbox, call: CallOptions): Promise<Devbox> {
  const { id, tunnel, wakesOnHttp = false } = devbox;
  try {
    await api.tunnels.remove(id, call);
  } catch (error) {
    // An answer that was lost, or somebody else: it may be gone all the same.
    if (!RuntimeError.is(error) || (await api.devboxes.retrieve(id, call)).tunnel !== undefined) throw error;
  }
  const params = {
    auth_mode: 'authenticated',
    http_keep_alive: tunnel?.httpKeepAlive ?? false,
    wake_on_http: wakesOnHttp,
  } as const;
  let failure: unknown;
  try {
    await api.tunnels.enable(id, params, call);
  } catch (error) {
    failure = error;
  }
  const now = await api.devboxes.retrieve(id, call);
  if (now.tunnel !== undefined && now.tunnel.authMode !== 'open') return now;
  const why = RuntimeError.is(failure) ? failure.message : '';
  throw new RuntimeError({ problem: portsProblem('tunnel_not_renewed', { why }), devboxId: id, cause: failure });
}
