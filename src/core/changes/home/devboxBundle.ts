import { open } from 'node:fs/promises';
import { takeKeptFile } from '../../channel/keptFile';
import { fieldsOf } from '../../files/fileFacts';
import type { FileTransfer } from '../../files/fileTransfer';
import { bytesOfPath } from '../../files/pathText';
import { unexpected } from '../../platform/answers';
import type { DevboxChanges, RepositoryChanges } from '../devboxChanges';
import { mostBundleBytes } from '../scriptProblems';
import { withSpace } from './localGit';
import { bundleScript, discardBundleScript } from './homeScripts';

/** Seconds that one step of git's may take, and milliseconds that all may. */
const stepSeconds = 600;
const allMs = 20 * 60_000;
/** Commits that a devbox is told to be known at home: the newest, as an input has a limit. */
const mostKnown = 700;

/**
 * Makes a bundle of the commits of a repository in a devbox that are not known at home, and fetches it into a file.
 *
 * @param known ids of commits that the clone has
 * @returns how many commits are in it; 0 if all are known, and no file is written then
 */
export async function fetchBundle(
  {
    changes,
    transfer,
    devboxId,
  }: { readonly changes: DevboxChanges; readonly transfer: FileTransfer; readonly devboxId: string },
  { top, report }: Pick<RepositoryChanges, 'top' | 'report'>,
  {
    known,
    file,
    signal,
    most = mostBundleBytes,
  }: {
    readonly known: readonly string[];
    readonly file: string;
    readonly signal: AbortSignal;
    /** Bytes that are taken. */
    readonly most?: number;
  },
): Promise<number> {
  const inputs = [
    bytesOfPath(top),
    Buffer.from(changes.keyOf(top)),
    Buffer.from(report.format),
    bytesOfPath(report.common),
    Buffer.from(report.head),
    Buffer.from(known.slice(0, mostKnown).join('\n')),
    Buffer.from(String(most)),
  ];
  const limits = { signal, seconds: stepSeconds, deadlineMs: allMs };
  const fields = fieldsOf(await changes.run(bundleScript, top, inputs, { ...limits, words: /^nothing$/ })).map(String);
  if (fields.at(-1) === 'nothing') return 0;
  const [path = '', count = ''] = fields;
  if (!/^\/[\w./-]+\/home\.\w+$/.test(path) || !/^\d+$/.test(count)) throw unexpected('an execution', devboxId);
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      let size = 0;
      const take = async (piece: Buffer): Promise<void> => {
        size += piece.length;
        // Another file by now than the one that was measured.
        if (size > most) throw unexpected('an execution', devboxId);
        await withSpace(handle.writeFile(piece));
      };
      const download = (): AsyncIterable<Buffer> => transfer.download(devboxId, { path, signal });
      await takeKeptFile((once) => changes.whileRunning(signal, () => once(download())), take, signal);
    } finally {
      await handle.close();
    }
  } finally {
    // Also where it was given up; it is small work, and what stays behind goes with the next one. A devbox that cannot be reached
    // any more keeps its copy: no reason to tell of that in place of how it went, nor to give up what has arrived.
    const { signal: never } = new AbortController();
    await changes
      .run(discardBundleScript, top, [Buffer.from(path)], { signal: never, deadlineMs: 15_000 })
      .catch(() => undefined);
  }
  return Number(count);
}
