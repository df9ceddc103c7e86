import { createHash } from 'node:crypto';
import { asBoolean, asNumber, asObject, asString, parseJson } from '../../parse';
import type { RunloopApi } from '../../platform/runloopApi';

/** What is noted of one start before its create is sent. No secret is in it. */
export interface StartNote {
  /** The create's request id, which is in the devbox's metadata as well. */
  readonly requestId: string;
  readonly name: string;
  /** Whose account: see {@link accountMark}. */
  readonly account: string;
  /** Unix milliseconds. */
  readonly notedMs: number;
  /** `sending`: the process that noted it is at work on it. `left`: it gave up, or has done its part. */
  readonly stage: 'sending' | 'left';
  /** Its create was sent again after one without an answer: a second devbox may be there, or come. */
  readonly perhapsTwice: boolean;
  /** The devbox that came of it and is wanted, once the start is complete. */
  readonly keptId?: string;
}

/** Tells accounts apart without giving a key away. */
export function accountMark(api: RunloopApi): string {
  return createHash('sha256').update(`${api.baseUrl}\n${api.authorization}`).digest('hex').slice(0, 32);
}

/** A note from its file; undefined for anything else. */
export function parseStartNote(text: string): StartNote | undefined {
  const fields = asObject(parseJson(text));
  const requestId = asString(fields?.['requestId']);
  const account = asString(fields?.['account']);
  const stage = asString(fields?.['stage']);
  if (requestId === undefined || account === undefined) return undefined;
  if (stage !== 'sending' && stage !== 'left') return undefined;
  const keptId = asString(fields?.['keptId']);
  return {
    requestId,
    account,
    stage,
    name: asString(fields?.['name']) ?? '',
    notedMs: asNumber(fields?.['notedMs']) ?? 0,
    perhapsTwice: asBoolean(fields?.['perhapsTwice']) ?? false,
    ...(keptId === undefined ? {} : { keptId }),
  };
}
