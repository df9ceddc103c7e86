import { ApiError } from './apiError';
import type { Exchange } from './exchange';

/** The names in braces of a path such as `/v1/devboxes/{id}/executions/{execution}`. */
type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** One request that has found its route. */
export interface Call<Name extends string = never> {
  readonly exchange: Exchange;
  /** Values of the route's `{name}` parts, decoded; none is empty. */
  readonly params: Readonly<Record<Name, string>>;
}

/** What answers a call; anything it throws becomes an error answer. */
export type Handler<Name extends string = never> = (call: Call<Name>) => Promise<void> | void;

interface Route {
  readonly method: string;
  /** Whoever answers a path with these parts; undefined if the route is for others. */
  readonly handlerOf: (parts: readonly string[]) => ((exchange: Exchange) => Promise<void> | void) | undefined;
}

/** Finds who answers a request. Routes are tried in the order they were added: literal ones before `{id}`. */
export class Router {
  readonly #routes: Route[] = [];
  readonly #families = new Map<string, Handler>();

  /** @param path for example `/v1/devboxes/{id}` */
  add<Path extends string>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: Path,
    handler: Handler<NamesIn<Path>>,
  ): void {
    const pattern = path.split('/');
    this.#routes.push({
      method,
      handlerOf: (parts) => {
        const params = match<NamesIn<Path>>(pattern, parts);
        return params && ((exchange) => handler({ exchange, params }));
      },
    });
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
      const handler = route.handlerOf(parts);
      if (handler === undefined) {
        continue;
      }
      if (route.method === exchange.method) {
        await handler(exchange);
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

/** The values of a pattern's names; undefined if these parts are of another path. */
function match<Name extends string>(
  pattern: readonly string[],
  parts: readonly string[],
): Readonly<Record<Name, string>> | undefined {
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
  // Each name of the pattern has got its value above.
  return params as Record<Name, string>;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not a valid escape: then it is meant as it stands, and no id looks like that.
    return part;
  }
}
