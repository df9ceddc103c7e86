import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP proxy that passes everything on, but may keep back the bodies of some answers, as proxies do that buffer. */
export interface BufferingProxy {
  readonly url: string;
  /** Requests so far whose path has this in it. */
  requests(part: string): number;
  /** Whether new answers are kept back. */
  holds(isHolding: boolean): void;
  close(): Promise<void>;
}

/**
 * @param part what the paths have in them whose answers are kept back
 * @param after bytes of each answer that are passed on before
 */
export async function startBufferingProxy(target: string, part: string, after = 0): Promise<BufferingProxy> {
  let isHolding = true;
  const paths: string[] = [];
  const server = createServer((asked, answer) => {
    paths.push(asked.url ?? '');
    const onward = request(
      new URL(asked.url ?? '', target),
      { method: asked.method, headers: { ...asked.headers, host: new URL(target).host } },
      (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers);
        answer.flushHeaders();
        if (isHolding && asked.url?.includes(part) === true) holdBack(given, answer, after);
        else given.pipe(answer);
        given.on('error', () => answer.destroy());
      },
    );
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: (wanted) => paths.filter((path) => path.includes(wanted)).length,
    holds: (holding) => void (isHolding = holding),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Neither more bytes nor an end. */
function holdBack(given: IncomingMessage, answer: ServerResponse, after: number): void {
  let left = after;
  given.on('data', (piece: Buffer) => {
    if (left > 0) answer.write(piece.subarray(0, left));
    left -= piece.length;
  });
}
