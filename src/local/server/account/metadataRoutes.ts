import type { Router } from '../../http/router';

/**
 * Adds what can be asked of the metadata in use: its keys, and the values of a key. Add it before the `{id}` routes.
 * @param path of the list, for example `/v1/devboxes`
 * @param all gives everything that is listed there
 */
export function addMetadataRoutes(
  router: Router,
  path: string,
  all: () => readonly { readonly metadata: Readonly<Record<string, string>> }[],
): void {
  const inUse = (): readonly (readonly [string, string])[] => all().flatMap(({ metadata }) => Object.entries(metadata));

  router.add('GET', `${path}/metadata/keys`, ({ exchange }) => {
    exchange.sendJson(200, { keys: [...new Set(inUse().map(([key]) => key))].sort() });
  });

  router.add('GET', `${path}/metadata/keys/{key}/values`, ({ exchange, params }) => {
    const key = params.key;
    exchange.sendJson(200, {
      key,
      values: [...new Set(inUse().flatMap(([name, value]) => (name === key ? [value] : [])))].sort(),
    });
  });
}
