/**
 * Node's fetch, which also finds `*.localhost` names: local tunnels are told apart by them, and Node resolves only
 * `localhost` itself. The host header cannot be set with fetch, so such requests go through Node's own client.
 */
import { Readable } from 'node:stream';
import { requestStream } from '../../http/httpRequest';

export async function fetchLoopback(input: string | URL, init: RequestInit = {}): Promise<Response> {
  const url = new URL(String(input));
  if (!url.hostname.endsWith('.localhost')) return fetch(url, init);
  const headers: Record<string, string> = {};
  new Headers(init.headers).forEach((value, name) => (headers[name] = value));
  const response = await requestStream(url, {
    method: init.method ?? 'GET',
    headers,
    ...(typeof init.body === 'string' ? { body: init.body } : {}),
    timeoutMs: 60_000,
    signal: init.signal ?? undefined,
  });
  const status = response.statusCode ?? 502;
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : (Readable.toWeb(response) as ReadableStream<Uint8Array>), {
    status,
    headers: Object.entries(response.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as [string, string]] : [],
    ),
  });
}
