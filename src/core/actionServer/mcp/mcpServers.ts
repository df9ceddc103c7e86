import { asArray, asObject, asString, asStringMap } from '../../parse';

/** A server that is run inside the devbox, behind the action server's MCP proxy. */
export interface StdioServer {
  /** Letters, digits, `-` and `_`. */
  readonly name: string;
  /** One executable, without arguments. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A server that is reached from here. */
export interface RemoteServer {
  readonly url: string;
  /** Secret. */
  readonly apiKey?: string | undefined;
}

/** OpenHands' three kinds of MCP servers. */
export interface McpServers {
  readonly stdio: readonly StdioServer[];
  readonly sse: readonly RemoteServer[];
  /** Streamable HTTP. */
  readonly shttp: readonly RemoteServer[];
}

export const noMcpServers: McpServers = { stdio: [], sse: [], shttp: [] };

/** Reads OpenHands' `[mcp]` table; entries that are none are left out. */
export function parseMcpServers(value: unknown): McpServers {
  const table = asObject(value) ?? {};
  return {
    stdio: asArray(table['stdio_servers']).flatMap(stdioServer),
    sse: asArray(table['sse_servers']).flatMap(remoteServer),
    shttp: asArray(table['shttp_servers']).flatMap(remoteServer),
  };
}

function stdioServer(value: unknown): StdioServer[] {
  const entry = asObject(value);
  const name = asString(entry?.['name']);
  const command = asString(entry?.['command']);
  if (name === undefined || command === undefined) return [];
  return [
    {
      name,
      command,
      args: asArray(entry?.['args']).flatMap((word) => asString(word) ?? []),
      env: asStringMap(entry?.['env']),
    },
  ];
}

function remoteServer(value: unknown): RemoteServer[] {
  if (typeof value === 'string') return URL.canParse(value) ? [{ url: value }] : [];
  const entry = asObject(value);
  const url = asString(entry?.['url']);
  const apiKey = asString(entry?.['api_key']);
  return url === undefined || !URL.canParse(url) ? [] : [{ url, ...(apiKey === undefined ? {} : { apiKey }) }];
}
