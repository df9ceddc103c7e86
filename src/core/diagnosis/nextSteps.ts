import type { Evidence } from './evidence';
import type { StopCause } from './stopCause';
import type { Translator } from './translator';

/** What the reader can do, by kind; whoever shows it knows the commands. */
export type StepKind =
  | 'start'
  | 'startMoreMemory'
  | 'startMoreDisk'
  | 'resume'
  | 'lifetimeSetting'
  | 'showOutput'
  | 'openLog'
  | 'copyMarkdown'
  | 'lookAgain';

/** Something to do next. */
export interface NextStep {
  readonly kind: StepKind;
  readonly text: string;
}

/** What helps after a devbox stopped for this cause, best first. */
export function nextSteps(
  { devbox, lastExit }: Pick<Evidence, 'devbox' | 'lastExit'>,
  cause: StopCause,
  l10n: Translator,
): NextStep[] {
  const always: NextStep[] = [
    { kind: 'showOutput', text: l10n.t('Show all of its output') },
    { kind: 'openLog', text: l10n.t('Open its log to search and filter it') },
    { kind: 'copyMarkdown', text: l10n.t('Copy this as Markdown for an issue report') },
  ];
  const start: NextStep = { kind: startKind(cause), text: startText(cause, lastExit?.code !== 0, l10n) };
  switch (cause.kind) {
    case 'suspended':
      return [
        ...(devbox.status === 'suspended'
          ? [{ kind: 'resume', text: l10n.t('Resume the devbox') } as const]
          : [{ kind: 'lookAgain', text: l10n.t('Check again') } as const]),
        ...always,
      ];
    case 'alive':
    case 'strange':
      return [{ kind: 'lookAgain', text: l10n.t('Check again') }, ...always];
    case 'keep_alive_timeout':
      return [start, { kind: 'lifetimeSetting', text: l10n.t('Change the lifetime of new devboxes') }, ...always];
    default:
      return [start, ...always];
  }
}

function startKind({ kind }: StopCause): StepKind {
  return kind === 'out_of_memory' ? 'startMoreMemory' : kind === 'out_of_disk' ? 'startMoreDisk' : 'start';
}

function startText(cause: StopCause, failed: boolean, l10n: Translator): string {
  switch (cause.kind) {
    case 'keep_alive_timeout':
      return l10n.t('Start another devbox with a longer lifetime, or with an idle rule instead');
    case 'idle':
      return l10n.t('Start another devbox with a longer idle time, or one that is suspended when idle');
    case 'out_of_memory':
    case 'out_of_disk':
      return l10n.t('Start again with a larger size');
    case 'execution_failed':
    case 'entrypoint_exit':
      return failed ? l10n.t('Fix what failed, then start another devbox') : l10n.t('Start another devbox');
    default:
      return l10n.t('Start another devbox');
  }
}
