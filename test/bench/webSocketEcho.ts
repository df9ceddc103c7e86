import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';

/** Milliseconds that a WebSocket of this computer takes to bring a key back. */
export async function webSocketEcho(count: number): Promise<number[]> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data)));
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await once(socket, 'open');
    const times: number[] = [];
    for (let at = 0; at < count; at += 1) {
      const begin = performance.now();
      socket.send(Buffer.from('x'));
      await once(socket, 'message');
      times.push(performance.now() - begin);
    }
    return times.slice(Math.min(20, count / 10));
  } finally {
    socket.terminate();
    server.close();
  }
}
