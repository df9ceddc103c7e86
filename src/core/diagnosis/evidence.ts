import { startDeadline } from '../../ground/deadline';
import { shownLine } from '../logs/serverLine';
import { endedBy, messageOf, RuntimeError, isTransient } from '../errors';
import type { Devbox } from '../platform/devbox';
import { logEntryIn, type LogEntry } from '../platform/logEntry';
import { OwnEntries } from '../platform/ownExecutions';
import type { RunloopApi } from '../platform/runloopApi';
import { redact } from '../redact';
import { LineRedactor } from '../secrets/lineRedactor';
import { retrying } from '../http/retry';
import { askedForReadRule } from '../http/retryRules';
import { safeLine, safeOutput } from './safeLine';
import { lastTimeOf } from './times';

/** Lines of the entrypoint, and of the setup commands, that are kept as evidence. */
const keptLines = 50;
/** Lines of the kernel, and of the platform itself, that are kept. */
const keptOtherLines = 20;
/** Milliseconds that reading the log may take before the evidence goes without it: a log comes as a whole only. */
const logLimitMs = 180_000;

/** A line of the log as evidence: redacted, without control characters and links, cut if it is very long. */
export interface EvidenceLine {
  /** Unix milliseconds, where the API told it. */
  readonly timeMs: number | undefined;
  readonly text: string;
}

/** The last command whose exit code the log has. */
interface LastExit {
  readonly code: number;
  /** Runloop's word for where it ran: `entrypoint`, `setup_commands`, `exec`, … */
  readonly source: string;
  readonly timeMs: number | undefined;
}

/** All that is known of why a devbox stopped. */
export interface Evidence {
  readonly devbox: Devbox;
  /** Unix milliseconds of the server's clock when it was gathered. */
  readonly gatheredMs: number;
  /** Why the log could not be read, in one line; undefined if it was read whole. */
  readonly logProblem: string | undefined;
  /** How many lines the log has, as far as it was read. */
  readonly logLines: number;
  readonly entrypoint: readonly EvidenceLine[];
  readonly setup: readonly EvidenceLine[];
  readonly kernel: readonly EvidenceLine[];
  /** Lines of the platform itself (source `stats`), where no program of the devbox writes. */
  readonly platform: readonly EvidenceLine[];
  /** How the entrypoint of the last run ended. */
  readonly entrypointExit: LastExit | undefined;
  readonly lastExit: LastExit | undefined;
  /** Who shut it down, where whoever asks knows that: Runloop does not say it. */
  readonly ender?: 'you' | 'otherWindow' | undefined;
}

/**
 * Reads a devbox and its log and keeps what tells why it stopped. It changes nothing, wakes nothing, and holds no more of
 * the log than it keeps.
 *
 * @param secrets values that must not turn up in the evidence, besides what looks like a secret by itself
 * @throws RuntimeError if the devbox cannot be read, or `cancelled`; a log that cannot be read is told as evidence
 */
export async function gatherEvidence(
  api: RunloopApi,
  devboxId: string,
  options: { readonly signal?: AbortSignal | undefined; readonly secrets?: Iterable<string> } = {},
): Promise<Evidence> {
  const devbox = await api.devboxes.retrieve(devboxId, { signal: options.signal });
  const secrets = [
    devbox.tunnel?.authToken,
    api.authorization.replace(/^Bearer /, ''),
    ...(options.secrets ?? []),
  ].filter((value) => value !== undefined);
  let log = new LogEvidence(secrets);
  const limit = startDeadline(logLimitMs, options.signal);
  const { signal } = limit;
  let logProblem: string | undefined;
  try {
    await retrying(
      async () => {
        log = new LogEvidence(secrets);
        for await (const batch of api.logs.list(devboxId, { signal })) {
          for (const { json } of batch) log.take(logEntryIn(json));
        }
      },
      { rule: askedForReadRule, signal, retryOn: (error) => isTransient(error) || isCut(error) },
    );
  } catch (error) {
    if (options.signal?.aborted === true) throw endedBy(options.signal, devboxId);
    logProblem = limit.isOver
      ? `It was not read whole within ${logLimitMs / 1000} s.`
      : safeLine(redact(messageOf(error)), 300);
  } finally {
    limit.dispose();
  }
  const found = log.found;
  const began = lastTimeOf(devbox, 'resuming');
  const ofEarlierRun =
    found.entrypointExit?.timeMs !== undefined && began !== undefined && found.entrypointExit.timeMs < began;
  return {
    devbox,
    gatheredMs: api.clock.now(),
    logProblem,
    ...found,
    ...(ofEarlierRun ? { entrypointExit: undefined } : {}),
  };
}

/** A connection that broke in the middle of the log. */
function isCut(error: unknown): boolean {
  return !RuntimeError.is(error) && error instanceof Error && 'code' in error;
}

class LogEvidence {
  readonly #redactor: LineRedactor;
  readonly #lines = {
    entrypoint: [] as EvidenceLine[],
    setup: [] as EvidenceLine[],
    kernel: [] as EvidenceLine[],
    platform: [] as EvidenceLine[],
  };
  readonly #own = new OwnEntries();
  #count = 0;
  #lastExit: LastExit | undefined;
  #entrypointExit: LastExit | undefined;

  constructor(secrets: Iterable<string>) {
    this.#redactor = new LineRedactor(secrets);
  }

  get found(): Omit<Evidence, 'devbox' | 'gatheredMs' | 'logProblem'> {
    return { logLines: this.#count, ...this.#lines, lastExit: this.#lastExit, entrypointExit: this.#entrypointExit };
  }

  take(entry: LogEntry): void {
    if (this.#own.has(entry)) return;
    this.#count += 1;
    const { source, timestampMs: timeMs } = entry;
    if (entry.exitCode !== undefined) {
      this.#lastExit = { code: entry.exitCode, source: safeLine(source, 40), timeMs };
      if (source === 'entrypoint') this.#entrypointExit = this.#lastExit;
    }
    const kept = this.#partOf(source);
    // Every line goes through the redactor: a private key may begin in one that is not kept.
    const { text } = shownLine(entry, (line) => {
      const redacted = this.#redactor.take(line, source);
      const last = kept?.at(-1);
      if (redacted.earlier !== '' && last?.text.endsWith(redacted.earlier) === true) {
        kept?.splice(-1, 1, { ...last, text: `${last.text.slice(0, -redacted.earlier.length)}[removed]` });
      }
      return redacted.text;
    });
    if (kept === undefined) return;
    kept.push(...text.split('\n').map((line) => ({ timeMs, text: safeOutput(line) })));
    const most = source === 'entrypoint' || source === 'setup_commands' ? keptLines : keptOtherLines;
    if (kept.length > most) kept.splice(0, kept.length - most);
  }

  #partOf(source: string): EvidenceLine[] | undefined {
    switch (source) {
      case 'entrypoint':
        return this.#lines.entrypoint;
      case 'setup_commands':
        return this.#lines.setup;
      case 'kmsg':
        return this.#lines.kernel;
      case 'stats':
        return this.#lines.platform;
      default:
        return undefined;
    }
  }
}
