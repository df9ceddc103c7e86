import { l10n, ThemeColor, ThemeIcon } from 'vscode';
import type { TranscriptItem } from '../../core/agents/transcript';
import type { Choice, WaitingRequest } from '../../core/agents/waiting';
import { exactText } from '../../core/agents/exactText';
import { oneLine } from '../../core/safeText';
import { quoteIfNeeded } from '../../ground/shellWords';
import { escapeForEditor } from '../messages/escapeForEditor';
import { listText } from '../messages/listText';
import type { AgentState, LiveAgent } from './liveAgent';

/** The state of a session, in one word or two. */
export function stateWord(state: AgentState): string {
  const words: Readonly<Record<AgentState, string>> = {
    starting: l10n.t('starting'),
    working: l10n.t('working'),
    waiting: l10n.t('needs you'),
    done: l10n.t('done'),
    failed: l10n.t('failed'),
    ended: l10n.t('ended'),
    lost: l10n.t('lost'),
    suspended: l10n.t('suspended'),
  };
  return words[state];
}

export function stateIcon(state: AgentState): ThemeIcon {
  const warning = new ThemeColor('list.warningForeground');
  const icons: Readonly<Record<AgentState, ThemeIcon>> = {
    starting: new ThemeIcon('loading~spin'),
    working: new ThemeIcon('sync~spin'),
    waiting: new ThemeIcon('bell-dot', warning),
    done: new ThemeIcon('pass'),
    failed: new ThemeIcon('error', new ThemeColor('list.errorForeground')),
    ended: new ThemeIcon('circle-slash'),
    suspended: new ThemeIcon('debug-pause'),
    lost: new ThemeIcon('debug-disconnect', warning),
  };
  return icons[state];
}

/** What an agent is called; its record may say anything. */
export function agentName({ found }: LiveAgent): string {
  const name = escapeForEditor(oneLine(found.agentName, 40));
  return name === '' ? l10n.t('Agent') : name;
}

/** What the agent said or did last, in one line. */
export function lastAction({ transcript, waiting }: LiveAgent): string {
  const [request] = waiting;
  const last = transcript.last;
  return escapeForEditor(oneLine(request === undefined ? actionText(last) : inputText(request), 120));
}

function actionText(item: TranscriptItem | undefined): string {
  switch (item?.kind) {
    case 'prompt':
      return item.text;
    case 'said':
      return item.pieces.join('').trim().split('\n').at(-1) ?? '';
    case 'call':
      return item.title;
    default:
      return '';
  }
}

/** Exactly what a request would do; its title only where the agent says no more. */
export function inputText({ input, title }: WaitingRequest): string {
  if (input === undefined) return l10n.t('{0} (only a title)', exactText(title));
  return exactText(input.kind === 'command' ? commandText(input.command) : listText(input.paths));
}

/** What is said of requests that are not shown; nothing where all are. */
export function unshownText({ unshown: { next, left } }: LiveAgent): readonly string[] {
  const waits =
    next === 1
      ? l10n.t('1 more request waits until these are answered')
      : l10n.t('{0} more requests wait until these are answered', next);
  const lost =
    left === 1
      ? l10n.t('1 request too many was not kept: end the agent if it keeps waiting')
      : l10n.t('{0} requests too many were not kept: end the agent if it keeps waiting', left);
  return [...(next > 0 ? [waits] : []), ...(left > 0 ? [lost] : [])];
}

/** A command as it is read: words with blanks in them are in quotes. */
export function commandText(command: string | readonly string[]): string {
  if (typeof command === 'string') return command;
  return command.map(quoteIfNeeded).join(' ');
}

/** What an answer means, in words of ours: the agent's name for it may say anything. */
export function meaningOf(means: Choice['means']): string {
  const words: Readonly<Record<Choice['means'], string>> = {
    allow_once: l10n.t('Allow Once'),
    allow_always: l10n.t('Allow Always'),
    reject_once: l10n.t('Reject'),
    reject_always: l10n.t('Reject Always'),
  };
  return words[means];
}

/** A call's state as the agent told it, or as we closed it. */
export function callWord(status: string): string {
  switch (status) {
    case 'pending':
      return l10n.t('waiting');
    case 'in_progress':
      return l10n.t('running');
    case 'completed':
      return l10n.t('completed');
    case 'failed':
      return l10n.t('failed');
    default:
      return l10n.t('ended without a result');
  }
}

/** Options of an agent that a person does not get: too many of one meaning, or several with one ID. */
export function unofferedText(count: number): string {
  return count === 1
    ? l10n.t('1 more option of the agent is not offered.')
    : l10n.t('{0} more options of the agent are not offered.', count.toLocaleString());
}
