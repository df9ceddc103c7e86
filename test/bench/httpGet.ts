import { type Agent, request } from 'node:http';

/** Where a request goes, as whom, over which connections. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly headers: Record<string, string>;
  readonly agent: Agent;
}

/** Gets one answer whole. */
export function get({ host, port, headers, agent }: Target, path: string): Promise<{ bytes: number; ms: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, headers, agent }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ bytes, ms: performance.now() - began });
        else reject(new Error(`${path} was answered with ${String(response.statusCode)}.`));
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
