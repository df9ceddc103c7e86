import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface PortAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Asks an address of this computer, whatever its host name leads to. */
export async function askPort(
  address: string,
  {
    method = 'GET',
    body,
    host,
    headers = {},
    connect = '127.0.0.1',
  }: {
    readonly method?: string;
    readonly body?: Buffer;
    readonly host?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly connect?: string;
  } = {},
): Promise<PortAnswer> {
  const url = new URL(address);
  const sent = request({
    host: connect,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { ...headers, host: host ?? url.host },
    agent: false,
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(pieces).toString() };
}
