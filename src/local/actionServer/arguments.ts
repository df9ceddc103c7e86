import { parseArgs } from 'node:util';
import { exitCodes, StartupError } from './startupError';

/** The server's command line, parsed. */
export interface ServerArguments {
  readonly port: number;
  readonly workingDir: string | undefined;
  readonly plugins: readonly PluginName[];
  readonly username: string;
  readonly userId: number;
  readonly browser: boolean;
}

const pluginNames = ['agent_skills', 'jupyter', 'vscode'] as const;
/** A plugin that may be named on the command line. */
type PluginName = (typeof pluginNames)[number];

const usage =
  'usage: <port> [--working-dir DIR] [--plugins NAME...] [--username NAME] [--user-id N] ' +
  '[--enable-browser | --no-enable-browser] [--browsergym-eval-env NAME]';

/**
 * Parses the command line that an entrypoint gives.
 *
 * @param argv the arguments after the program's name
 * @throws StartupError with exit code 2 for bad usage, 1 for an unknown plugin, 3 for values that cannot work
 */
export function parseArguments(argv: readonly string[]): ServerArguments {
  const { words, plugins } = takePlugins(argv);
  const { values, positionals } = parseWords(words);
  const [port, ...extra] = positionals;
  if (port === undefined || extra.length > 0) {
    throw new StartupError(`Expected one port, got ${positionals.length} words. ${usage}`, exitCodes.usage);
  }
  const browser = values['no-enable-browser'] !== true;
  if (values['browsergym-eval-env'] !== undefined && !browser) {
    throw new StartupError(
      '--browsergym-eval-env needs the browser: leave out --no-enable-browser.',
      exitCodes.initialisation,
    );
  }
  const workingDir = values['working-dir'];
  if (workingDir !== undefined && !workingDir.startsWith('/')) {
    throw new StartupError(`--working-dir must be an absolute path, got "${workingDir}".`, exitCodes.initialisation);
  }
  return {
    port: parseNumber('port', port, 65_535),
    workingDir,
    plugins: plugins.map(parsePlugin),
    username: values.username,
    userId: parseNumber('--user-id', values['user-id'], 4_294_967_295),
    browser,
  };
}

/** `--plugins` takes all the words up to the next option, which node's own parser cannot express. */
function takePlugins(argv: readonly string[]): { words: string[]; plugins: string[] } {
  const at = argv.indexOf('--plugins');
  if (at === -1) return { words: [...argv], plugins: [] };
  const after = argv.slice(at + 1);
  const length = after.findIndex((word) => word.startsWith('-'));
  const plugins = length === -1 ? after : after.slice(0, length);
  if (plugins.length === 0) throw new StartupError(`--plugins needs at least one name. ${usage}`, exitCodes.usage);
  return { words: [...argv.slice(0, at), ...after.slice(plugins.length)], plugins };
}

function parseWords(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        'working-dir': { type: 'string' },
        username: { type: 'string', default: 'openhands' },
        'user-id': { type: 'string', default: '1000' },
        'enable-browser': { type: 'boolean' },
        'no-enable-browser': { type: 'boolean' },
        'browsergym-eval-env': { type: 'string' },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(`${reason} ${usage}`, exitCodes.usage);
  }
}

function parseNumber(name: string, text: string, highest: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > highest) {
    throw new StartupError(`${name} must be a whole number up to ${highest}, got "${text}". ${usage}`, exitCodes.usage);
  }
  return value;
}

function parsePlugin(name: string): PluginName {
  const known = pluginNames.find((plugin) => plugin === name);
  if (known === undefined) {
    throw new StartupError(`Plugin "${name}" is not known. Use: ${pluginNames.join(', ')}.`, exitCodes.unusable);
  }
  return known;
}
