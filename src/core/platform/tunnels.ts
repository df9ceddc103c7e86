import type { Runloop } from '@runloop/api-client';
import { RuntimeError } from '../errors';
import { textIn } from './answers';
import type { ApiCalls, CallOptions, CallContext } from './apiCalls';
import { parseTunnel, type Devbox, type Tunnel } from './devbox';
import type { Devboxes } from './devboxes';
import { devboxPath } from './devboxId';
import { platformProblem } from '../problems/platform';

/** The tunnels into devboxes. */
export class Tunnels {
  readonly #calls: ApiCalls;
  readonly #devboxes: Devboxes;

  constructor(calls: ApiCalls, devboxes: Devboxes) {
    this.#calls = calls;
    this.#devboxes = devboxes;
  }

  /** The tunnel of a running devbox, made if it has none. */
  async ensure(devbox: Devbox, authMode: 'open' | 'authenticated', call: CallOptions = {}): Promise<Tunnel> {
    if (devbox.tunnel !== undefined) return devbox.tunnel;
    const context: CallContext = { doing: 'opening a tunnel', devboxId: devbox.id };
    const body = { auth_mode: authMode, http_keep_alive: false } satisfies Runloop.DevboxEnableTunnelParams;
    try {
      const tunnel = parseTunnel(
        await this.#calls.once('post', `${devboxPath(devbox.id)}/enable_tunnel`, { body }, context, call),
      );
      if (tunnel !== undefined) return tunnel;
    } catch (error) {
      // 400 also means "has one already": another window was faster, or an answer was lost.
      if (!RuntimeError.is(error) || error.status !== 400) throw error;
      const { tunnel } = await this.#devboxes.retrieve(devbox.id, call);
      if (tunnel !== undefined) return tunnel;
      throw error;
    }
    throw new RuntimeError({ problem: platformProblem('tunnel_nameless'), devboxId: devbox.id });
  }

  /** Opens the tunnel of a devbox that has none. Whoever needs it reads the devbox afterwards. */
  async enable(devboxId: string, params: Readonly<Runloop.DevboxEnableTunnelParams>, call: CallOptions): Promise<void> {
    const context: CallContext = { doing: 'opening a tunnel', devboxId };
    await this.#calls.change(`${devboxPath(devboxId)}/enable_tunnel`, context, call, { body: params });
  }

  /** Closes the tunnel of a devbox: its addresses lead nowhere then. */
  async remove(devboxId: string, call: CallOptions): Promise<void> {
    await this.#calls.change(`${devboxPath(devboxId)}/remove_tunnel`, { doing: 'closing a tunnel', devboxId }, call);
  }

  /** Opens a way to the terminals of a devbox. Both parts are secrets. */
  async openPty(devboxId: string, call: CallOptions): Promise<{ readonly key: string; readonly token: string }> {
    const path = `${devboxPath(devboxId)}/create_pty_tunnel`;
    const answer = await this.#calls.change(path, { doing: 'opening a terminal', devboxId }, call, { body: {} });
    return {
      key: textIn(answer, 'tunnel_key', 'a terminal connection', devboxId),
      token: textIn(answer, 'auth_token', 'a terminal connection', devboxId),
    };
  }
}
