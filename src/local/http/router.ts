import { ApiError } from './apiError';
import type { Exchange } from './exchange';

/** One request that has found its route. */
export interface Call {
  readonly exchange: Exchange;
  /** Values of the route's `{name}` parts, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** What answers a call; anything it throws becomes an error answer. */
export type Handler = (call: Call) => Promise<void> | void;

interface Route {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
}

/** Finds who answers a request. Routes are tried in the order they were added: literal ones before `{id}`. */
export class Router {
  readonly #routes: Route[] = [];
  readonly #families = new Map<string, Handler>();

  /** @param path for example `/v1/devboxes/{id}` */
  add(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, handler: Handler): void {
    this.#routes.push({ method, parts: path.split('/'), handler });
  }

  /** Adds one answer for a path and everything below it, whatever the method, where no route fits. */
  addAllBelow(path: string, handler: Handler): void {
    this.#families.set(path, handler);
  }

  /**
   * Answers a request.
   * @throws ApiError 404 or 405 when there is no route, and whatever the handler throws
   */
  async dispatch(exchange: Exchange): Promise<void> {
    const parts = exchange.path.split('/');
    const possible: string[] = [];
    for (const route of this.#routes) {
      const params = match(route.parts, parts);
      if (params === undefined) {
        continue;
      }
      if (route.method === exchange.method) {
        await route.handler({ exchange, params });
        return;
      }
      possible.push(route.method);
    }
    for (const [path, handler] of this.#families) {
      if (exchange.path === path || exchange.path.startsWith(`${path}/`)) {
        await handler({ exchange, params: {} });
        return;
      }
    }
    if (possible.length > 0) {
      const allowed = [...new Set(possible)].join(', ');
      throw new ApiError(
        405,
        'method_not_allowed',
        `${exchange.method} is not possible on ${exchange.path}, only ${allowed}.`,
        undefined,
        { allow: allowed },
      );
    }
    throw new ApiError(404, 'no_such_route', `The local platform has no ${exchange.method} ${exchange.path}.`);
  }
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) {
    return undefined;
  }
  const params: Record<string, string> = {};
  for (const [index, wanted] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (wanted.startsWith('{')) {
      if (part === '') {
        return undefined;
      }
      params[wanted.slice(1, -1)] = decode(part);
    } else if (wanted !== part) {
      return undefined;
    }
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not a valid escape: then it is meant as it stands, and no id looks like that.
    return part;
  }
}
