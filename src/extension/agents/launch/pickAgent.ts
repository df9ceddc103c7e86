import { l10n, QuickPickItemKind, ThemeIcon, window, type QuickPickItem } from 'vscode';
import { knownAgents, offeredAgents, type AgentRecipe } from '../../../core/agents/agentTable';
import type { Installed } from '../../../core/agents/installing/installedAgents';
import { oneLine } from '../../../core/safeText';
import type { Disposable } from '../../../core/events';
import { linkSignals } from '../../../ground/deadline';
import { escapeForEditor } from '../../messages/escapeForEditor';
import type { Log } from '../../messages/log';
import { agentSetting } from './agentSetting';
import type { RemovedAgent } from './removeAgent';

/** Which agent is to be started, or to go from the devbox. */
export type AgentChoice =
  { readonly kind: 'start'; readonly recipe: AgentRecipe } | { readonly kind: 'remove'; readonly agent: RemovedAgent };

interface AgentItem extends QuickPickItem {
  /** One without it is installed, but cannot be started any more. */
  readonly recipe?: AgentRecipe;
  readonly removed?: RemovedAgent;
}

/**
 * Asks which agent to start. Those that are installed have a button that removes them, as soon as it is known which are.
 *
 * @param devbox.list what is installed there
 * @param devbox.ended ends with its account
 */
export async function pickAgent(
  devbox: { readonly list: (signal: AbortSignal) => Promise<Installed>; readonly ended: AbortSignal },
  log: Log,
): Promise<AgentChoice | undefined> {
  const offered = offeredAgents(agentSetting());
  const hidden = new AbortController();
  const either = linkSignals(hidden.signal, devbox.ended);
  const box = window.createQuickPick<AgentItem>();
  const subscriptions: Disposable[] = [box];
  try {
    box.title = l10n.t('Start Agent');
    box.placeholder = l10n.t('Select an agent');
    box.items = itemsOf(offered, new Map());
    return await new Promise<AgentChoice | undefined>((resolve) => {
      subscriptions.push(
        box.onDidTriggerItemButton(({ item: { removed } }) => {
          if (removed !== undefined) resolve({ kind: 'remove', agent: removed });
        }),
        box.onDidHide(() => resolve(undefined)),
        box.onDidAccept(() => {
          const recipe = box.selectedItems[0]?.recipe;
          if (recipe !== undefined) resolve({ kind: 'start', recipe });
        }),
      );
      box.busy = true;
      box.show();
      devbox
        .list(either.signal)
        .then(
          ({ folders }) => {
            if (folders.size > 0 && !hidden.signal.aborted) showRemovals(box, itemsOf(offered, folders));
          },
          (error: unknown) => {
            if (!either.signal.aborted) log.failure('Looking which agents are installed', error);
          },
        )
        .finally(() => (box.busy = false));
    });
  } finally {
    hidden.abort();
    either.dispose();
    for (const subscription of subscriptions) subscription.dispose();
  }
}

/** What is active stays so. */
function showRemovals(
  box: { items: readonly AgentItem[]; activeItems: readonly AgentItem[] },
  items: readonly AgentItem[],
): void {
  const active = box.activeItems[0]?.recipe?.id;
  box.items = items;
  const same = active === undefined ? undefined : items.find(({ recipe }) => recipe?.id === active);
  if (same !== undefined) box.activeItems = [same];
}

function itemsOf(offered: readonly AgentRecipe[], folders: Installed['folders']): readonly AgentItem[] {
  const items = offered.map((recipe): AgentItem => {
    const installed = folders.get(recipe.id);
    return {
      label: escapeForEditor(oneLine(recipe.name, 60)),
      description: knownAgents.includes(recipe) ? recipe.version : escapeForEditor(oneLine(recipe.run.join(' '), 80)),
      recipe,
      ...(installed !== undefined && removable({ id: recipe.id, name: recipe.name, folders: installed })),
    };
  });
  const known = new Set(offered.map(({ id }) => id));
  const others = [...folders].filter(([id]) => !known.has(id));
  if (others.length === 0) return items;
  const label = l10n.t('Installed there, but not offered any more');
  const rest = others.map(([id, names]): AgentItem => ({ label: id, ...removable({ id, name: id, folders: names }) }));
  return [...items, { label, kind: QuickPickItemKind.Separator }, ...rest];
}

function removable(removed: RemovedAgent): Pick<AgentItem, 'removed' | 'buttons'> {
  return { removed, buttons: [{ iconPath: new ThemeIcon('trash'), tooltip: l10n.t('Remove from Devbox…') }] };
}
