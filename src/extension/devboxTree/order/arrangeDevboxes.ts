import { env, l10n, window, type InputBox, type QuickPickItem } from 'vscode';
import type { Disposable } from '../../../core/events';
import { asObject, asString } from '../../../core/parse';
import { oneLine } from '../../../core/plainText';
import type { DevboxStore } from '../../devboxes/devboxStore';
import type { Grouping } from './arrangement';
import { ownMetadata } from './ownMetadata';
import type { DevboxTree } from '../devboxTree';

interface GroupingItem extends QuickPickItem {
  readonly grouping: Grouping;
}

function isSame(a: Grouping, b: Grouping): boolean {
  return a.by === b.by && (a.by !== 'metadata' || b.by !== 'metadata' || a.key === b.key);
}

/** Asks what the view's groups are to be made by; the choice is remembered. */
export async function groupDevboxes({
  tree: { choices },
  store,
}: {
  readonly tree: DevboxTree;
  readonly store: DevboxStore;
}): Promise<void> {
  const keys = [...new Set(store.devboxes.flatMap((devbox) => ownMetadata(devbox).map(([key]) => key)))].sort();
  const item = (grouping: Grouping, label: string, detail?: string): GroupingItem => ({
    grouping,
    // "$(" of a metadata key would be drawn as an icon.
    label: `${isSame(grouping, choices.grouping) ? '$(check) ' : ''}${label.replaceAll('$(', '$ (')}`,
    ...(detail === undefined ? {} : { description: detail }),
  });
  const items = [
    item({ by: 'status' }, l10n.t('Status'), l10n.t('active, suspended, ended')),
    item({ by: 'blueprint' }, l10n.t('Blueprint')),
    item({ by: 'initiator' }, l10n.t('Who Made It')),
    ...keys.map((key) => item({ by: 'metadata', key }, oneLine(key, 80), l10n.t('metadata'))),
  ];
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Group Devboxes By'),
    placeHolder: l10n.t('What to group by?'),
  });
  if (picked !== undefined) await choices.setGrouping(picked.grouping);
}

/** Milliseconds of rest in the typing before the rows follow it. */
const typingRestMs = 120;

/** Asks for a filter; the rows follow the typing, Enter keeps it, Escape brings the earlier one back. */
export async function filterDevboxes({ tree: { choices } }: { readonly tree: DevboxTree }): Promise<void> {
  const earlier = choices.filter;
  const box = window.createInputBox();
  box.title = l10n.t('Filter Devboxes');
  box.prompt = l10n.t('Words in the name, id or metadata. Empty shows all.');
  box.value = earlier;
  const kept = await typed(box, (text) => choices.tryFilter(text));
  await choices.setFilter(kept ?? earlier);
}

/** Shows the box until a text was accepted, or it was left (undefined). */
async function typed(box: InputBox, onRest: (text: string) => void): Promise<string | undefined> {
  const subscriptions: Disposable[] = [box];
  let rest: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve) => {
      subscriptions.push(
        box.onDidChangeValue((text) => {
          clearTimeout(rest);
          rest = setTimeout(() => onRest(text), typingRestMs);
        }),
        box.onDidAccept(() => resolve(box.value)),
        box.onDidHide(() => resolve(undefined)),
      );
      box.show();
    });
  } finally {
    clearTimeout(rest);
    for (const subscription of subscriptions) subscription.dispose();
  }
}

export async function clearFilter({ tree }: { readonly tree: DevboxTree }): Promise<void> {
  await tree.choices.setFilter('');
}

/** Shows the next page of the group whose "Load more…" was clicked. */
export async function loadMoreDevboxes({ tree }: { readonly tree: DevboxTree }, argument: unknown): Promise<void> {
  const group = asString(asObject(argument)?.['group']);
  if (group !== undefined) await tree.loadMore({ kind: 'more', group });
}

/** Copies the address of a devbox's port; it has no token in it. */
export async function copyPortUrl(_services: unknown, argument: unknown): Promise<void> {
  const url = asString(asObject(asObject(argument)?.['detail'])?.['url']);
  if (url !== undefined) await env.clipboard.writeText(url);
}

/** Reads the list now. */
export async function refreshDevboxes({ tree }: { readonly tree: DevboxTree }): Promise<void> {
  await tree.refresh();
}
