import { createHash } from 'node:crypto';
import { asArray, asObject, asString } from '../parse';

/** A variable that an agent reads. */
interface AgentVariable {
  readonly name: string;
  /** How the agent is told to use it, by its own word; absent where it looks by itself. */
  readonly authMethod?: string;
}

/** What is known about an agent: how it is installed, started, and what it does unasked. */
export interface AgentRecipe {
  readonly id: string;
  readonly name: string;
  /** Names what is installed: another one is installed beside it. */
  readonly version: string;
  /** Packages of npm, by exact versions; or a command for bash, which runs in the folder of the agent. */
  readonly install: { readonly packages: readonly string[] } | { readonly command: string } | undefined;
  /** The command's words; no shell reads them. */
  readonly run: readonly [string, ...string[]];
  /** The oldest Node that it runs with; undefined if it needs none. */
  readonly node: readonly [major: number, minor: number] | undefined;
  /** Megabytes that it takes in the devbox. */
  readonly megabytes: number;
  /** The first that has a value is used; none means that the agent has its own login. */
  readonly variables: readonly AgentVariable[];
  /** The mode that its sessions are put into, by its own word: the strictest in which it works and asks. None where it begins so. */
  readonly mode?: string;
  /** Set for it always. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The agents that are offered, by the versions that were tried. What they may do unasked is set to the strictest that still
 * asks: Gemini CLI asks by default; Codex asks for all that its list of harmless commands does not have, in a read-only sandbox;
 * Claude Code asks in its mode `default`, whatever mode its settings name, and leaves out what their `permissions.allow` have;
 * OpenCode is told to ask before edits, commands and fetches, which goes before what a repository's `opencode.json` says.
 */
export const knownAgents: readonly AgentRecipe[] = [
  {
    id: 'claude',
    name: 'Claude Code',
    version: '0.49.0',
    install: { packages: ['@agentclientprotocol/claude-agent-acp@0.49.0'] },
    run: ['claude-agent-acp'],
    node: [20, 0],
    megabytes: 292,
    variables: [{ name: 'ANTHROPIC_API_KEY' }, { name: 'ANTHROPIC_AUTH_TOKEN' }, { name: 'CLAUDE_CODE_OAUTH_TOKEN' }],
    mode: 'default',
    environment: { NO_BROWSER: '1', DISABLE_AUTOUPDATER: '1' },
  },
  {
    id: 'gemini',
    name: 'Gemini CLI',
    version: '0.61.0',
    install: { packages: ['@google/gemini-cli@0.61.0'] },
    run: ['gemini', '--acp'],
    node: [20, 0],
    megabytes: 98,
    variables: [{ name: 'GEMINI_API_KEY', authMethod: 'gemini-api-key' }],
    environment: { NO_BROWSER: 'true', GEMINI_CLI_NO_RELAUNCH: 'true' },
  },
  {
    id: 'codex',
    name: 'Codex',
    version: '0.16.0',
    install: { packages: ['@zed-industries/codex-acp@0.16.0'] },
    run: ['codex-acp', '-c', 'approval_policy="untrusted"', '-c', 'sandbox_mode="read-only"'],
    node: [20, 0],
    megabytes: 223,
    variables: [
      { name: 'OPENAI_API_KEY', authMethod: 'openai-api-key' },
      { name: 'CODEX_API_KEY', authMethod: 'codex-api-key' },
    ],
    environment: { NO_BROWSER: '1' },
  },
  {
    id: 'opencode',
    name: 'OpenCode',
    version: '1.18.33',
    install: { packages: ['opencode-ai@1.18.33'] },
    run: ['opencode', 'acp'],
    node: undefined,
    megabytes: 354,
    variables: [{ name: 'ANTHROPIC_API_KEY' }, { name: 'OPENAI_API_KEY' }, { name: 'OPENROUTER_API_KEY' }],
    environment: {
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_PERMISSION: JSON.stringify({ edit: 'ask', bash: 'ask', webfetch: 'ask' }),
    },
  },
];

const mostAgents = 50;
/** Characters of the commands of one: more do not fit into a command of a devbox. */
const mostCharacters = 16_000;
const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/**
 * Agents of a person's own, by the setting: an object with a name for each, and in it `run` (the command's words), `install` (a
 * command), `variables` (names) and `mode` (of its sessions). What has another form is left out.
 */
export function agentsOfSetting(setting: unknown): readonly AgentRecipe[] {
  const entries = Object.entries(asObject(setting) ?? {}).slice(0, mostAgents);
  return entries.flatMap(([name, value]): AgentRecipe[] => {
    const own = asObject(value);
    const [first, ...rest] = asArray(own?.['run']).map(asString);
    const words = rest.filter((word) => word !== undefined);
    if (name.trim() === '' || first === undefined || first === '' || words.length !== rest.length) return [];
    const command = asString(own?.['install']);
    const all = [first, ...words, command ?? ''];
    if (all.some((word) => word.includes('\0')) || all.join('').length > mostCharacters) return [];
    const mode = asString(own?.['mode'])?.trim();
    const names = asArray(own?.['variables']).flatMap((variable) => asString(variable) ?? []);
    const id = `own-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
    return [
      {
        id,
        name,
        version: createHash('sha256')
          .update(command ?? '')
          .digest('hex')
          .slice(0, 12),
        install: command === undefined || command.trim() === '' ? undefined : { command },
        run: [first, ...words],
        node: undefined,
        megabytes: 0,
        variables: names.filter((variable) => variableName.test(variable)).map((variable) => ({ name: variable })),
        ...(mode !== undefined && mode !== '' && { mode }),
        environment: {},
      },
    ];
  });
}

/** All agents that can be started; one of a person's own comes instead of a known one of its name. */
export function offeredAgents(setting: unknown): readonly AgentRecipe[] {
  const own = agentsOfSetting(setting);
  const names = new Set(own.map(({ name }) => name));
  return [...knownAgents.filter(({ name }) => !names.has(name)), ...own];
}
