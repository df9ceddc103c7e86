import { RuntimeError } from '../errors';
import { asObject, asString, type JsonObject } from '../parse';
import { accountProblem } from '../problems/account';
import { phrase, type Thing } from '../problems/phrases';

/*
 * What the API's answers must be like to be believed. A page of a hotel's network, of a proxy or of another server also
 * comes with status 200; taken for an answer it would sign in any key and show empty lists.
 */

/** Whether a `Content-Type` is that of JSON. */
export function isJsonType(type: string | null | undefined): boolean {
  return /^\s*application\/(?:[\w.+-]+\+)?json\b/i.test(type ?? '');
}

/** The error for an answer that is not what was asked for. */
export function unexpected(what: Thing, devboxId?: string, status?: number): RuntimeError {
  return new RuntimeError({
    problem: accountProblem('api_answer_unexpected', { what: phrase(what) }),
    devboxId,
    status,
  });
}

/** @throws RuntimeError `unexpected_answer` unless it is an object */
export function objectOf(value: unknown, what: Thing, devboxId?: string): JsonObject {
  const object = asObject(value);
  if (object === undefined) throw unexpected(what, devboxId);
  return object;
}

/** @throws RuntimeError `unexpected_answer` unless the answer is an object with this text in it, which is not empty */
export function textIn(value: unknown, key: string, what: Thing, devboxId?: string): string {
  const text = asString(objectOf(value, what, devboxId)[key]);
  if (text === undefined || text === '') throw unexpected(what, devboxId);
  return text;
}

/** What could be read of a list. */
export interface ReadList<T> {
  readonly entries: readonly T[];
  /** How many entries were none, and are left out. */
  readonly malformed: number;
}

/**
 * The entries of a list in an answer; those that `parse` makes nothing of are counted.
 *
 * @throws RuntimeError `unexpected_answer` unless the answer has the list
 */
export function listIn<T>(
  value: unknown,
  key: string,
  what: Thing,
  parse: (entry: JsonObject) => T | undefined,
): ReadList<T> {
  const list = objectOf(value, what)[key];
  if (!Array.isArray(list)) throw unexpected(what);
  const parsed = list.map((entry) => {
    const view = asObject(entry);
    return view === undefined ? undefined : parse(view);
  });
  const entries = parsed.filter((entry) => entry !== undefined);
  return { entries, malformed: parsed.length - entries.length };
}
