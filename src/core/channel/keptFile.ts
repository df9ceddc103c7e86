import { retrying } from '../http/retry';
import { readRule } from '../http/retryRules';

/**
 * Takes a file of ours that nobody writes to any more, piece by piece. One that is cut is asked for again, and goes on behind what
 * has come.
 *
 * @param ask asks for the file anew each time, and has all of it read
 * @throws what the last try has ended with
 */
export async function takeKeptFile(
  ask: (readAll: (pieces: AsyncIterable<Buffer>) => Promise<void>) => Promise<void>,
  take: (piece: Buffer) => Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  let taken = 0;
  const readAll = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    let at = 0;
    for await (const piece of pieces) {
      const known = Math.min(piece.length, Math.max(0, taken - at));
      at += piece.length;
      if (known === piece.length) continue;
      taken = at;
      await take(piece.subarray(known));
    }
  };
  await retrying(() => ask(readAll), { rule: readRule, signal });
}
