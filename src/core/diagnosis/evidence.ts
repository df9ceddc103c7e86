import { shownLine } from '../logs/serverLine';
import { parseJson } from '../parse';
import { cancelled, messageOf } from '../errors';
import { oneLine } from '../plainText';
import type { Devbox } from '../platform/devbox';
import { parseLogEntry, type LogEntry } from '../platform/logEntry';
import { listLogs } from '../platform/logList';
import type { RunloopApi } from '../platform/runloopApi';
import { LineRedactor, redact } from '../redact';

/** Lines of the entrypoint, and of the setup commands, that are kept as evidence. */
const keptLines = 50;
/** Lines of the kernel that are kept. */
const keptKernelLines = 20;
/** Milliseconds that reading the log may take before the evidence goes without it. */
const logLimitMs = 60_000;

/** A line of the log as evidence: redacted, without control characters. */
export interface EvidenceLine {
  /** Unix milliseconds, where the API told it. */
  readonly timeMs: number | undefined;
  readonly text: string;
}

/** The last command whose exit code the log has. */
export interface LastExit {
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
  readonly lastExit: LastExit | undefined;
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
  const devbox = await api.retrieve(devboxId, { signal: options.signal });
  const log = new LogEvidence(options.secrets ?? []);
  const limit = AbortSignal.timeout(logLimitMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  let logProblem: string | undefined;
  try {
    for await (const batch of listLogs(api, devboxId, { signal })) {
      for (const { json } of batch) log.take(parseLogEntry(parseJson(String(json))));
    }
  } catch (error) {
    if (options.signal?.aborted === true) throw cancelled(devboxId);
    logProblem = limit.aborted ? `It was not read whole within ${logLimitMs / 1000} s.` : oneLine(redact(messageOf(error)), 300);
  }
  return { devbox, gatheredMs: api.clock.now(), logProblem, ...log.found };
}

class LogEvidence {
  readonly #redactor: LineRedactor;
  readonly #lines = { entrypoint: [] as EvidenceLine[], setup: [] as EvidenceLine[], kernel: [] as EvidenceLine[] };
  #count = 0;
  #lastExit: LastExit | undefined;

  constructor(secrets: Iterable<string>) {
    this.#redactor = new LineRedactor(secrets);
  }

  get found(): Pick<Evidence, 'logLines' | 'entrypoint' | 'setup' | 'kernel' | 'lastExit'> {
    return { logLines: this.#count, ...this.#lines, lastExit: this.#lastExit };
  }

  take(entry: LogEntry | undefined): void {
    if (entry === undefined) return;
    this.#count += 1;
    const { source, timestampMs: timeMs } = entry;
    if (entry.exitCode !== undefined) this.#lastExit = { code: entry.exitCode, source: oneLine(source, 40), timeMs };
    const kept = source === 'entrypoint' ? this.#lines.entrypoint : source === 'setup_commands' ? this.#lines.setup : source === 'kmsg' ? this.#lines.kernel : undefined;
    // Every line goes through the redactor: a private key may begin in one that is not kept.
    const text = this.#redactor.redact(shownLine(entry).text, source);
    if (kept === undefined) return;
    kept.push(...text.split('\n').map((line) => ({ timeMs, text: line })));
    const most = kept === this.#lines.kernel ? keptKernelLines : keptLines;
    if (kept.length > most) kept.splice(0, kept.length - most);
  }
}
