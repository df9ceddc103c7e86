import { RuntimeError } from '../../errors';
import { bytesOfPath } from '../../files/pathText';
import { unexpected } from '../../platform/answers';
import type { ChangesReport } from '../changesReport';
import { MalformedOutput } from '../porcelain';
import { lookAsOwner } from '../discardScript';
import { blobScript, workScript } from '../scripts';
import { sideIn, sidesIn } from './sideContent';
import type { AskedSide, SideSource } from './sideReader';
import { sidesScript } from './sidesScript';

const [ownersBlob, ownersSides] = [lookAsOwner(blobScript), lookAsOwner(sidesScript)];

/** Bytes that sides have together where many are read at once. */
const mostTogether = 5 * 1024 * 1024;
/** Problems of some sides only, where many are read at once. */
const ofSome: ReadonlySet<string> = new Set(['changes_no_git', 'changes_no_folder']);

/** What runs the scripts. */
interface ScriptRunner {
  /** The name of what we keep of a folder. */
  keyOf(top: string): string;
  /** @throws RuntimeError for what went wrong by another word than those that are answers */
  run(
    script: string,
    about: string,
    inputs: readonly Buffer[],
    options: { readonly signal: AbortSignal; readonly words?: RegExp; readonly isLarge: true },
  ): Promise<Buffer>;
}

/** One side of a change in a devbox. */
export interface SideHere extends AskedSide {
  readonly top: string;
  readonly report: Pick<ChangesReport, 'format' | 'common'>;
}

/** Reads sides of changes by the scripts for one and for many, with the same guards. */
export function sideSource(changes: ScriptRunner, devboxId: string): SideSource<SideHere> {
  const objects = ({ top, report }: SideHere): readonly Buffer[] =>
    [bytesOfPath(top), changes.keyOf(top), report.format, bytesOfPath(report.common)].map((word) => Buffer.from(word));
  const told = <T>(tell: () => T): T => {
    try {
      return tell();
    } catch (cause) {
      if (!(cause instanceof MalformedOutput)) throw cause;
      throw new RuntimeError({ problem: unexpected('an execution').problem, devboxId, cause });
    }
  };
  return {
    one: async (asked, signal) => {
      const { top, path, side } = asked;
      const most = Buffer.from(String(asked.most));
      const wanted = { signal, isLarge: true as const, words: /^(large \d+|missing|special|denied)$/ };
      const output = await (side.isWork
        ? changes.run(workScript, top, [bytesOfPath(top), bytesOfPath(path), most], wanted)
        : changes.run(ownersBlob, top, [...objects(asked), Buffer.from(side.id), most], wanted));
      return told(() => sideIn(output, side, asked.most));
    },
    many: async (asked, signal) => {
      const [first] = asked;
      const named = asked.flatMap(({ path, side }) =>
        side.isWork ? [Buffer.from('work'), bytesOfPath(path)] : [Buffer.from('blob'), Buffer.from(side.id)],
      );
      if (named.some((name) => name.includes(0))) return undefined;
      const bounds = [first.most, mostTogether].map((bytes) => Buffer.from(String(bytes)));
      try {
        const output = await changes.run(ownersSides, first.top, [...objects(first), ...bounds, ...named], {
          signal,
          isLarge: true,
        });
        const sides = asked.map(({ side }) => side);
        return told(() => sidesIn(output, sides, first.most));
      } catch (error) {
        // Not each of them needs git, or space of ours.
        if (RuntimeError.is(error, 'file') && ofSome.has(error.problem.id)) return undefined;
        throw error;
      }
    },
  };
}
