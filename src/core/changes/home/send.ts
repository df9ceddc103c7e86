import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { fieldsOf } from '../../files/fileFacts';
import type { FileTransfer } from '../../files/fileTransfer';
import { bytesOfPath, textOfPath } from '../../files/pathText';
import { unexpected } from '../../platform/answers';
import type { DevboxChanges, RepositoryChanges } from '../devboxChanges';
import { runWhole } from '../wholeRun';
import { commitsIn, localWork, type LocalWork } from './localWork';
import type { Clone } from './scratch';
import { commitsScript, discardSentScript, sendScript } from './sendScript';

/** Seconds that one step of git's may take, and milliseconds that all may. */
const limits = { seconds: 300, deadlineMs: 10 * 60_000 };

/** What would become of files in a devbox; nothing is sent while there are conflicts, or something is blocked. */
export interface Sendable {
  readonly files: readonly { readonly path: string; readonly kind: 'added' | 'modified' | 'deleted' | 'merged' }[];
  /** Changed there in the same places. */
  readonly conflicts: readonly string[];
  /** Something else than a file is in their place there, or something else than a folder on the way to it. */
  readonly blocked: readonly string[];
  /** Submodules and files that pass a filter, which do not come along. */
  readonly staying: readonly string[];
  /**
   * Makes it so, if it still is as it was told.
   *
   * @throws RuntimeError `send_moved` where it is not, and nothing was changed; `send_maybe` where nobody knows how far it came
   */
  send(signal: AbortSignal): Promise<void>;
  dispose(): Promise<void>;
}

interface SendContext {
  readonly changes: DevboxChanges;
  readonly transfer: FileTransfer;
  readonly devboxId: string;
}

const kinds = new Map([
  ['A', 'added'],
  ['W', 'modified'],
  ['D', 'deleted'],
  ['M', 'merged'],
] as const);

/**
 * Looks at what a clone has beyond the commits of a repository in a devbox, and what would become of it there. Its pack is uploaded
 * for that; the repository is only read.
 *
 * @returns undefined where the clone has nothing that the devbox does not have
 */
export async function sendable(
  context: SendContext,
  { top, report }: Pick<RepositoryChanges, 'top' | 'report'>,
  { clone, signal }: { readonly clone: Clone; readonly signal: AbortSignal },
): Promise<Sendable | undefined> {
  const { changes, transfer, devboxId } = context;
  const about = [changes.keyOf(top), report.format].map((one) => Buffer.from(one));
  const inputs = [bytesOfPath(top), ...about, bytesOfPath(report.common), Buffer.from(report.head)];
  const commits = commitsIn(await changes.run(commitsScript, top, inputs, { signal }));
  const work = await localWork(clone, { commits, signal });
  const path = `/tmp/.runloop-devboxes-${randomUUID()}`;
  const dispose = async (): Promise<void> => {
    await work.dispose();
    // Also where it was given up; it is small work.
    const { signal: never } = new AbortController();
    // A devbox that is suspended meanwhile keeps its copy until it is looked at again: no reason to tell of that in place of how it went.
    await changes
      .run(discardSentScript, top, [Buffer.from(path)], { signal: never, deadlineMs: 15_000 })
      .catch(() => changes.leave(path));
  };
  try {
    const content = { size: work.size, bytes: createReadStream(work.file) };
    await changes.whileRunning(signal, () => transfer.upload(devboxId, { path, content, signal }));
    const looking = sent(context, { top, work, path }, '');
    const [state = Buffer.of(), ...told] = fieldsOf(
      await changes.run(looking.script, top, looking.inputs, { ...limits, signal }),
    );
    const word = state.toString('latin1');
    if (!/^[0-9a-f]{64}$/.test(word)) throw unexpected('an execution', devboxId);
    const files: Sendable['files'][number][] = [];
    const others = new Map<string, string[]>();
    for (const field of told) {
      const letter = field.toString('latin1', 0, 1);
      const kind = [...kinds].find(([one]) => one === letter)?.[1];
      const name = textOfPath(field.subarray(1));
      if (kind === undefined) others.set(letter, [...(others.get(letter) ?? []), name]);
      else files.push({ path: name, kind });
    }
    const conflicts = others.get('C') ?? [];
    const blocked = others.get('B') ?? [];
    const staying = others.get('-') ?? [];
    if (files.length + conflicts.length + blocked.length + staying.length === 0) {
      await dispose();
      return undefined;
    }
    return {
      files,
      conflicts,
      blocked,
      staying,
      send: async (limit) => {
        await runWhole(context, sent(context, { top, work, path }, word), {
          ...limits,
          signal: limit,
          doubt: 'send_maybe',
        });
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function sent(
  { changes }: SendContext,
  { top, work: { base, tree, had }, path }: { readonly top: string; readonly work: LocalWork; readonly path: string },
  told: string,
): { readonly script: string; readonly top: string; readonly inputs: readonly Buffer[] } {
  const words = [changes.keyOf(top), base, tree, path, had, told].map((one) => Buffer.from(one));
  return { script: sendScript, top, inputs: [bytesOfPath(top), ...words] };
}
