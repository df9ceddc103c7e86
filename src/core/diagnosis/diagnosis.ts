import type { Evidence, EvidenceLine } from './evidence';
import { durationText, timeText, type Translator } from './translator';
import { stopCause, type StopCause } from './stopCause';
import { safeLine } from './safeLine';
import type { Devbox } from '../platform/devbox';
import { redact } from '../redact';
import { verdict } from './verdict';
import { nextSteps, type NextStep } from './nextSteps';

/** A named fact. */
interface Fact {
  readonly label: string;
  readonly value: string;
}

/** Lines of evidence under a heading. */
export interface EvidenceSection {
  readonly heading: string;
  /** Said instead of the lines where there are none, or before them. */
  readonly note: string | undefined;
  readonly lines: readonly string[];
  /** True for what was printed before an end that it may explain: a reader looks for it first. */
  readonly isTelling?: boolean;
}

/** Why a devbox stopped, in words. Everything is one line of plain text without control characters. */
export interface Diagnosis {
  readonly title: string;
  /** What happened, one sentence each. */
  readonly verdict: readonly string[];
  readonly facts: readonly Fact[];
  readonly sections: readonly EvidenceSection[];
  readonly steps: readonly NextStep[];
}

/**
 * Puts evidence into words.
 *
 * @param l10n gives the words in the reader's language
 */
export function diagnose(evidence: Evidence, l10n: Translator): Diagnosis {
  const { devbox } = evidence;
  const cause = stopCause(devbox);
  return {
    title: diagnosisTitle(devbox, l10n),
    verdict: verdict(evidence, cause, l10n),
    facts: facts(evidence, l10n),
    sections: sections(evidence, cause, l10n),
    steps: nextSteps(evidence, cause, l10n),
  };
}

/** The heading of a devbox's diagnosis, one line. */
export function diagnosisTitle(devbox: Devbox, l10n: Translator): string {
  const name = safeLine(redact(devbox.name ?? ''), 60) || safeLine(devbox.id, 40);
  const { kind } = stopCause(devbox);
  return kind === 'alive'
    ? l10n.t('{0} has not stopped', name)
    : kind === 'strange'
      ? l10n.t('Did {0} stop?', name)
      : l10n.t('Why did {0} stop?', name);
}

function facts({ devbox, lastExit, gatheredMs }: Evidence, l10n: Translator): Fact[] {
  const unsaid = l10n.t('not given');
  const time = (ms: number | undefined): string => (ms === undefined ? unsaid : timeText(ms));
  const ended = devbox.status === 'failure' || devbox.status === 'shutdown';
  const shutdownReason = safeLine(redact(devbox.shutdownReason ?? ''), 80);
  const failureReason = safeLine(redact(devbox.failureReason ?? ''), 80);
  const lived =
    devbox.endTimeMs === undefined || devbox.createTimeMs === undefined
      ? undefined
      : (devbox.endTimeMs - devbox.createTimeMs) / 1000;
  return [
    { label: l10n.t('Devbox'), value: safeLine(devbox.id, 60) },
    { label: l10n.t('Status'), value: safeLine(devbox.status, 40) },
    ...(ended
      ? [
          // The one that is not given says nothing where the other is.
          ...(shutdownReason === '' && failureReason !== ''
            ? []
            : [{ label: 'shutdown_reason', value: shutdownReason || unsaid }]),
          ...(failureReason === '' && shutdownReason !== ''
            ? []
            : [{ label: 'failure_reason', value: failureReason || unsaid }]),
        ]
      : []),
    { label: l10n.t('Created'), value: time(devbox.createTimeMs) },
    ...(ended
      ? [
          {
            label: l10n.t('Ended'),
            value:
              lived === undefined
                ? time(devbox.endTimeMs)
                : l10n.t('{0}, after {1}', time(devbox.endTimeMs), durationText(lived, l10n)),
          },
        ]
      : []),
    { label: l10n.t('Size'), value: safeLine(devbox.size ?? '', 30) || unsaid },
    {
      label: l10n.t('Last exit code'),
      value:
        lastExit === undefined
          ? l10n.t('none in the log')
          : l10n.t('{0} ({1}, {2})', lastExit.code, lastExit.source, time(lastExit.timeMs)),
    },
    { label: l10n.t('Checked'), value: timeText(gatheredMs) },
  ];
}

/** What tells of the cause comes first, what has nothing to tell last, by its name alone. */
function sections(evidence: Evidence, cause: StopCause, l10n: Translator): EvidenceSection[] {
  const { logProblem, kernel, platform, entrypoint, setup, logLines } = evidence;
  const history = statusHistory(evidence.devbox, l10n);
  const log = (note: string): EvidenceSection => ({ heading: l10n.t('Log'), note, lines: [] });
  const parts = {
    kernel: { heading: l10n.t('Kernel messages'), found: kernel },
    platform: { heading: l10n.t('Platform messages'), found: platform },
    entrypoint: { heading: l10n.t('Last output of the entrypoint'), found: entrypoint },
    setup: { heading: l10n.t('Last output of the setup'), found: setup },
  };
  const ordered = tellingParts(cause).map((part) => parts[part]);
  const told = ordered
    .filter(({ found }) => found.length > 0)
    .map(({ heading, found }): EvidenceSection => ({
      heading,
      note: undefined,
      lines: found.map(shownEvidence),
      isTelling: !explainedCauses.includes(cause.kind),
    }));
  if (logProblem !== undefined) return [log(l10n.t('The log could not be read: {0}', logProblem)), ...told, history];
  if (logLines === 0) return [history, log(l10n.t('The log is empty.'))];
  // Platforms write of themselves only where they have something to say.
  const silent = ordered.filter((part) => part.found.length === 0 && part !== parts.platform);
  const names = silent.map(({ heading }) => heading);
  return [
    ...told,
    history,
    ...(names.length === 0 ? [] : [{ heading: l10n.t('Not in the log'), note: undefined, lines: names }]),
  ];
}

/** Causes that say all by themselves: what was printed before has nothing to do with them. */
const explainedCauses: readonly StopCause['kind'][] = [
  'api_shutdown',
  'keep_alive_timeout',
  'idle',
  'ttl_expired',
  'suspended',
  'alive',
];

type Part = 'kernel' | 'platform' | 'entrypoint' | 'setup';

/** The parts of a log, those first that say most of this cause. */
function tellingParts({ kind }: StopCause): readonly Part[] {
  switch (kind) {
    case 'out_of_memory':
    case 'out_of_disk':
    case 'health_check_failed':
      return ['kernel', 'entrypoint', 'setup', 'platform'];
    case 'execution_failed':
      return ['setup', 'entrypoint', 'kernel', 'platform'];
    case 'suspended':
      return ['platform', 'entrypoint', 'setup', 'kernel'];
    default:
      return ['entrypoint', 'setup', 'kernel', 'platform'];
  }
}

function statusHistory(devbox: Devbox, l10n: Translator): EvidenceSection {
  const steps = devbox.transitions.map(({ status, timeMs, failureReason }, index) => {
    const before = devbox.transitions[index - 1]?.timeMs;
    const took = timeMs === undefined || before === undefined ? '' : `  +${((timeMs - before) / 1000).toFixed(1)} s`;
    const why = failureReason === undefined ? '' : `  ${safeLine(failureReason, 60)}`;
    return `${timeMs === undefined ? l10n.t('time unknown') : timeText(timeMs)}  ${safeLine(status, 40)}${took}${why}`;
  });
  return {
    heading: l10n.t('Status history'),
    note: steps.length === 0 ? l10n.t('Runloop reports no status changes.') : undefined,
    lines: steps,
  };
}

function shownEvidence({ timeMs, text }: EvidenceLine): string {
  return `${timeMs === undefined ? '' : `${timeText(timeMs)}  `}${text}`;
}
