import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';

/** One request as it came in, whole. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Milliseconds that only ever grow. */
  readonly atMs: number;
}

export type Script = (seen: SeenRequest, answer: http.ServerResponse) => void;

/** A server on loopback that answers as a test wants it to. */
export class ScriptedServer {
  readonly seen: SeenRequest[] = [];
  /** How it answers from now on. */
  script: Script;
  readonly server: http.Server;

  private constructor(script: Script, certificate?: { readonly key: string; readonly cert: string }) {
    this.script = script;
    const onRequest: http.RequestListener = (request, answer) => void this.#answer(request, answer);
    this.server =
      certificate === undefined ? http.createServer(onRequest) : https.createServer({ ...certificate }, onRequest);
  }

  static async start(
    script: Script,
    options: { readonly certificate?: { readonly key: string; readonly cert: string }; readonly host?: string } = {},
  ): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(script, options.certificate);
    await new Promise<void>((resolve, reject) => {
      scripted.server.once('error', reject);
      scripted.server.listen(0, options.host ?? '127.0.0.1', resolve);
    });
    return scripted;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(request: http.IncomingMessage, answer: http.ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers, body: Buffer.concat(pieces).toString(), atMs: performance.now() };
    this.seen.push(seen);
    answer.on('error', () => undefined);
    this.script(seen, answer);
  }
}

/** An answer of JSON. */
export function sendJson(answer: http.ServerResponse, value: unknown, status = 200): void {
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** A page as a hotel's network or a company's sign-in gives it in place of what was asked for. */
export function sendPage(answer: http.ServerResponse, status = 200, type = 'text/html; charset=utf-8'): void {
  answer.writeHead(status, { 'content-type': type }).end('<!doctype html><html><body>Welcome! Sign in.</body></html>');
}
