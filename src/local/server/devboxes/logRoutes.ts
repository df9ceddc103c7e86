import type { LogBatch } from '../../devbox/devboxLog';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import type { Exchange } from '../../http/exchange';
import type { Router } from '../../http/router';

/** Adds the log of one devbox: whole, and as a stream that goes on. Neither counts as activity of the devbox. */
export function addLogRoutes(router: Router, devboxes: DevboxRegistry): void {
  router.add('GET', '/v1/devboxes/{id}/logs', async ({ exchange, params }) => {
    const { log } = devboxes.get(params.id);
    const filter = filterOf(exchange);
    const tag = `"${log.count}-${log.size}"`;
    if (filter === undefined && exchange.headers['if-none-match'] === tag) {
      exchange.sendNothing(304, { etag: tag });
      return;
    }
    const parts = listParts(log.read(0, false, exchange.signal), viewOf(exchange, filter));
    await exchange.sendParts(
      { 'content-type': 'application/json', ...(filter === undefined ? { etag: tag } : {}) },
      parts,
    );
  });

  router.add('GET', '/v1/devboxes/{id}/logs/tail', async ({ exchange, params }) => {
    const { log } = devboxes.get(params.id);
    const filter = filterOf(exchange);
    // Server-sent events' own way to go on after a cut: the client names the last event that it has.
    const lastId = Number(exchange.headers['last-event-id'] ?? '0');
    const from = Number.isSafeInteger(lastId) && lastId > 0 ? Math.min(lastId, log.count) : 0;
    await exchange.sendEventStream(eventParts(log.read(from, true, exchange.signal), viewOf(exchange, filter)));
  });
}

type Filter = (line: string) => boolean;
/** How an entry's line leaves; undefined if it does not. */
type View = (line: string) => string | undefined;

function viewOf(exchange: Exchange, filter: Filter | undefined): View | undefined {
  if (filter === undefined && !exchange.hasWrongClock) return undefined;
  return (line) => {
    if (filter?.(line) === false) return undefined;
    return exchange.hasWrongClock ? exchange.toJson(JSON.parse(line)) : line;
  };
}

/** Only entries of one execution or of one named shell, where the query asks for that. */
function filterOf(exchange: Exchange): Filter | undefined {
  const wanted = (['execution_id', 'shell_name'] as const).flatMap((name) => {
    const value = exchange.query.get(name);
    return value === null || value === '' ? [] : [{ field: name === 'execution_id' ? 'cmd_id' : 'shell_name', value }];
  });
  if (wanted.length === 0) return undefined;
  return (line) => {
    const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return wanted.every(({ field, value }) => entry[field] === value);
  };
}

async function* listParts(batches: AsyncIterable<LogBatch>, view: View | undefined): AsyncGenerator<Buffer> {
  let before = '{"logs":[';
  for await (const { bytes } of batches) {
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : ((view === undefined ? line : view(line)) ?? [])));
    if (lines.length === 0) continue;
    yield Buffer.from(before + lines.join(','));
    before = ',';
  }
  yield Buffer.from(before === ',' ? ']}' : `${before}]}`);
}

async function* eventParts(batches: AsyncIterable<LogBatch>, view: View | undefined): AsyncGenerator<Buffer> {
  for await (const { first, bytes } of batches) {
    const lines = bytes.toString('utf8').split('\n');
    lines.pop();
    let text = '';
    for (const [index, line] of lines.entries()) {
      const shown = view === undefined ? line : view(line);
      if (shown !== undefined) text += `id: ${first + index + 1}\ndata: ${shown}\n\n`;
    }
    if (text !== '') yield Buffer.from(text);
  }
}
