import { RuntimeError } from '../errors';
import { asString } from '../parse';
import { oneLine } from '../safeText';
import { platformProblem } from '../problems/platform';

/**
 * A devbox's id as a part of a path. Ids come from links, other extensions and answers as well: one that is a path itself, as
 * `..` is, would ask for something else.
 *
 * @throws RuntimeError `invalid_option` for what cannot be the id of a devbox
 */
export function idInPath(devboxId: unknown): string {
  const id = asString(devboxId) ?? '';
  if (/^(?!\.+$)[\w.:~-]{1,200}$/.test(id)) return encodeURIComponent(id);
  throw new RuntimeError({ problem: platformProblem('devbox_id', { devbox: oneLine(id, 60) }) });
}

/** Path of one devbox in the API. @throws RuntimeError for what cannot be the id of one */
export function devboxPath(devboxId: string): string {
  return `/v1/devboxes/${idInPath(devboxId)}`;
}
