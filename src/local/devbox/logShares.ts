import { type LogSource, logSources } from './logSource';

/** What the API shows of where an entry comes from. Text in an entry has its quotation marks escaped, and is never taken for it. */
const markOf = (source: LogSource): Buffer => Buffer.from(`"source":"${source}"`);

/** Entries in a row, from one byte up to another. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Of the older entries of a log those that stay when it gets too long: the newest of each source, up to a share for each, so
 * that one that says very much does not push out what all others have said.
 * @param log whole entries
 * @param older up to here are those of which most are dropped
 * @param isPassed for entries of no use any more
 */
export function keptOfOlder(
  log: Buffer,
  older: number,
  share: number,
  isPassed: (entry: Buffer) => boolean,
): readonly Buffer[] {
  return logSources
    .flatMap((source) => newestOf(log, source, share))
    .filter(({ from, to }) => to <= older && !isPassed(log.subarray(from, to)))
    .sort((a, b) => a.from - b.from)
    .map(({ from, to }) => log.subarray(from, to));
}

/** The newest entries of a source that fit into so many bytes. */
function newestOf(log: Buffer, source: LogSource, share: number): readonly Span[] {
  const mark = markOf(source);
  const spans: Span[] = [];
  let left = share;
  for (let at = log.lastIndexOf(mark); at !== -1;) {
    const from = log.lastIndexOf(10, at) + 1;
    const to = log.indexOf(10, at) + 1;
    left -= to - from;
    if (left < 0 || to === 0) break;
    spans.push({ from, to });
    at = from === 0 ? -1 : log.lastIndexOf(mark, from - 1);
  }
  return spans;
}
