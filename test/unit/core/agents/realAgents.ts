import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { build } from 'esbuild';
import { knownAgents, type AgentRecipe } from '../../../../src/core/agents/agentTable';
import type { RuleReach } from '../../../../src/core/agents/consent';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import type { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { eventually } from '../../../eventually';
import { content, signal, type FilesDevbox } from '../files/useFiles';

/** How one of the agents of the table is driven without any model, and what is known of what it says. */
export interface RealAgent {
  readonly recipe: AgentRecipe;
  readonly authMethod?: string;
  /** What its model does to run a command. */
  readonly command: (words: string) => object;
  /** What its model does to write a file, where it has a tool for that which takes a path. */
  readonly edit?: (path: string) => object;
  /** What its model does to fetch a path of the scripted model, where it is told to ask before that. */
  readonly fetch?: (path: string) => object;
  /** How a request to run `touch NAME` says exactly what it is; undefined if it has a title only. */
  readonly input: (name: string) => Extract<RuleReach, { readonly kind: 'command' }>['command'] | undefined;
  /** Why a turn is over in which a person has said no. */
  readonly stopsAtNo: 'cancelled' | 'end_turn';
  /** Whether its model is asked once more in that turn. */
  readonly goesOnAfterNo: boolean;
  /** What it says when it does not find a session that it has itself recorded; undefined for one that finds each. */
  readonly losesSessions?: RegExp;
}

const named = (id: string): AgentRecipe => {
  const recipe = knownAgents.find((one) => one.id === id);
  if (recipe === undefined) throw new Error(`There is no agent ${id}.`);
  return recipe;
};

/** The agents of the table, by their ids. A port is that of the scripted model in the devbox. */
export const realAgents: Readonly<Record<string, (port: string) => RealAgent>> = {
  claude: (port) => {
    const recipe = named('claude');
    const environment = {
      ANTHROPIC_API_KEY: 'none',
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    };
    return {
      recipe: { ...recipe, environment: { ...recipe.environment, ...environment } },
      command: (command) => ({ name: 'Bash', args: { command, description: 'harmless' } }),
      edit: (file_path) => ({ name: 'Write', args: { file_path, content: 'written' } }),
      input: (name) => `touch ${name}`,
      stopsAtNo: 'end_turn',
      goesOnAfterNo: true,
    };
  },
  opencode: (port) => ({
    recipe: named('opencode'),
    command: (command) => ({ name: 'bash', args: { command, description: 'harmless' } }),
    edit: (filePath) => ({ name: 'write', args: { filePath, content: 'written' } }),
    fetch: (path) => ({ name: 'webfetch', args: { url: `http://127.0.0.1:${port}/${path}`, format: 'text' } }),
    input: (name) => `touch ${name}`,
    stopsAtNo: 'end_turn',
    goesOnAfterNo: false,
  }),
  gemini: (port) => {
    const recipe = named('gemini');
    const environment = { GEMINI_API_KEY: 'none', GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${port}` };
    return {
      recipe: { ...recipe, environment: { ...recipe.environment, ...environment } },
      authMethod: 'gemini-api-key',
      command: (command) => ({ name: 'run_shell_command', args: { command, description: 'harmless' } }),
      edit: (file_path) => ({ name: 'write_file', args: { file_path, content: 'written' } }),
      input: () => undefined,
      stopsAtNo: 'end_turn',
      goesOnAfterNo: true,
      // Gemini CLI 0.61.0 may begin the session's record anew before it reads it: it depends on which comes first.
      losesSessions: /No previous sessions found/,
    };
  },
  codex: () => ({
    recipe: named('codex'),
    command: (cmd) => ({ name: 'exec_command', args: { cmd } }),
    input: (name) => ['/bin/bash', '-lc', `touch ${name}`],
    stopsAtNo: 'cancelled',
    goesOnAfterNo: false,
  }),
};

/** What agents find in the home of a devbox: their settings, such that they ask nobody else than the scripted model. */
function settingsOf(port: string): Readonly<Record<string, string>> {
  return {
    '.gemini/settings.json': JSON.stringify({
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
      model: { name: 'gemini-2.5-flash' },
    }),
    '.config/opencode/opencode.json': JSON.stringify({
      model: 'scripted/scripted',
      small_model: 'scripted/scripted',
      enabled_providers: ['scripted'],
      share: 'disabled',
      provider: {
        scripted: {
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none' },
          models: { scripted: { name: 'scripted', limit: { context: 100_000, output: 10_000 } } },
        },
      },
    }),
    // What a repository says is no reason not to ask.
    'work/.opencode/opencode.json': JSON.stringify({ permission: { edit: 'allow', bash: 'allow', webfetch: 'allow' } }),
    '.claude/settings.json': JSON.stringify({ permissions: { defaultMode: 'acceptEdits' } }),
    '.codex/config.toml': `model = "gpt-5.5"
model_provider = "scripted"
check_for_update_on_startup = false
[analytics]
enabled = false
[projects."/home/user/work"]
trust_level = "trusted"
[model_providers.scripted]
name = "scripted"
base_url = "http://127.0.0.1:${port}/v1"
wire_api = "responses"
requires_openai_auth = false
request_max_retries = 0
stream_max_retries = 0
`,
  };
}

/**
 * Unpacks an agent where the product would install it.
 * @param packed the folder that its archive is in
 */
export async function installedIn(
  api: RunloopApi,
  box: FilesDevbox,
  { agent: { id, version }, packed }: { readonly agent: AgentRecipe; readonly packed: string },
): Promise<void> {
  const file = `${packed}/${id}.tgz`;
  const archive = { size: (await stat(file)).size, bytes: createReadStream(file) };
  await apiTransfer(api).upload(box.id, { path: '/tmp/agent.tgz', content: archive, signal });
  const folder = `~/.runloop-agents/tools/${id}-${version}`;
  await box.bash(`mkdir -p ${folder} && tar -C ${folder} -xzf /tmp/agent.tgz && rm /tmp/agent.tgz`);
}

/** Starts the scripted model in a devbox, and leaves the settings of agents there. @returns its port */
export async function scriptedModelIn(box: FilesDevbox): Promise<string> {
  const write = (path: string, text: string | Buffer): Promise<unknown> =>
    box.files.write(path, content(text), { create: true, overwrite: true, token: undefined, signal });
  const entryPoints = ['test/unit/core/agents/scriptedModel.ts'];
  const { outputFiles } = await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', write: false });
  await write('/tmp/model.mjs', Buffer.from(outputFiles[0]?.contents ?? []));
  await box.bash(
    'setsid -f node /tmp/model.mjs </dev/null >/tmp/model.log 2>&1; mkdir -p ~/.gemini ~/.codex ~/.claude ~/.config/opencode ~/work/.opencode',
  );
  const port = await eventually(
    () => box.bash('cat /tmp/model.port 2>/dev/null || true'),
    (found) => found !== '',
    20_000,
  );
  for (const [name, text] of Object.entries(settingsOf(port))) await write(`/home/user/${name}`, text);
  return port;
}
