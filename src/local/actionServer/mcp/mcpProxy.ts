import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import {
  type Tool,
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import pLimit from 'p-limit';
import type { Logger } from '../logging';
import { McpConnection } from './mcpConnection';
import type { McpServerConfig } from './mcpServers';

/** A call may take as long as an action may, in milliseconds. */
const callLimit = 600_000;

/** Where the proxy's processes live. */
export interface McpContext {
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly log: Logger;
}

/** One client that is connected over SSE. */
interface Session {
  readonly server: Server;
  readonly transport: SSEServerTransport;
}

/** Offers the tools of several MCP servers as those of one, over SSE. */
export class McpProxy {
  readonly #context: McpContext;
  readonly #sessions = new Map<string, Session>();
  #connections: readonly McpConnection[] = [];
  /** Updates come one after the other. */
  readonly #oneByOne = pLimit(1);
  #mounted = false;
  #closed = false;

  constructor(context: McpContext) {
    this.#context = context;
  }

  /** True after the first list that had a server in it. */
  get mounted(): boolean {
    return this.#mounted;
  }

  /**
   * Makes the running servers those of the list; those that stay the same go on running.
   *
   * @returns what went wrong, one line per server; empty when all run
   */
  update(servers: readonly McpServerConfig[]): Promise<string> {
    return this.#oneByOne(() => this.#update(servers));
  }

  /** Opens a client's stream; it ends with the client's connection. */
  async openStream(response: ServerResponse, messagePath: string): Promise<void> {
    const server = this.#newServer();
    const transport = new SSEServerTransport(messagePath, response);
    this.#sessions.set(transport.sessionId, { server, transport });
    server.onclose = () => this.#sessions.delete(transport.sessionId);
    await server.connect(transport);
  }

  /**
   * Takes a client's message.
   *
   * @returns false when there is no such session
   */
  async takeMessage(request: IncomingMessage, response: ServerResponse, sessionId: string): Promise<boolean> {
    const session = this.#sessions.get(sessionId);
    await session?.transport.handlePostMessage(request, response);
    return session !== undefined;
  }

  /** Ends all servers and streams. */
  async dispose(): Promise<void> {
    this.#closed = true;
    // Behind the updates that are under way.
    await this.#oneByOne(() => undefined);
    await Promise.all([
      ...[...this.#sessions.values()].map(({ server }) => server.close()),
      ...this.#connections.map((connection) => connection.close()),
    ]);
  }

  async #update(servers: readonly McpServerConfig[]): Promise<string> {
    if (this.#closed) return 'The server is shutting down.';
    const { environment, workingDir, log } = this.#context;
    const kept = this.#connections.filter(({ open, config }) => open && servers.some((server) => same(server, config)));
    await Promise.all(
      this.#connections.filter((connection) => !kept.includes(connection)).map((connection) => connection.close()),
    );
    const wanted = servers.filter((server) => !kept.some(({ config }) => same(server, config)));
    const started = await Promise.allSettled(
      wanted.map((server) => McpConnection.start(server, environment, workingDir)),
    );
    const problems: string[] = [];
    const fresh: McpConnection[] = [];
    for (const [index, outcome] of started.entries()) {
      if (outcome.status === 'fulfilled') {
        fresh.push(outcome.value);
      } else {
        problems.push(
          `Failed to start the MCP server ${wanted[index]?.name ?? ''}: ${outcome.reason instanceof Error ? outcome.reason.message : String(outcome.reason)}`,
        );
      }
    }
    // In the order of the list, whichever was there first.
    this.#connections = servers.flatMap((server) =>
      [...kept, ...fresh].filter(({ config }) => config.name === server.name),
    );
    this.#mounted ||= servers.length > 0;
    log.info(`MCP servers: ${this.#connections.length} of ${servers.length} run`);
    await this.#announce();
    return problems.join('\n');
  }

  /** Tells connected clients that the tools are others now. */
  async #announce(): Promise<void> {
    for (const { server } of this.#sessions.values()) {
      try {
        await server.sendToolListChanged();
      } catch (error) {
        this.#context.log.error('An MCP client could not be told of a change', error);
      }
    }
  }

  #newServer(): Server {
    const server = new Server(
      { name: 'OpenHandsActionExecutionProxy', version: '1' },
      { capabilities: { tools: { listChanged: true } } },
    );
    server.setRequestHandler(ListToolsRequestSchema, async () => {
      const lists = await Promise.all(this.#connections.map((connection) => this.#toolsOf(connection)));
      return { tools: lists.flat() };
    });
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
      for (const connection of this.#connections) {
        const prefix = this.#prefix(connection);
        if (!params.name.startsWith(prefix)) continue;
        const name = params.name.slice(prefix.length);
        if ((await this.#toolsOf(connection)).some((tool) => tool.name === params.name)) {
          return connection.client.callTool({ name, arguments: params.arguments ?? {} }, undefined, {
            timeout: callLimit,
            signal,
          });
        }
      }
      throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    });
    return server;
  }

  async #toolsOf(connection: McpConnection): Promise<readonly Tool[]> {
    if (!connection.open || connection.client.getServerCapabilities()?.tools === undefined) return [];
    const prefix = this.#prefix(connection);
    const tools: Tool[] = [];
    let cursor: string | undefined;
    do {
      const page = await connection.client.listTools(cursor === undefined ? {} : { cursor });
      tools.push(...page.tools.map((tool) => ({ ...tool, name: prefix + tool.name })));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return tools;
  }

  /** With several servers their names keep the tools apart. */
  #prefix(connection: McpConnection): string {
    return this.#connections.length > 1 ? `${connection.config.name}_` : '';
  }
}

function same(one: McpServerConfig, other: McpServerConfig): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
