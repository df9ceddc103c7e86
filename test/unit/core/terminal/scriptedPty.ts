import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { TerminalSession, type TerminalSessionOptions } from '../../../../src/core/terminal/terminalSession';
import type { TerminalState } from '../../../../src/core/terminal/terminalState';
import { ScriptedServer, type SeenRequest } from '../../../network/scriptedServer';

/** A devbox's terminals that do what a test wants them to. */
export interface ScriptedPty {
  readonly api: RunloopApi;
  /** Each connection so far, the latest last. */
  readonly clients: readonly WebSocket[];
  /** When each was there. */
  readonly openedMs: readonly number[];
  /** What was told of by requests, in their order. */
  readonly controls: readonly string[];
  stop(): Promise<void>;
}

export interface PtyScript {
  /** Whether the shell is a new one, asked each time. */
  readonly isNew?: () => boolean;
  /** @param socket for what is no frame */
  readonly onClient?: (client: WebSocket, socket: Duplex) => void;
  /** Answers a request to its control, where it is not to be said yes to. */
  readonly onControl?: (seen: SeenRequest, answer: ServerResponse) => boolean;
  /** Answers what is asked about executions. */
  readonly onExecution?: (seen: SeenRequest, answer: ServerResponse) => void;
}

/** Starts a service with one devbox, which runs. */
export async function startScriptedPty(script: PtyScript): Promise<ScriptedPty> {
  const sockets = new WebSocketServer({ noServer: true });
  const clients: WebSocket[] = [];
  const openedMs: number[] = [];
  const controls: string[] = [];
  const service = await ScriptedServer.start((seen, answer) => {
    const { url } = seen;
    const say = (body: unknown): void => {
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(body));
    };
    if (url.endsWith('/create_pty_tunnel')) {
      say({ tunnel_key: 'key', auth_token: 'token' });
    } else if (url.endsWith('/control')) {
      controls.push(seen.body);
      if (script.onControl?.(seen, answer) !== true) say({ status: 'ok' });
    } else if (url.startsWith('/pty/')) {
      say({ created: script.isNew?.() ?? true, attached: false });
    } else if (url.includes('/exec') && script.onExecution !== undefined) {
      script.onExecution(seen, answer);
    } else {
      say({ id: 'dbx_x', status: 'running' });
    }
  });
  service.server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (client) => {
      clients.push(client);
      openedMs.push(performance.now());
      client.on('error', () => client.terminate());
      script.onClient?.(client, socket);
    });
  });
  return {
    api: new RunloopApi({ apiKey: 'key', baseUrl: service.origin }),
    clients,
    openedMs,
    controls,
    stop: async () => {
      for (const client of clients) client.terminate();
      sockets.close();
      await service.stop();
    },
  };
}

/** A session with such a devbox, and what it has told so far. */
export function sessionWith(
  { api }: ScriptedPty,
  options: Partial<Pick<TerminalSessionOptions, 'onOutput' | 'isKnown'>> = {},
): { readonly session: TerminalSession; readonly states: TerminalState[]; readonly failures: unknown[] } {
  const states: TerminalState[] = [];
  const failures: unknown[] = [];
  const session = new TerminalSession({
    api,
    devboxId: 'dbx_x',
    name: 'shell',
    isKnown: false,
    folder: undefined,
    tunnelUrlTemplate: undefined,
    ended: new AbortController().signal,
    onOutput: () => undefined,
    onState: (state) => states.push(state),
    onFailure: (error) => failures.push(error),
    ...options,
  });
  return { session, states, failures };
}

/** Answers a question about an execution: that which reads the recording has found none. */
export function hasNoRecording(answer: ServerResponse): void {
  answer.writeHead(200, { 'content-type': 'application/json' });
  answer.end(JSON.stringify({ execution_id: 'e', status: 'completed', exit_status: 3, stdout: '', stderr: '' }));
}
