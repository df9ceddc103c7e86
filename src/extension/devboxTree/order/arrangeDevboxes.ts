import { l10n, ThemeIcon, window, type InputBox, type QuickInputButton, type QuickPickItem } from 'vscode';
import type { Disposable } from '../../../core/events';
import { asObject, asString } from '../../../core/parse';
import { oneLine } from '../../../core/safeText';
import type { DevboxStore } from '../../devboxes/devboxStore';
import type { Grouping } from './arrangement';
import type { FilterMark } from './filterWords';
import { ownMetadata } from './ownMetadata';
import { sortings, type Sorting } from './sorting';
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
    item({ by: 'initiator' }, l10n.t('Creator')),
    ...keys.map((key) => item({ by: 'metadata', key }, oneLine(key, 80), l10n.t('metadata'))),
  ];
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Group Devboxes By'),
    placeHolder: l10n.t('Select what to group by'),
  });
  if (picked !== undefined) await choices.setGrouping(picked.grouping);
}

function sortingLabel(sorting: Sorting): string {
  switch (sorting) {
    case 'newest':
      return l10n.t('Newest');
    case 'attention':
      return l10n.t('Attention');
    case 'name':
      return l10n.t('Name');
    case 'timeLeft':
      return l10n.t('Time Left');
    case 'cost':
      return l10n.t('Cost');
  }
}

/** Asks what devboxes are to be sorted by; the window remembers it. */
export async function sortDevboxes({ tree: { choices } }: { readonly tree: DevboxTree }): Promise<void> {
  const items = sortings.map((sorting) => ({
    label: `${sorting === choices.sorting ? '$(check) ' : ''}${sortingLabel(sorting)}`,
    ...(sorting === 'attention' ? { description: l10n.t('no end, old, failed') } : {}),
    sorting,
  }));
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Sort Devboxes By'),
    placeHolder: l10n.t('Attached and pinned devboxes come first'),
  });
  if (picked !== undefined) await choices.setSorting(picked.sorting);
}

interface MarkButton extends QuickInputButton {
  readonly mark: FilterMark;
}

/** Buttons of the filter's box, each of which puts a mark into the filter or takes it out. */
function markButtons(): readonly MarkButton[] {
  const button = (mark: FilterMark, icon: string, tooltip: string): MarkButton => ({
    mark,
    iconPath: new ThemeIcon(icon),
    tooltip,
  });
  return [
    button('@running', 'vm-running', l10n.t('Running Only (@running)')),
    button('@suspended', 'debug-pause', l10n.t('Suspended Only (@suspended)')),
    button('@failed', 'error', l10n.t('Failed Only (@failed)')),
    button('@ended', 'vm-outline', l10n.t('Ended Only (@ended)')),
    button('@here', 'home', l10n.t('Started Here Only (@here)')),
  ];
}

function toggled(filter: string, mark: FilterMark): string {
  const words = filter.split(/\s+/).filter((word) => word !== '');
  return (words.includes(mark) ? words.filter((word) => word !== mark) : [...words, mark]).join(' ');
}

/** Milliseconds of rest in the typing before the rows follow it. */
const typingRestMs = 120;

/** Asks for a filter; the rows follow the typing, Enter keeps it, Escape brings the earlier one back. */
export async function filterDevboxes({ tree: { choices } }: { readonly tree: DevboxTree }): Promise<void> {
  const earlier = choices.filter;
  const box = window.createInputBox();
  box.title = l10n.t('Filter Devboxes');
  box.prompt = l10n.t(
    'Words in the name, ID or metadata; @running, @suspended, @failed, @ended, @here. Leave empty to show all.',
  );
  box.value = earlier;
  box.buttons = markButtons();
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
        box.onDidTriggerButton((button) => {
          const pressed = markButtons().find(({ tooltip }) => tooltip === button.tooltip);
          if (pressed === undefined) return;
          box.value = toggled(box.value, pressed.mark);
          onRest(box.value);
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
  if (group !== undefined) await inView(() => tree.loadMore({ kind: 'more', group }));
}

/** Reads the list now. */
export async function refreshDevboxes({ tree }: { readonly tree: DevboxTree }): Promise<void> {
  await inView(() => tree.refresh());
}

/** Shows at the view that it is being read. */
function inView(work: () => Promise<void>): Thenable<void> {
  return window.withProgress({ location: { viewId: 'runloop.devboxes' } }, work);
}
