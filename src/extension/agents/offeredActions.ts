import { l10n } from 'vscode';
import type { AgentAction } from './agentTarget';
import type { LiveAgent } from './liveAgent';

/** Something that can be done with a session, as it is offered. */
export interface OfferedAction {
  readonly action: AgentAction;
  readonly title: string;
}

/** What can be done with a session now, the most usual first. @param rules how many there are in its devbox */
export function actionsOf(
  { state, isContinued }: Pick<LiveAgent, 'state' | 'isContinued'>,
  rules: number,
): readonly OfferedAction[] {
  const isAlive = ['starting', 'working', 'waiting', 'done'].includes(state);
  const isBusy = state === 'working' || state === 'waiting';
  const isOver = ['failed', 'ended', 'lost'].includes(state);
  return [
    ...(isOver && !isContinued ? [{ action: 'continue', title: l10n.t('Continue Session') } as const] : []),
    ...(isContinued ? [{ action: 'latest', title: l10n.t('Open Continued Session') } as const] : []),
    ...(isAlive && state !== 'starting' ? [{ action: 'prompt', title: l10n.t('Send Prompt…') } as const] : []),
    ...(isBusy ? [{ action: 'interrupt', title: l10n.t('Interrupt') } as const] : []),
    ...(isAlive ? [{ action: 'end', title: l10n.t('End Agent') } as const] : []),
    { action: 'log', title: l10n.t('Log of the Agent') },
    ...(isAlive ? [{ action: 'terminal', title: l10n.t('Terminal') } as const] : []),
    { action: 'export', title: l10n.t('Export as Markdown…') },
    ...(rules > 0 ? [{ action: 'rules', title: l10n.t('Rules: {0}', rules) } as const] : []),
  ];
}
