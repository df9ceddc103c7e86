import { l10n, window, type QuickPickItem } from 'vscode';
import { asObject, asString } from '../../core/parse';
import type { Devbox } from '../../core/platform/devbox';
import { ageText, devboxLabel, statusWord } from '../devboxTree/devboxItem';
import type { Services } from '../services';

/**
 * The devbox that a command means: the tree's row or an id if it was given one, else what the user picks.
 *
 * @returns undefined if the user picks none
 * @throws RuntimeError if the list cannot be read
 */
export async function devboxFor(
  services: Services,
  argument: unknown,
  options: { readonly placeHolder: string; readonly runningOnly?: boolean },
): Promise<Devbox | undefined> {
  const account = await services.account.require();
  const id = asString(argument) ?? asString(asObject(argument)?.['id']);
  if (id !== undefined) return services.store.get(id) ?? account.api.retrieve(id);
  await services.tree.refresh();
  const { failure } = services.store;
  if (failure !== undefined) throw failure;
  const devboxes = services.store.devboxes.filter(({ status }) => options.runningOnly !== true || status === 'running');
  if (devboxes.length === 0) {
    await window.showInformationMessage(l10n.t('No devbox is running in this account.'));
    return undefined;
  }
  const items = devboxes.map((devbox): QuickPickItem & { readonly devbox: Devbox } => ({
    // "$(" would be drawn as an icon.
    label: devboxLabel(devbox).replaceAll('$(', '$ ('),
    description: [statusWord(devbox.status), devbox.createTimeMs === undefined ? '' : ageText(devbox.createTimeMs, Date.now())]
      .filter((part) => part !== '')
      .join(' · '),
    detail: devbox.id,
    devbox,
  }));
  const picked = await window.showQuickPick(items, { placeHolder: options.placeHolder, matchOnDetail: true });
  return picked?.devbox;
}
