import { l10n } from 'vscode';
import type { EndRule } from '../../core/start/endRule';

/** When a devbox ends by itself, in words. */
export function endRuleText(rule: EndRule): string {
  const minutes = Math.round(rule.seconds / 60);
  const time = minutes % 60 === 0 ? l10n.t('{0} h', minutes / 60) : l10n.t('{0} min', minutes);
  if (rule.kind === 'lifetime') return l10n.t('shut down after {0}', time);
  return rule.action === 'suspend'
    ? l10n.t('suspend when idle for {0}', time)
    : l10n.t('shut down when idle for {0}', time);
}
