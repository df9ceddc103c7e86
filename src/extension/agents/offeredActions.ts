import { l10n } from 'vscode';
import type { AgentAction } from './agentTarget';
import type { AgentState, LiveAgent } from './liveAgent';

/** Something that can be done with a session, as it is offered. */
export interface OfferedAction {
  readonly action: AgentAction;
  readonly title: string;
}

const aliveStates: readonly AgentState[] = ['starting', 'working', 'waiting', 'done'];

/** Whether its process is gone, and no later one has gone on with it. */
export function isOver({ state, isContinued }: Pick<LiveAgent, 'state' | 'isContinued'>): boolean {
  return !isContinued && ['failed', 'ended', 'lost'].includes(state);
}

/** What can be done with a session now, the most usual first. @param rules how many there are in its devbox */
export function actionsOf(
  {
    state,
    isContinued,
    isRead,
    isTampered,
    continuable,
    turnSnapshots,
  }: Pick<LiveAgent, 'state' | 'isContinued' | 'isRead' | 'isTampered' | 'continuable' | 'turnSnapshots'>,
  rules: number,
): readonly OfferedAction[] {
  const isAlive = aliveStates.includes(state);
  const isBusy = state === 'working' || state === 'waiting';
  // One whose record nobody has read yet may be able to: who clicks then finds out.
  const canGoOn = !isTampered && (!isRead || continuable !== undefined);
  return [
    ...(isOver({ state, isContinued }) && canGoOn
      ? [{ action: 'continue', title: l10n.t('Continue Session') } as const]
      : []),
    ...(isContinued ? [{ action: 'latest', title: l10n.t('Open Continued Session') } as const] : []),
    ...(isAlive && state !== 'starting' ? [{ action: 'prompt', title: l10n.t('Send Prompt…') } as const] : []),
    ...(isBusy ? [{ action: 'interrupt', title: l10n.t('Interrupt') } as const] : []),
    ...(isAlive ? [{ action: 'end', title: l10n.t('End Agent') } as const] : []),
    { action: 'log', title: l10n.t('Log of the Agent') },
    ...(isAlive ? [{ action: 'terminal', title: l10n.t('Terminal') } as const] : []),
    { action: 'export', title: l10n.t('Export as Markdown…') },
    ...(isAlive && turnSnapshots.isOn ? [snapshotsOff()] : []),
    ...(turnSnapshots.last === undefined
      ? []
      : [{ action: 'before', title: l10n.t('New Devbox from Before This Turn…') } as const]),
    ...(rules > 0 ? [{ action: 'rules', title: l10n.t('Rules: {0}', rules) } as const] : []),
  ];
}

/** What is offered beside that in the list of everything: it costs, and few want it. */
export function rareActionsOf({
  state,
  turnSnapshots,
}: Pick<LiveAgent, 'state' | 'turnSnapshots'>): readonly OfferedAction[] {
  if (turnSnapshots.isOn || !aliveStates.includes(state)) return [];
  return [{ action: 'snapshots', title: l10n.t('Take Snapshots Before Turns…') }];
}

function snapshotsOff(): OfferedAction {
  return { action: 'snapshots', title: l10n.t('Stop Snapshots Before Turns') };
}
