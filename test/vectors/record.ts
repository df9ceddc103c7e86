import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { decided } from './decided';
import { vectors } from './requests';
import type { VectorAnswer } from './vector';

const recordShape = z.object({
  /** Which server answered so. */
  server: z.string(),
  /** By the vector's name. */
  answers: z.record(z.string(), z.array(z.object({ status: z.number(), body: z.unknown() }))),
});

export type VectorRecord = z.infer<typeof recordShape>;

/** @throws ZodError when it is no record */
export function parseRecord(json: unknown): VectorRecord {
  return recordShape.parse(json);
}

/**
 * Compares what a server answered to a vector with what the recorded one did.
 * @param sparingDecided leaves out the differences that were decided
 * @returns a text for each answer that is another one
 */
export function compare(
  name: string,
  record: VectorRecord,
  answers: readonly VectorAnswer[],
  sparingDecided: boolean,
): string[] {
  const vector = vectors.find((candidate) => candidate.name === name);
  const expected = record.answers[name];
  if (vector === undefined || expected === undefined) return [`${name}: nothing is recorded for it`];
  return vector.steps.flatMap((step, index) => {
    const [was, is] = [expected[index], answers[index]];
    const decision = sparingDecided ? decided[name]?.[index + 1] : undefined;
    const where = `${name}, step ${index + 1}`;
    const told = `${where}: ${JSON.stringify(step)}\n  recorded ${JSON.stringify(was)}\n  answered ${JSON.stringify(is)}`;
    if (decision === undefined) return isDeepStrictEqual(was, is) ? [] : [told];
    if (isDeepStrictEqual(was, is)) {
      return [`${where}: there is no difference although one was decided (${decision.why})`];
    }
    return is?.status === (decision.status ?? was?.status) ? [] : [told];
  });
}
