import { HttpError } from '../http/answers';
import { isRecord } from '../actionRequest';

/** An MCP server that is started as a program and spoken to over its standard input and output. */
export interface McpServerConfig {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Reads the body of `POST /update_mcp_server`.
 *
 * @throws HttpError 400 when it is not a list; TypeError when an entry is not a server
 */
export function parseMcpServers(body: unknown): readonly McpServerConfig[] {
  if (!Array.isArray(body)) throw new HttpError(400, 'Request must be a list of MCP tools to sync');
  const servers = (body as unknown[]).map(parseServer);
  if (new Set(servers.map(({ name }) => name)).size !== servers.length) {
    throw new TypeError('Two MCP servers have the same name.');
  }
  return servers;
}

function parseServer(value: unknown): McpServerConfig {
  if (!isRecord(value)) throw new TypeError('An MCP server must be an object.');
  const { name, command } = value;
  if (typeof name !== 'string' || !/^[A-Za-z0-9_-]+$/.test(name)) {
    throw new TypeError('The name of an MCP server has letters, digits, - and _ only.');
  }
  if (typeof command !== 'string' || command.trim() === '' || /\s/.test(command.trim())) {
    throw new TypeError(`The command of the MCP server ${name} must be one program, without blanks.`);
  }
  return { name, command: command.trim(), args: parseArgs(name, value['args']), env: parseEnv(name, value['env']) };
}

function parseArgs(name: string, args: unknown): readonly string[] {
  if (args === undefined || args === null) return [];
  if (typeof args === 'string') return shellWords(args);
  if (Array.isArray(args) && args.every((word) => typeof word === 'string')) return args;
  throw new TypeError(`The args of the MCP server ${name} must be a list of words or a text.`);
}

function parseEnv(name: string, env: unknown): Readonly<Record<string, string>> {
  if (env === undefined || env === null) return {};
  const pairs =
    typeof env === 'string'
      ? env
          .split(',')
          .filter((pair) => pair.trim() !== '')
          .map(pair)
      : isRecord(env)
        ? Object.entries(env)
        : undefined;
  if (pairs?.every((entry): entry is [string, string] => typeof entry[1] === 'string') !== true) {
    throw new TypeError(`The env of the MCP server ${name} must be an object of texts or K=V,K2=V2.`);
  }
  return Object.fromEntries(pairs);
}

function pair(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at === -1 ? [text, undefined] : [text.slice(0, at).trim(), text.slice(at + 1)];
}

/** Splits a text into words as a shell does, quotes and backslashes included; nothing is expanded. */
export function shellWords(text: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*')+/g)) {
    words.push(
      word.replace(
        /\\([^])|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g,
        (_all, escaped?: string, double?: string, single?: string) =>
          escaped ?? double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? '',
      ),
    );
  }
  return words;
}
