import type { Evidence, EvidenceLine } from './evidence';
import { durationWords, timeWords, type Words } from './words';
import { stopCause, type StopCause } from './stopCause';
import { oneLine } from '../plainText';
import type { Devbox } from '../platform/devbox';
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
    facts: facts(evidence, cause, l10n),
    sections: sections(evidence, l10n),
    steps: nextSteps(evidence, cause, l10n),
  };
}

/** The heading of a devbox's diagnosis, one line. */
export function diagnosisTitle(devbox: Devbox, l10n: Words): string {
  const name = oneLine(devbox.name ?? '', 60) || oneLine(devbox.id, 40);
  return stopCause(devbox).kind === 'alive' ? l10n.t('{0} has not stopped', name) : l10n.t('Why did {0} stop?', name);
}

function verdict({ devbox, lastExit, logProblem }: Evidence, cause: StopCause, l10n: Words): string[] {
  const size = oneLine(devbox.size ?? '', 30);
  const exit = lastExit?.source === 'entrypoint' ? lastExit.code : undefined;
  switch (cause.kind) {
    case 'api_shutdown':
      return [
        l10n.t('Somebody asked for it: it was shut down through the API, by a person, a program or this extension.'),
        l10n.t('Runloop does not say who it was.'),
      ];
    case 'keep_alive_timeout':
      return [
        devbox.keepAliveSeconds === undefined
          ? l10n.t('Its lifetime was over. Runloop does not say how long that was.')
          : l10n.t('Its lifetime of {0} was over: it ends then, whether it is used or not.', durationWords(devbox.keepAliveSeconds, l10n)),
      ];
    case 'idle':
      return [
        devbox.idleRule === undefined
          ? l10n.t('Nobody used it for as long as its idle rule says. Runloop does not say how long that was.')
          : l10n.t('Nobody used it for {0}, and its idle rule shuts it down then.', durationWords(devbox.idleRule.seconds, l10n)),
      ];
    case 'entrypoint_exit':
      return [
        exit === undefined
          ? l10n.t('Its entrypoint ended, and a devbox ends with its entrypoint. The log has no exit code of it.')
          : exit === 0
            ? l10n.t('Its entrypoint ended by itself with exit code 0, and a devbox ends with its entrypoint.')
            : l10n.t('Its entrypoint ended with exit code {0}{1}, and a devbox ends with its entrypoint.', exit, signalWords(exit, l10n)),
      ];
    case 'ttl_expired':
      return [l10n.t('The platform’s own limit on the age of devboxes was reached. No rule of the devbox lifts it.')];
    case 'out_of_memory':
      return [
        size === ''
          ? l10n.t('Its processes needed more memory than it has, and it was ended.')
          : l10n.t('Its processes needed more memory than a devbox of size {0} has, and it was ended.', size),
      ];
    case 'out_of_disk':
      return [
        size === '' ? l10n.t('Its disk was full, and it was ended.') : l10n.t('The disk of its size {0} was full, and it was ended.', size),
      ];
    case 'execution_failed':
      return [l10n.t('It never got ready: a command of its start failed.')];
    case 'health_check_failed':
      return [l10n.t('The platform lost it: it did not answer any more, so it was given up. That need not be the fault of what ran in it.')];
    case 'unknown':
      return [
        l10n.t('Runloop gives the reason "{0}", which this version of the extension does not know.', oneLine(cause.reason, 80)),
      ];
    case 'untold':
      return [
        devbox.status === 'failure' ? l10n.t('It failed, and Runloop gives no reason.') : l10n.t('It was shut down, and Runloop gives no reason.'),
        logProblem === undefined ? l10n.t('The evidence below is all there is.') : l10n.t('Its log cannot be read either.'),
      ];
    case 'suspended':
      return [
        l10n.t('It is suspended: its disk is kept, its processes are gone, and it can be resumed.'),
        devbox.idleRule?.action === 'suspend'
          ? l10n.t('Runloop does not say why. Its idle rule suspends it after {0} without use; a person or a program can do so at any time.', durationWords(devbox.idleRule.seconds, l10n))
          : l10n.t('Runloop does not say why. It has no rule that suspends it when idle, so a person or a program asked for it, or the platform made room.'),
      ];
    case 'alive':
      return [l10n.t('It has not stopped: its status is "{0}".', oneLine(devbox.status, 40))];
  }
}

/** Shells report a process that a signal ended as 128 + the signal's number. */
function signalWords(exitCode: number, l10n: Words): string {
  if (exitCode === 137) return l10n.t(' (killed, as for want of memory or by hand)');
  if (exitCode === 143) return l10n.t(' (asked to end)');
  if (exitCode === 127) return l10n.t(' (its command was not found)');
  if (exitCode === 126) return l10n.t(' (its command could not be run)');
  return '';
}

function facts({ devbox, lastExit, gatheredMs }: Evidence, cause: StopCause, l10n: Words): Fact[] {
  const unsaid = l10n.t('not told');
  const time = (ms: number | undefined): string => (ms === undefined ? unsaid : timeWords(ms));
  const ended = devbox.status === 'failure' || devbox.status === 'shutdown';
  const lived = devbox.endTimeMs === undefined || devbox.createTimeMs === undefined ? undefined : (devbox.endTimeMs - devbox.createTimeMs) / 1000;
  return [
    { label: l10n.t('Devbox'), value: oneLine(devbox.id, 60) },
    { label: l10n.t('Status'), value: oneLine(devbox.status, 40) },
    ...(ended
      ? [
          { label: 'shutdown_reason', value: oneLine(devbox.shutdownReason ?? '', 80) || unsaid },
          { label: 'failure_reason', value: oneLine(devbox.failureReason ?? '', 80) || unsaid },
        ]
      : []),
    { label: l10n.t('Created'), value: time(devbox.createTimeMs) },
    ...(ended ? [{ label: l10n.t('Ended'), value: lived === undefined ? time(devbox.endTimeMs) : l10n.t('{0}, after {1}', time(devbox.endTimeMs), durationWords(lived, l10n)) }] : []),
    { label: l10n.t('Size'), value: oneLine(devbox.size ?? '', 30) || unsaid },
    {
      label: l10n.t('Last exit code'),
      value: lastExit === undefined ? l10n.t('none in the log') : l10n.t('{0} ({1}, {2})', lastExit.code, lastExit.source, time(lastExit.timeMs)),
    },
    ...(cause.kind === 'alive' ? [{ label: l10n.t('Looked at'), value: timeWords(gatheredMs) }] : []),
  ];
}

function sections(evidence: Evidence, l10n: Words): EvidenceSection[] {
  const { devbox, logProblem, kernel, entrypoint, setup, logLines } = evidence;
  const missing = logProblem === undefined ? undefined : l10n.t('The log could not be read: {0}', logProblem);
  const part = (heading: string, lines: readonly EvidenceLine[], none: string): EvidenceSection => ({
    heading,
    note: missing ?? (lines.length === 0 ? none : undefined),
    lines: lines.map(shownEvidence),
  });
  const steps = devbox.transitions.map(({ status, timeMs, failureReason }, index) => {
    const before = devbox.transitions[index - 1]?.timeMs;
    const took = timeMs === undefined || before === undefined ? '' : `  +${((timeMs - before) / 1000).toFixed(1)} s`;
    const why = failureReason === undefined ? '' : `  ${oneLine(failureReason, 60)}`;
    return `${timeMs === undefined ? l10n.t('time not told') : timeWords(timeMs)}  ${oneLine(status, 40)}${took}${why}`;
  });
  return [
    { heading: l10n.t('What it went through'), note: steps.length === 0 ? l10n.t('Runloop tells no steps.') : undefined, lines: steps },
    part(l10n.t('Lines of the kernel'), kernel, l10n.t('The log has none.')),
    part(l10n.t('Last lines of the entrypoint'), entrypoint, logLines === 0 ? l10n.t('The log is empty.') : l10n.t('It printed nothing.')),
    part(l10n.t('Last lines of the setup'), setup, l10n.t('It printed nothing.')),
  ];
}

function shownEvidence({ timeMs, text }: EvidenceLine): string {
  return `${timeMs === undefined ? '' : `${timeWords(timeMs)}  `}${text}`;
}
