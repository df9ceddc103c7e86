import type { Devbox } from '../platform/devbox';
import { redact } from '../redact';
import type { Evidence } from './evidence';
import { safeLine } from './safeLine';
import type { StopCause } from './stopCause';
import { lastRunMs, lastTimeOf } from './times';
import { durationText, type Translator } from './translator';

/**
 * What happened, in plain words, one sentence each. It rests on the API's own fields and the platform's own lines: in all
 * other parts of a log anybody in the devbox can write, so they are shown and not believed.
 */
export function verdict(evidence: Evidence, cause: StopCause, l10n: Translator): string[] {
  const sentences = causeSentences(evidence, cause, l10n);
  const speaksOfMemory =
    cause.kind !== 'out_of_memory' &&
    evidence.kernel.some(({ text }) => /out of memory|oom[-_ ]?kill|\bKilled process\b/i.test(text));
  return speaksOfMemory ? [...sentences, l10n.t('The kernel messages below say that memory ran out.')] : sentences;
}

function causeSentences(
  { devbox, entrypointExit, logProblem, platform, ender }: Evidence,
  cause: StopCause,
  l10n: Translator,
): string[] {
  const size = safeLine(devbox.size ?? '', 30);
  const exit = entrypointExit?.code;
  switch (cause.kind) {
    case 'api_shutdown':
      if (ender !== undefined) {
        return [
          ender === 'you'
            ? l10n.t('You shut it down in this window.')
            : l10n.t('You shut it down in another window of this editor.'),
        ];
      }
      return [
        l10n.t('It was shut down through the API, by a person, a program or this extension.'),
        l10n.t('Runloop does not say by whom.'),
      ];
    case 'keep_alive_timeout':
      return [
        devbox.keepAliveSeconds === undefined
          ? l10n.t('Its lifetime ended. Runloop does not say how long it was.')
          : l10n.t(
              'Its lifetime of {0} ended. A devbox is shut down then, whether it is in use or not.',
              durationText(devbox.keepAliveSeconds, l10n),
            ),
      ];
    case 'idle':
      return [
        devbox.idleRule === undefined
          ? l10n.t('It was idle for as long as its idle rule allows. Runloop does not say how long that was.')
          : l10n.t(
              'It was idle for {0}, after which its idle rule shuts it down.',
              durationText(devbox.idleRule.seconds, l10n),
            ),
      ];
    case 'entrypoint_exit':
      return [
        exit === undefined
          ? l10n.t('Its entrypoint ended, and a devbox ends with its entrypoint. The log does not have its exit code.')
          : exit === 0
            ? l10n.t('Its entrypoint finished with exit code 0, and a devbox ends with its entrypoint.')
            : l10n.t(
                'Its entrypoint ended with exit code {0}{1}, and a devbox ends with its entrypoint.',
                exit,
                signalText(exit, l10n),
              ),
      ];
    case 'ttl_expired':
      return [
        l10n.t(
          "It reached the platform's own limit on the age of devboxes. No setting of the devbox changes that limit.",
        ),
      ];
    case 'out_of_memory':
      return [
        size === ''
          ? l10n.t('Its processes needed more memory than it has, so it was ended.')
          : l10n.t('Its processes needed more memory than a devbox of size {0} has, so it was ended.', size),
      ];
    case 'out_of_disk':
      return [
        size === ''
          ? l10n.t('Its disk was full, so it was ended.')
          : l10n.t('Its disk (size {0}) was full, so it was ended.', size),
      ];
    case 'execution_failed':
      return [
        devbox.transitions.some(({ status }) => status === 'running')
          ? l10n.t('Something that ran in it failed, and Runloop marked it as failed.')
          : l10n.t('It did not become ready: a start-up command failed.'),
      ];
    case 'health_check_failed':
      return [
        l10n.t(
          'It stopped responding to the platform and was marked as failed. What ran in it is not necessarily to blame, but according to Runloop, running low on memory or CPU can be the cause.',
        ),
      ];
    case 'unknown':
      return [
        l10n.t(
          'Runloop gives the reason "{0}", which this version of the extension does not know.',
          safeLine(redact(cause.reason), 80),
        ),
      ];
    case 'untold':
      return [
        devbox.status === 'failure'
          ? l10n.t('It failed, and Runloop gives no reason.')
          : l10n.t('It was shut down, and Runloop gives no reason.'),
        logProblem === undefined
          ? l10n.t('The evidence below is all that is known.')
          : l10n.t('Its log cannot be read either.'),
      ];
    case 'suspended':
      return suspended(devbox, platform, l10n);
    case 'alive':
      return [l10n.t('It has not stopped: its status is "{0}".', safeLine(devbox.status, 40))];
    case 'strange':
      return [
        l10n.t(
          'Its status is "{0}", which this version of the extension does not know. It is not known whether it has stopped.',
          safeLine(redact(devbox.status), 40),
        ),
      ];
  }
}

function suspended(devbox: Devbox, platform: Evidence['platform'], l10n: Translator): string[] {
  const what =
    devbox.status === 'suspended'
      ? l10n.t('It is suspended: its disk is kept, its processes have ended, and it can be resumed.')
      : l10n.t('It is being suspended: its disk is kept, and its processes end.');
  const began = lastTimeOf(devbox, 'running') ?? 0;
  const line = platform.findLast(
    ({ timeMs, text }) => timeMs !== undefined && timeMs >= began && /suspend/i.test(text),
  );
  return [
    what,
    line === undefined ? idleRule(devbox, l10n) : l10n.t('The platform wrote to its log: "{0}"', line.text),
  ];
}

/** The API has no field for why a devbox was suspended; whether its idle rule can have been it follows from how long it ran. */
function idleRule(devbox: Devbox, l10n: Translator): string {
  const rule = devbox.idleRule;
  if (rule?.action !== 'suspend') {
    return l10n.t(
      'Runloop does not say why. It has no idle rule that suspends it, so a person or a program suspended it, or the platform did to free capacity.',
    );
  }
  const allowed = durationText(rule.seconds, l10n);
  const ran = lastRunMs(devbox);
  return ran !== undefined && ran < rule.seconds * 1_000
    ? l10n.t(
        'Runloop does not say why. It was not its idle rule, which suspends it after {0} without use: it ran for only {1}. A person or a program suspended it, or the platform did to free capacity.',
        allowed,
        durationText(ran / 1_000, l10n),
      )
    : l10n.t(
        'Runloop does not say why. Its idle rule suspends it after {0} without use, and a person or a program can suspend it at any time.',
        allowed,
      );
}

/** The signals of Linux, from 1 on, by their numbers on x86 and ARM: a devbox is a Linux, whatever this computer is. */
const linuxSignals = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT ' +
  'CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
)
  .split(' ')
  .map((name) => `SIG${name}`);

/** What an exit code stands for, where shells agree on it. */
function signalText(exitCode: number, l10n: Translator): string {
  if (exitCode === 127) return l10n.t(' (its command was not found)');
  if (exitCode === 126) return l10n.t(' (its command could not be run)');
  const signal = linuxSignals[exitCode - 129];
  return signal === undefined ? '' : l10n.t(' (which shells report when signal {0} ended a command)', signal);
}
