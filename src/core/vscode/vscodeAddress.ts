import type { IncomingMessage } from 'node:http';
import type { Disposable } from '../events';
import { cookiesOf } from '../forwarding/forwardHeaders';
import type { PageTexts } from '../forwarding/forwarderPage';
import { LoopbackForwarder, type AddressMemory } from './loopbackForwarder';
import type { ForwardTarget } from '../forwarding/forwardTarget';

export interface VscodeEndpoint {
  readonly devboxId: string;
  /** Origin of the VS Code's port behind the devbox's tunnel. */
  readonly origin: string;
  /** Bearer token of an authenticated tunnel; undefined for an open one. Secret. */
  readonly tunnelToken: string | undefined;
  /** What the VS Code itself asks for. Secret. */
  readonly token: string;
  /** Absolute folder in the devbox that it opens. */
  readonly folder: string;
}

/** For which browser an address is. */
export interface AddressUse {
  /** It may be opened under another host name: its server looks at the port only. */
  readonly anyHost?: boolean | undefined;
  /**
   * Without the token, for one use within minutes: for browsers that are started with the address as an argument, or show
   * it. Leads through this computer also where the tunnel is open.
   */
  readonly oneTime?: boolean | undefined;
}

/** What a window that was loaded anew needs to go on serving a devbox, without asking anybody. Secret. */
export interface Served extends ForwardTarget {
  /** What its VS Code has asked for until now, the latest last. */
  readonly tokens: readonly string[];
}

export interface VscodeAddressOptions {
  readonly memory?: AddressMemory | undefined;
  readonly pages?: PageTexts | undefined;
  /** Told what a devbox is served with, whenever that changes. */
  readonly onServe?: ((devboxId: string, served: Served) => void) | undefined;
  readonly onMoved?: ((devboxId: string) => void) | undefined;
  readonly onFailure?: ((error: unknown) => void) | undefined;
  /** Told of every address that is handed out, before it is. */
  readonly onUse?: ((endpoint: VscodeEndpoint, use: AddressUse) => void) | undefined;
  /** Told that a person does something in a page of a devbox; not of what an untouched page sends. */
  readonly onInput?: ((devboxId: string) => void) | undefined;
}

/** What a browser that was let in before may hold. */
interface Known {
  readonly tokens: Set<string>;
  /** The token that the VS Code asks for now; undefined until it was asked for. */
  current: string | undefined;
  readonly ask: (() => Promise<string | undefined>) | undefined;
}

/** The query's parameter for the token, and the cookie in which VS Code keeps it. */
const tokenParameter = 'tkn';
const tokenCookie = 'vscode-tkn';
/** The cookie in which VS Code's page keeps its language: it sets it by itself, and it is no secret. */
const languageCookie = 'vscode.nls.locale';
/** Tokens of one devbox that are kept at the most. */
const mostTokens = 5;

/** Addresses of devboxes' VS Codes for browsers of this computer, through a forwarder where the tunnel asks for a token. */
export class VscodeAddress implements Disposable {
  readonly #forwarder: LoopbackForwarder;
  readonly #known = new Map<string, Known>();

  readonly #onUse: VscodeAddressOptions['onUse'];
  readonly #onServe: VscodeAddressOptions['onServe'];

  constructor({ onUse, onServe, ...options }: VscodeAddressOptions = {}) {
    this.#onUse = onUse;
    this.#onServe = onServe;
    const lead = (name: string, request: IncomingMessage): Promise<string | undefined> => this.#lead(name, request);
    const isOwnCookie = (devboxId: string, name: string, value: string): boolean =>
      name === languageCookie ||
      (name === tokenCookie && this.#known.get(devboxId)?.tokens.has(decoded(value) ?? '') === true);
    this.#forwarder = new LoopbackForwarder({ ...options, lead, isOwnCookie });
  }

  /** The address of a VS Code: open it, never print it; without `oneTime` it has the token in it. */
  async of(endpoint: VscodeEndpoint, { anyHost = false, oneTime = false }: AddressUse = {}): Promise<string> {
    const { devboxId, origin, tunnelToken, token } = endpoint;
    this.#note(devboxId, token);
    this.#onUse?.(endpoint, { anyHost, oneTime });
    // Not the form's own encoding: a `+` for a space is not understood everywhere.
    const page = `/?${tokenParameter}=${encodeURIComponent(token)}&folder=${encodeURIComponent(endpoint.folder)}`;
    if (tunnelToken === undefined && !oneTime) return `${origin}${page}`;
    const target = { origin, tunnelToken };
    this.#tellServed(devboxId, target);
    const reachable = anyHost
      ? `http://127.0.0.1:${await this.#forwarder.singlePortFor(devboxId, target)}`
      : await this.#forwarder.originFor(devboxId, target);
    const url = `${reachable}${page}`;
    return oneTime ? ((await this.hidden(url)) ?? url) : url;
  }

  /** The same page under a one-time address without a token; undefined for an address that the forwarder does not serve. */
  async hidden(url: string): Promise<string | undefined> {
    return this.#forwarder.hide(url, tokenParameter);
  }

  /** Answers under the addresses of an earlier process, also while the devbox is not served yet; asks nobody. */
  async expect(
    devboxId: string,
    { folder, single }: { readonly folder: string; readonly single: boolean },
  ): Promise<void> {
    await this.#forwarder.expect(devboxId, { page: `./?folder=${encodeURIComponent(folder)}`, single });
  }

  /** Serves a devbox as an earlier process did, until its runtime is attached to again; who has that one's tokens is known. */
  serveAgain(devboxId: string, { tokens, ...target }: Served): void {
    if (this.#known.has(devboxId)) return;
    this.#known.set(devboxId, { tokens: new Set(tokens), current: undefined, ask: undefined });
    this.#forwarder.serve(devboxId, target);
  }

  /**
   * Serves a devbox whose addresses browsers may know already, from before a suspend or a reload.
   *
   * @param ask gives the token that its VS Code asks for by now
   */
  serve(devboxId: string, target: ForwardTarget, ask: () => Promise<string | undefined>): void {
    this.#known.set(devboxId, { tokens: this.#known.get(devboxId)?.tokens ?? new Set(), current: undefined, ask });
    this.#forwarder.serve(devboxId, target);
    if (this.#known.get(devboxId)?.tokens.size !== 0) this.#tellServed(devboxId, target);
  }

  /** Stops serving one devbox. */
  forget(devboxId: string): void {
    this.#forwarder.forget(devboxId);
  }

  dispose(): void {
    this.#forwarder.dispose();
  }

  #tellServed(devboxId: string, { origin, tunnelToken }: ForwardTarget): void {
    const tokens = [...(this.#known.get(devboxId)?.tokens ?? [])].slice(-mostTokens);
    this.#onServe?.(devboxId, { origin, tunnelToken, tokens });
  }

  #note(devboxId: string, token: string): void {
    const { tokens = new Set<string>(), ask } = this.#known.get(devboxId) ?? {};
    tokens.delete(token);
    tokens.add(token);
    this.#known.set(devboxId, { tokens, current: token, ask });
  }

  /**
   * A VS Code that was started anew has a new token, and would not let in a page that had the old one. Whoever has one that
   * was handed out here gets the new one.
   */
  async #lead(devboxId: string, request: IncomingMessage): Promise<string | undefined> {
    const known = this.#known.get(devboxId);
    const held = cookie(request, tokenCookie);
    const query = new URLSearchParams(request.url?.split('?')[1] ?? '');
    if (known === undefined || held === undefined || query.has(tokenParameter) || !known.tokens.has(held)) {
      return undefined;
    }
    known.current ??= await known.ask?.();
    if (known.current === undefined || known.current === held) return undefined;
    known.tokens.add(known.current);
    query.set(tokenParameter, known.current);
    return `./?${query.toString()}`;
  }
}

function cookie(request: IncomingMessage, wanted: string): string | undefined {
  const found = cookiesOf(request.headers.cookie ?? '').find(({ name }) => name === wanted);
  return found === undefined ? undefined : decoded(found.value);
}

/** A cookie's value as VS Code reads it; undefined for what is none. */
function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
