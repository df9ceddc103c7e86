import { asArray, asObject, asString, asStringMap, parseJson } from '../../src/core/parse';
import { ScriptedServer, sendJson } from '../network/scriptedServer';

/** A devbox as the API tells of it. */
export type ToldDevbox = Readonly<Record<string, unknown>> & { readonly id: string; readonly status: string };

/** What a verb of a devbox is answered with. */
export interface ScriptedAnswer {
  readonly status?: number;
  /** It is a redirect to there. */
  readonly location?: string;
  /** The connection ends without one. */
  readonly isCut?: boolean;
  /** There is none, and the connection stays. */
  readonly isSilent?: boolean;
  /** A text is sent as it is, everything else as JSON. */
  readonly body?: unknown;
}

/**
 * An account whose devboxes exist on paper only: it answers as the API and as an action server behind a tunnel, at once,
 * and remembers each request. For what a client asks for, and what it does not ask for.
 */
export class ScriptedAccount {
  readonly devboxes = new Map<string, ToldDevbox>();
  /** Other answers than the usual ones, by the last word of a path, `shutdown`, `resume`, `alive` …, or by `GET /v1/devboxes`. */
  readonly answers = new Map<string, ScriptedAnswer>();
  /** Answers to the next creates, which make nothing then. */
  readonly refusals: ScriptedAnswer[] = [];
  /** What happens while a request is on its way, before it is answered: see {@link asked}. */
  whileAsked: (line: string) => void = () => undefined;
  /** What happens while a create is on its way. */
  whileCreating: () => void = () => undefined;
  /** What happens before a request is answered, which is told as in {@link asked}. */
  before: (asked: string) => void = () => undefined;
  readonly #server: ScriptedServer;

  private constructor(server: ScriptedServer) {
    this.#server = server;
    server.script = ({ method, url, headers, body }, answer) => {
      const { pathname } = new URL(url, server.origin);
      const [, , , id = '', last = ''] = pathname.split('/');
      const isTunnel = headers.host?.includes('.tunnel.') === true;
      const verb = isTunnel ? url.slice(1) : last;
      const isCreate = !isTunnel && id === '' && method === 'POST';
      this.whileAsked(this.asked.at(-1) ?? '');
      if (isCreate) this.whileCreating();
      this.before(this.asked.at(-1) ?? '');
      const refusal = isCreate ? this.refusals.shift() : undefined;
      const other = refusal ?? this.answers.get(`${method} ${pathname}`) ?? this.answers.get(verb);
      if (other?.isSilent === true) return;
      if (other?.isCut === true) answer.destroy();
      else if (other?.location !== undefined) answer.writeHead(307, { location: other.location }).end();
      else if (typeof other?.body === 'string') answer.writeHead(200, { 'content-type': 'text/plain' }).end(other.body);
      else if (other !== undefined) sendJson(answer, other.body, other.status);
      else if (isTunnel) sendJson(answer, verb === 'list_files' ? [] : { status: 'ok' });
      else if (id === '') sendJson(answer, isCreate ? this.#created(body) : this.#listed());
      else if (!this.devboxes.has(id)) sendJson(answer, { message: 'no such devbox' }, 404);
      else if (verb === 'wait_for_status' && !this.#isIn(id, body)) sendJson(answer, { message: 'no change' }, 408);
      else sendJson(answer, this.#changed(id, verb));
    };
  }

  static async start(...devboxes: readonly ToldDevbox[]): Promise<ScriptedAccount> {
    const account = new ScriptedAccount(await ScriptedServer.start(() => undefined));
    for (const devbox of devboxes) account.devboxes.set(devbox.id, devbox);
    return account;
  }

  get baseUrl(): string {
    return this.#server.origin;
  }

  /** Each request so far: `POST /v1/devboxes/dbx_1/resume`, and what went through a tunnel as `tunnel /alive`. */
  get asked(): readonly string[] {
    return this.#server.seen.map(({ method, url, headers }) =>
      headers.host?.includes('.tunnel.') === true ? `tunnel ${url}` : `${method} ${url}`,
    );
  }

  /** What the API was shown as a key, each once. */
  get keysShown(): readonly string[] {
    const ofApi = this.#server.seen.filter(({ headers }) => headers.host?.includes('.tunnel.') !== true);
    return [...new Set(ofApi.map(({ headers }) => headers.authorization ?? ''))];
  }

  /** What was asked for that changes something, or costs money. */
  get changes(): readonly string[] {
    return this.asked.filter((line) => /^POST (?!.*\/(?:read_file_contents|wait_for_status)$)/.test(line));
  }

  /** The bodies of the creates. */
  get creates(): readonly Readonly<Record<string, unknown>>[] {
    return this.#server.seen
      .filter(({ method, url }) => method === 'POST' && url === '/v1/devboxes')
      .map(({ body }) => asObject(parseJson(body)) ?? {});
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  #created(body: string): ToldDevbox {
    const asked = asObject(parseJson(body));
    const id = `dbx_${this.devboxes.size + 1}`;
    const made = { id, status: 'running', name: asString(asked?.['name']), metadata: asStringMap(asked?.['metadata']) };
    const devbox = { ...made, tunnel: { tunnel_key: 'k', auth_mode: 'open', http_keep_alive: false } };
    this.devboxes.set(id, devbox);
    return devbox;
  }

  #isIn(id: string, body: string): boolean {
    return asArray(asObject(parseJson(body))?.['statuses']).includes(this.devboxes.get(id)?.status);
  }

  #listed(): unknown {
    return { devboxes: [...this.devboxes.values()], has_more: false };
  }

  #changed(id: string, verb: string): unknown {
    const ends: Readonly<Record<string, string>> = { shutdown: 'shutdown', suspend: 'suspended', resume: 'running' };
    const devbox = this.devboxes.get(id);
    const status = ends[verb];
    if (devbox === undefined || status === undefined) return devbox ?? {};
    const changed = { ...devbox, status };
    this.devboxes.set(id, changed);
    return changed;
  }
}
