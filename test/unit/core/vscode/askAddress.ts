import { request, type IncomingMessage } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import type { PortNotes } from '../../../../src/core/vscode/port/sharedPort';

export interface Got {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

/** What a browser gets at an address of this computer; its host is no name that every resolver knows. */
export async function getPage(address: string, headers: Record<string, string> = {}, host?: string): Promise<Got> {
  const url = new URL(address);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: url.port,
        path: `${url.pathname}${url.search}`,
        headers: { host: host ?? url.host, ...headers },
        agent: false,
      },
      resolve,
    );
    sent.once('error', reject);
    sent.end();
  });
  return { status: answer.statusCode ?? 0, location: answer.headers.location ?? '', body: await readAll(answer) };
}

/** What windows share of their ports. */
export function notesIn(ports: Map<string, number>): PortNotes {
  return {
    port: (name) => Promise.resolve(ports.get(name)),
    note: (name, port, instead) => {
      const noted = ports.get(name);
      if (noted !== undefined && noted !== instead) return Promise.resolve(noted);
      ports.set(name, port);
      return Promise.resolve(port);
    },
  };
}
