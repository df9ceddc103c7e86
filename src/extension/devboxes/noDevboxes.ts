import { commands, l10n, window } from 'vscode';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import type { Account } from '../account/account';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { DevboxStore } from './devboxStore';

/** Which devboxes were looked for. */
export type LookedFor = 'any' | 'running' | 'suspended' | 'stopped' | 'active';

/** Says that there is nothing to choose from, with a button to start a devbox where that helps. */
export async function sayThereIsNone(
  { account, store }: { readonly account: Account; readonly store: DevboxStore },
  lookedFor: LookedFor,
): Promise<void> {
  const helps = lookedFor !== 'suspended' && lookedFor !== 'stopped';
  const isEmpty = store.devboxes.length === 0 && (await hasNone(account));
  const text = isEmpty ? l10n.t('You have no devboxes.') : noneText(lookedFor);
  const start = l10n.t('Start Devbox');
  const answer = await window.showInformationMessage(text, ...(isEmpty || helps ? [start] : []));
  if (answer === start) await commands.executeCommand('runloop.startDevbox');
}

async function hasNone(account: Account): Promise<boolean> {
  const { api } = await account.require();
  const page = await whenSlow((signal) => api.devboxes.listPage({ limit: 1 }, { signal, rule }), {
    limitMs: lookUpLimitMs,
  });
  return page.devboxes.length === 0 && page.isWhole;
}

function noneText(lookedFor: LookedFor): string {
  switch (lookedFor) {
    case 'any':
      return l10n.t('None of your devboxes could be read.');
    case 'running':
      return l10n.t('None of your devboxes is running.');
    case 'suspended':
      return l10n.t('None of your devboxes is suspended.');
    case 'stopped':
      return l10n.t('None of your devboxes has stopped.');
    case 'active':
      return l10n.t('None of your devboxes is running or starting.');
  }
}
