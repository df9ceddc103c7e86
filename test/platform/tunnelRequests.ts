import { request, type IncomingHttpHeaders } from 'node:http';
import { waitFor } from '../eventually';

/** What the requests need of a platform. */
type Port = { readonly port: number };

/** An HTTP/1.1 answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends an HTTP/1.1 request to the platform's port under any host name. */
export function send(
  platform: Port,
  host: string,
  path = '/',
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: platform.port,
        path,
        method: options.method ?? 'GET',
        headers: { ...options.headers, host },
        agent: false,
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** The host name of a devbox's tunnel to `port`. */
export function tunnelHost(platform: Port, port: number, key: string): string {
  return `${port}-${key}.tunnel.localhost:${platform.port}`;
}

/** Asks a tunnel until something answers behind it. */
export function whenListening(platform: Port, host: string, headers: Record<string, string> = {}): Promise<Answer> {
  return waitFor(`a service behind ${host}`, async () => {
    const answer = await send(platform, host, '/', { headers });
    return answer.status === 502 || answer.status === 503 ? undefined : answer;
  });
}

/** An entrypoint that answers every request on `port` with its own name and the request's headers. */
export function echoServer(name: string, port = 4444): string {
  const script = `require("http").createServer((q, s) => {
    let n = 0; q.on("data", (c) => n += c.length); q.on("end", () => s.end(JSON.stringify({ name: "${name}", url: q.url, bytes: n, raw: q.rawHeaders })));
  }).listen(${port}, process.env.RUNLOOP_LOCAL_BIND, () => console.log("listening"))`;
  return `exec node -e '${script}'`;
}
