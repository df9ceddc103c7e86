import { createHash } from 'node:crypto';
import type { Exchange } from './exchange';

/**
 * What a repeated request has in common with the first one: the SDK repeats a create that was answered too slowly under
 * the same `x-request-id`, and must not get a second devbox for it.
 * @returns undefined for a request without an id
 */
export function repeatKey(exchange: Exchange, body: unknown): string | undefined {
  const id = exchange.headers['x-request-id'];
  return typeof id === 'string'
    ? createHash('sha256')
        .update(JSON.stringify([exchange.path, id, body]))
        .digest('hex')
    : undefined;
}
