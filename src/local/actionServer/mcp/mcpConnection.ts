import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { McpServerConfig } from './mcpServers';

/** A server has this long to start and introduce itself, in milliseconds. */
const startLimit = 30_000;

/** What a server complained of is told with the reason why it did not start, up to so many characters. */
const keptComplaint = 500;

/** One running MCP server and the connection to it. */
export class McpConnection {
  readonly config: McpServerConfig;
  readonly client: Client;
  #open = true;

  private constructor(config: McpServerConfig, client: Client) {
    this.config = config;
    this.client = client;
    client.onclose = () => (this.#open = false);
  }

  /** False once the server has ended. */
  get open(): boolean {
    return this.#open;
  }

  /**
   * Starts a server.
   *
   * @param environment of the process, to which the configuration adds
   * @throws Error with the reason, and what the server wrote on stderr
   */
  static async start(
    config: McpServerConfig,
    environment: Readonly<Record<string, string>>,
    cwd: string,
  ): Promise<McpConnection> {
    const transport = new StdioClientTransport({
      command: config.command,
      args: [...config.args],
      env: { ...environment, ...config.env },
      cwd,
      stderr: 'pipe',
    });
    let complaint = '';
    transport.stderr?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-keptComplaint)));
    const client = new Client({ name: 'runloop-local-action-server', version: '1' });
    try {
      await client.connect(transport, { timeout: startLimit });
    } catch (error) {
      await client.close();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(complaint.trim() === '' ? reason : `${reason} (${complaint.trim()})`, { cause: error });
    }
    return new McpConnection(config, client);
  }

  /** Ends the server. */
  async close(): Promise<void> {
    await this.client.close();
  }
}
