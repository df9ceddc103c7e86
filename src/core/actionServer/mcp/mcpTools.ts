import { messageOf, RuntimeError } from '../../errors';
import type { ActionServerHttp } from '../actionServerHttp';
import { makeObservation, type Observation } from '../observation';
import { asObject, asString, parseJson, type JsonObject } from '../../parse';
import { oneLine } from '../../safeText';
import { redact } from '../../redact';
import type { McpServers, RemoteServer } from './mcpServers';
import { devboxProblem } from '../../problems/devbox';

/** Milliseconds to reach one MCP server, and for the devbox to start its own (contract §12). */
const connectMs = 30_000;
const registerMs = 60_000;

/**
 * Tools of MCP servers: those of the configuration, and those that the action server runs in the devbox. The protocol
 * is spoken by MCP's own SDK, loaded on first use.
 */
export class McpTools {
  readonly #http: ActionServerHttp;
  readonly #servers: McpServers;
  readonly #sid: string;
  #registered: Promise<void> | undefined;

  constructor(http: ActionServerHttp, servers: McpServers, sid: string) {
    this.#http = http;
    this.#servers = servers;
    this.#sid = sid;
  }

  /** All servers as they are reached from here; a fresh list for each call (D32). */
  config(): McpServers {
    const proxy: RemoteServer[] = this.#servers.stdio.length === 0 ? [] : [this.#proxy()];
    return { stdio: [...this.#servers.stdio], sse: [...this.#servers.sse, ...proxy], shttp: [...this.#servers.shttp] };
  }

  /** @throws RuntimeError `mcp` if the devbox could not start them */
  async register(signal?: AbortSignal): Promise<void> {
    this.#registered ??= this.#register(signal);
    try {
      await this.#registered;
    } catch (error) {
      this.#registered = undefined;
      throw error;
    }
  }

  /**
   * Calls a tool by its name, on the first server that has it.
   *
   * @returns an `mcp` observation with the result as JSON; failures of the tool or its server are such a result too
   * @throws RuntimeError `mcp` if no server has the tool
   */
  async call(
    name: string,
    toolArguments: JsonObject,
    timeoutSeconds: number,
    signal?: AbortSignal,
  ): Promise<Observation> {
    const extras = { name, arguments: toolArguments };
    const failures: string[] = [];
    if (this.#servers.stdio.length > 0) await this.register(signal);
    const { sse, shttp } = this.config();
    const all = [
      ...sse.map((server) => ({ server, kind: 'sse' as const })),
      ...shttp.map((server) => ({ server, kind: 'shttp' as const })),
    ];
    for (const { server, kind } of all) {
      try {
        const result = await this.#callOn(server, kind, { name, toolArguments, timeoutSeconds, signal });
        if (result !== undefined) return makeObservation('mcp', JSON.stringify(result), extras);
      } catch (error) {
        if (signal?.aborted === true) throw error;
        failures.push(oneLine(redact(messageOf(error), this.#secrets()), 300));
      }
    }
    if (failures.length > 0) {
      const result = { isError: true, error: failures.join('; '), content: [] };
      return makeObservation('mcp', JSON.stringify(result), extras);
    }
    throw new RuntimeError({
      problem: devboxProblem('tool_unknown', { name: oneLine(name, 100) }),
      devboxId: this.#http.server.devboxId,
    });
  }

  async #callOn(
    server: RemoteServer,
    kind: 'sse' | 'shttp',
    call: { name: string; toolArguments: JsonObject; timeoutSeconds: number; signal: AbortSignal | undefined },
  ): Promise<unknown> {
    const { openMcp } = await import('./openMcp');
    const client = await openMcp(server.url, kind, this.#headers(server), connectMs);
    try {
      const request = {
        timeout: call.timeoutSeconds * 1000,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      };
      let cursor: string | undefined;
      do {
        const page = await client.listTools(cursor === undefined ? {} : { cursor }, request);
        if (page.tools.some((tool) => tool.name === call.name)) {
          return await client.callTool({ name: call.name, arguments: { ...call.toolArguments } }, undefined, request);
        }
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return undefined;
    } finally {
      await client.close();
    }
  }

  #headers(server: RemoteServer): Record<string, string> {
    const key = server.apiKey;
    return {
      'X-OpenHands-ServerConversation-ID': this.#sid,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}`, s: key, 'X-Session-API-Key': key }),
      // The devbox's own servers lie behind its tunnel; its token is for nobody else.
      ...(server.url.startsWith(`${this.#http.server.url}/`) ? this.#http.keyHeaders : {}),
    };
  }

  #proxy(): RemoteServer {
    const { url, sessionKey } = this.#http.server;
    return { url: `${url}/mcp/sse`, ...(sessionKey === undefined ? {} : { apiKey: sessionKey }) };
  }

  #secrets(): string[] {
    const { sse, shttp } = this.config();
    return [...sse, ...shttp].flatMap(({ apiKey }) => apiKey ?? []);
  }

  async #register(signal: AbortSignal | undefined): Promise<void> {
    const servers = [...this.#servers.stdio].sort((a, b) => (a.name < b.name ? -1 : 1));
    const answer = await this.#http.once('POST', '/update_mcp_server', {
      timeoutMs: registerMs,
      signal,
      body: servers,
    });
    // A failed start is a 200 as well; the reason is in this field.
    const reason = asString(asObject(parseJson(answer.body))?.['router_error_log']) ?? '';
    if (reason === '') return;
    throw new RuntimeError({
      problem: devboxProblem('mcp_not_started', { said: oneLine(redact(reason), 300) }),
      devboxId: this.#http.server.devboxId,
    });
  }
}
