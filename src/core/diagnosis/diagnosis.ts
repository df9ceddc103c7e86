import type { Evidence, EvidenceLine } from './evidence';
import { durationWords, timeWords, type Words } from './words';
import { stopCause } from './stopCause';
import { harmlessLine } from './harmless';
import type { Devbox } from '../platform/devbox';
import { redact } from '../redact';
import { verdict } from './verdict';
import { nextSteps, type NextStep } from './nextSteps';

/** A named fact. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** Lines of evidence under a heading. */
export interface EvidenceSection {
  readonly heading: string;
  /** Said instead of the lines where there are none, or before them. */
  readonly note: string | undefined;
  readonly lines: readonly string[];
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
export function diagnose(evidence: Evidence, l10n: Words): Diagnosis {
  const { devbox } = evidence;
  const cause = stopCause(devbox);
  return {
    title: diagnosisTitle(devbox, l10n),
    verdict: verdict(evidence, cause, l10n),
    facts: facts(evidence, l10n),
    sections: sections(evidence, l10n),
    steps: nextSteps(evidence, cause, l10n),
  };
}

/** The heading of a devbox's diagnosis, one line. */
export function diagnosisTitle(devbox: Devbox, l10n: Words): string {
  const name = harmlessLine(redact(devbox.name ?? ''), 60) || harmlessLine(devbox.id, 40);
  const { kind } = stopCause(devbox);
  return kind === 'alive'
    ? l10n.t('{0} has not stopped', name)
    : kind === 'strange'
      ? l10n.t('Did {0} stop?', name)
      : l10n.t('Why did {0} stop?', name);
}

function facts({ devbox, lastExit, gatheredMs }: Evidence, l10n: Words): Fact[] {
  const unsaid = l10n.t('not given');
  const time = (ms: number | undefined): string => (ms === undefined ? unsaid : timeWords(ms));
  const ended = devbox.status === 'failure' || devbox.status === 'shutdown';
  const lived =
    devbox.endTimeMs === undefined || devbox.createTimeMs === undefined
      ? undefined
      : (devbox.endTimeMs - devbox.createTimeMs) / 1000;
  return [
    { label: l10n.t('Devbox'), value: harmlessLine(devbox.id, 60) },
    { label: l10n.t('Status'), value: harmlessLine(devbox.status, 40) },
    ...(ended
      ? [
          { label: 'shutdown_reason', value: harmlessLine(redact(devbox.shutdownReason ?? ''), 80) || unsaid },
          { label: 'failure_reason', value: harmlessLine(redact(devbox.failureReason ?? ''), 80) || unsaid },
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
                : l10n.t('{0}, after {1}', time(devbox.endTimeMs), durationWords(lived, l10n)),
          },
        ]
      : []),
    { label: l10n.t('Size'), value: harmlessLine(devbox.size ?? '', 30) || unsaid },
    {
      label: l10n.t('Last exit code'),
      value:
        lastExit === undefined
          ? l10n.t('none in the log')
          : l10n.t('{0} ({1}, {2})', lastExit.code, lastExit.source, time(lastExit.timeMs)),
    },
    { label: l10n.t('Checked'), value: timeWords(gatheredMs) },
  ];
}

function sections(evidence: Evidence, l10n: Words): EvidenceSection[] {
  const { devbox, logProblem, kernel, platform, entrypoint, setup, logLines } = evidence;
  const missing = logProblem === undefined ? undefined : l10n.t('The log could not be read: {0}', logProblem);
  const part = (heading: string, lines: readonly EvidenceLine[], none: string): EvidenceSection => ({
    heading,
    note: missing ?? (lines.length === 0 ? none : undefined),
    lines: lines.map(shownEvidence),
  });
  const steps = devbox.transitions.map(({ status, timeMs, failureReason }, index) => {
    const before = devbox.transitions[index - 1]?.timeMs;
    const took = timeMs === undefined || before === undefined ? '' : `  +${((timeMs - before) / 1000).toFixed(1)} s`;
    const why = failureReason === undefined ? '' : `  ${harmlessLine(failureReason, 60)}`;
    return `${timeMs === undefined ? l10n.t('time unknown') : timeWords(timeMs)}  ${harmlessLine(status, 40)}${took}${why}`;
  });
  return [
    {
      heading: l10n.t('Status history'),
      note: steps.length === 0 ? l10n.t('Runloop reports no status changes.') : undefined,
      lines: steps,
    },
    part(l10n.t('Kernel messages'), kernel, l10n.t('The log has none.')),
    ...(platform.length === 0 ? [] : [part(l10n.t('Platform messages'), platform, '')]),
    part(
      l10n.t('Last output of the entrypoint'),
      entrypoint,
      logLines === 0 ? l10n.t('The log is empty.') : l10n.t('There is no output.'),
    ),
    part(l10n.t('Last output of the setup'), setup, l10n.t('There is no output.')),
  ];
}

function shownEvidence({ timeMs, text }: EvidenceLine): string {
  return `${timeMs === undefined ? '' : `${timeWords(timeMs)}  `}${text}`;
}
