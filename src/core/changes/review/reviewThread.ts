import { asArray, asBoolean, asNumber, asObject, asString } from '../../parse';
import type { Anchor } from './anchor';

/** Something that somebody has said of lines of a change. */
interface ReviewComment {
  readonly words: string;
  readonly atMs: number;
  readonly isSent: boolean;
}

/** What is said of the same lines. */
export interface ReviewThread {
  readonly id: string;
  readonly devboxId: string;
  /** The folder of the repository, and the file in it, as `pathText` writes them. */
  readonly top: string;
  readonly path: string;
  /** Whether it is about what is in the folder, not about what was there before. */
  readonly isWork: boolean;
  readonly anchor: Anchor;
  readonly comments: readonly ReviewComment[];
}

/** Reads what was kept; undefined for what is none. */
export function parseThread(value: unknown): ReviewThread | undefined {
  const view = asObject(value);
  const [id, devboxId, top, path] = ['id', 'devboxId', 'top', 'path'].map((name) => asString(view?.[name]));
  const [isWork, anchor] = [asBoolean(view?.['isWork']), parseAnchor(view?.['anchor'])];
  const comments = asArray(view?.['comments']).flatMap((one) => parseComment(one) ?? []);
  if (id === undefined || devboxId === undefined || top === undefined || path === undefined) return undefined;
  if (isWork === undefined || anchor === undefined || comments.length === 0) return undefined;
  return { id, devboxId, top, path, isWork, anchor, comments };
}

function parseComment(value: unknown): ReviewComment | undefined {
  const view = asObject(value);
  const [words, atMs] = [asString(view?.['words']), asNumber(view?.['atMs'])];
  if (words === undefined || atMs === undefined) return undefined;
  return { words, atMs, isSent: asBoolean(view?.['isSent']) === true };
}

function parseAnchor(value: unknown): Anchor | undefined {
  const view = asObject(value);
  const line = asNumber(view?.['line']);
  const texts = (name: string): string[] => asArray(view?.[name]).flatMap((text) => asString(text) ?? []);
  if (line === undefined || !Number.isInteger(line) || line < 0) return undefined;
  return { line, snippet: texts('snippet'), above: texts('above'), below: texts('below') };
}
