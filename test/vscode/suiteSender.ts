import { once } from 'node:events';
import { connect } from 'node:net';
import type { SuiteMessage } from './suiteProtocol';

/** The way of a suite's messages to whoever listens outside of its process. */
export interface SuiteSender {
  send(message: SuiteMessage): void;
  /** Waits until the other side has got everything. */
  close(): Promise<void>;
}

/**
 * Connects to a listener.
 * @param socketPath the listener's Unix socket
 * @throws NodeJS.ErrnoException if nobody listens there
 */
export async function connectSuiteSender(socketPath: string): Promise<SuiteSender> {
  const socket = connect(socketPath);
  await once(socket, 'connect');
  socket.resume();
  return {
    send: (message) => void socket.write(`${JSON.stringify(message)}\n`),
    close: async () => {
      const closed = once(socket, 'close');
      socket.end();
      // The other side ends its half only after it has read all of ours.
      await closed;
    },
  };
}
