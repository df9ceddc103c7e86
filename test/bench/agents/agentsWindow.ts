import type { AgentRecipe } from '../../../src/core/agents/agentTable';
import type { RunloopApi } from '../../../src/core/platform/runloopApi';
import type { SignedIn } from '../../../src/extension/account/account';
import type { AgentNode } from '../../../src/extension/agents/agentRows';
import { Agents, type AgentsServices } from '../../../src/extension/agents/agents';
import type { LiveAgent } from '../../../src/extension/agents/liveAgent';
import { FakeMemory, FakeSecrets } from '../../fakeVscode/memory';
import { Uri } from '../../fakeVscode/values';

/** The agents of a window, with no editor around them; built with the editor of the unit tests, and read by the bench. */
export function agentsWindow(
  api: RunloopApi,
  account: { readonly apiKey: string; readonly baseUrl: string },
  /** What windows have in common; by itself one has no folder in which it could take turns with others. */
  {
    secrets = new FakeSecrets(),
    sharedFolder = '/dev/null/none',
  }: Partial<Pick<AgentsServices, 'secrets' | 'sharedFolder'>> = {},
) {
  const ended = new AbortController();
  const signedIn = { ...account, api, ended: ended.signal } as unknown as SignedIn;
  const services = {
    account: { current: () => Promise.resolve(signedIn) },
    store: {
      get: () => ({ status: 'running', name: 'bench', metadata: { 'runloop-devboxes-agents': 'yes' } }),
      living: [],
      onDidChange: () => ({ dispose: () => undefined }),
    },
    secrets,
    globalState: new FakeMemory(),
    sharedFolder,
    devboxUse: { used: () => undefined },
    fileSystem: { rootOf: () => Promise.resolve(Uri.file('/')) },
    noteTurn: () => Promise.resolve(),
    log: { failure: (doing: string, error: unknown) => console.error(doing, error) },
  } as unknown as AgentsServices;
  const agents = new Agents(services);
  return {
    agents,
    /** Starts an agent and its first turn. */
    async start(devboxId: string, run: readonly [string, ...string[]], prompt: string): Promise<LiveAgent> {
      const about = { id: 'timed', name: 'Timed', version: '1', install: undefined, node: undefined, megabytes: 0 };
      const recipe: AgentRecipe = { ...about, run, variables: [], environment: {} };
      const one = await agents.in(devboxId);
      const place = await one.installation.look(recipe, '/tmp', ended.signal);
      const given = { prompt, keys: {}, onMade: () => undefined };
      return one.start(recipe, { ...place, cwd: place.cwd ?? '/tmp' }, given);
    },
    /** Called with the descriptions of a devbox's rows whenever the view is told that they changed. */
    onRows(devboxId: string, take: (descriptions: readonly string[]) => void): void {
      const root: AgentNode = agents.of(devboxId);
      const draw = async (): Promise<void> => {
        const rows = await root.below();
        take(rows.map((row) => String(row.item().description ?? '')));
      };
      agents.onDidChange((nodes) => {
        if (nodes.includes(root)) draw().catch((error: unknown) => console.error(error));
      });
    },
    end: () => {
      ended.abort();
      agents.dispose();
    },
  };
}

export type AgentsWindow = ReturnType<typeof agentsWindow>;
