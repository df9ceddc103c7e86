import type { Disposable } from '../events';
import { LoopbackForwarder } from './loopbackForwarder';

export interface VscodePlace {
  /** Origin of the VS Code's port behind the devbox's tunnel. */
  readonly origin: string;
  /** Bearer token of an authenticated tunnel; undefined for an open one. Secret. */
  readonly tunnelToken: string | undefined;
  /** What the VS Code itself asks for. Secret. */
  readonly token: string;
  /** Absolute folder in the devbox that it opens. */
  readonly folder: string;
}

/** Addresses of devboxes' VS Codes for browsers of this computer, through a forwarder where the tunnel asks for a token. */
export class VscodeAddress implements Disposable {
  readonly #forwarder = new LoopbackForwarder();

  /**
   * The whole address, with its token: open it, never print it.
   *
   * @param anyHost it may be opened under another host name: its server looks at the port only
   */
  async of(place: VscodePlace, anyHost: boolean): Promise<string> {
    const query = new URLSearchParams({ tkn: place.token, folder: place.folder }).toString();
    return `${await this.#reachable(place, anyHost)}/?${query}`;
  }

  /** The same page under an address without a token; undefined for an address that the forwarder does not serve. */
  hidden(url: string): string | undefined {
    return this.#forwarder.hide(url);
  }

  /** Ends what leads to one devbox. */
  forget(origin: string): void {
    this.#forwarder.forget(origin);
  }

  dispose(): void {
    this.#forwarder.dispose();
  }

  async #reachable({ origin, tunnelToken }: VscodePlace, anyHost: boolean): Promise<string> {
    if (tunnelToken === undefined) return origin;
    const target = { origin, tunnelToken };
    return anyHost
      ? `http://127.0.0.1:${await this.#forwarder.singlePortFor(target)}`
      : this.#forwarder.originFor(target);
  }
}
