import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asArray, asObject, asString, parseJson, type JsonObject } from '../../src/core/parse';

export interface ManyDevboxes {
  readonly baseUrl: string;
  /** Requests since the last reset, by `METHOD /path`. */
  readonly calls: ReadonlyMap<string, number>;
  resetCalls(): void;
  /** Lists that were answered since the last reset. */
  readonly listsAnswered: number;
  /** From now on only the next list is answered; further ones wait for what this gives back to be called. */
  holdAfterOneList(): () => void;
  stop(): Promise<void>;
}

/** Of a hundred devboxes so many are suspended, and so many have ended within the last day; the others run. */
const suspendedInHundred = 10;
const endedInHundred = 20;

/**
 * Stands in front of a real platform, which cannot run ten thousand devboxes on one computer: its own devbox list is
 * shown multiplied, each entry being what the platform answers for a real devbox with another id, name, time and
 * status. Everything else goes through.
 *
 * @param count devboxes that the list has
 * @param change what else is different of one of them
 */
export async function multiplyDevboxes(
  platform: { baseUrl: string; apiKey: string },
  count: number,
  change: (devbox: JsonObject, index: number) => JsonObject = (devbox) => devbox,
): Promise<ManyDevboxes> {
  const calls = new Map<string, number>();
  const template = await firstDevbox(platform);
  const now = Date.now();
  const all = Array.from({ length: count }, (_, index) => change(oneOfMany(template, index, now), index));
  let listsAnswered = 0;
  let held: { answered: boolean; readonly waiting: (() => void)[] } | undefined;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://platform');
    const call = `${request.method ?? 'GET'} ${url.pathname}`;
    calls.set(call, (calls.get(call) ?? 0) + 1);
    if (call === 'GET /v1/devboxes') {
      const answer = (): void => {
        listsAnswered += 1;
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify(pageOf(all, url.searchParams)));
      };
      if (held?.answered === true) {
        held.waiting.push(answer);
      } else {
        if (held !== undefined) held.answered = true;
        answer();
      }
    } else {
      void passOn(platform.baseUrl, request, response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    resetCalls: () => {
      calls.clear();
      listsAnswered = 0;
    },
    get listsAnswered() {
      return listsAnswered;
    },
    holdAfterOneList: () => {
      const hold: { answered: boolean; readonly waiting: (() => void)[] } = { answered: false, waiting: [] };
      held = hold;
      return () => {
        held = undefined;
        for (const answer of hold.waiting) answer();
      };
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function firstDevbox(platform: { baseUrl: string; apiKey: string }): Promise<JsonObject> {
  const answer = await fetch(`${platform.baseUrl}/v1/devboxes?limit=1`, {
    headers: { authorization: `Bearer ${platform.apiKey}` },
  });
  const devbox = asObject(asArray(asObject(parseJson(await answer.text()))?.['devboxes'])[0]);
  if (devbox === undefined) throw new Error('The platform needs a devbox to multiply.');
  return devbox;
}

function oneOfMany(template: JsonObject, index: number, now: number): JsonObject {
  const place = index % 100;
  const status =
    place < endedInHundred ? 'shutdown' : place < endedInHundred + suspendedInHundred ? 'suspended' : 'running';
  // One a second: the newest first, the oldest not a day old yet.
  const created = now - index * 1000;
  return {
    ...template,
    id: `dbx_${String(index).padStart(21, '0')}`,
    name: `bench-case-${index}`,
    status,
    create_time_ms: created,
    end_time_ms: status === 'shutdown' ? created + 500 : null,
    // Else those of an hour ago would have ended, and need attention instead.
    launch_parameters: { ...asObject(template['launch_parameters']), keep_alive_time_seconds: 172_800 },
    shutdown_reason: status === 'shutdown' ? 'api_shutdown' : null,
    metadata: {
      team: `team-${index % 7}`,
      case: `case ${index}`,
      repository: 'https://example.com/benchmarks/suite.git',
    },
    initiator_type: index % 2 === 0 ? 'api' : 'scenario',
  };
}

function pageOf(all: readonly JsonObject[], query: URLSearchParams): JsonObject {
  const status = query.get('status');
  const matching = status === null ? all : all.filter((devbox) => devbox['status'] === status);
  const limit = Number(query.get('limit') ?? 20);
  const after = query.get('starting_after');
  const start = after === null ? 0 : matching.findIndex((devbox) => asString(devbox['id']) === after) + 1;
  return { devboxes: matching.slice(start, start + limit), has_more: start + limit < matching.length };
}

async function passOn(baseUrl: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) body.push(chunk);
    const headers = { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' };
    const answer = await fetch(`${baseUrl}${request.url ?? '/'}`, {
      method: request.method ?? 'GET',
      headers,
      ...(request.method === 'GET' ? {} : { body: Buffer.concat(body) }),
    });
    const text = await answer.text();
    response
      .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
      .end(text);
  } catch (error) {
    response.writeHead(502).end(String(error));
  }
}
