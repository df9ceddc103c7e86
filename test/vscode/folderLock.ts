import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Held while one process installs; nobody else can hold the same one. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Waits until no other process holds the lock of `folder`, then takes it.
 *
 * The lock is a listening socket in Linux's abstract namespace: the kernel lets only one process have it and takes it
 * back when that process ends in whatever way, so that a lock is never left behind.
 * @param folder absolute path of what is locked
 * @param onWait called once if somebody else holds the lock
 * @throws the signal's reason if it aborts
 */
export async function takeFolderLock(folder: string, onWait: () => void, signal: AbortSignal): Promise<FolderLock> {
  const address = addressOf(folder);
  let waited = false;
  for (;;) {
    signal.throwIfAborted();
    const lock = await tryToTake(address);
    if (lock !== undefined) {
      return lock;
    }
    if (!waited) {
      waited = true;
      onWait();
    }
    await holderToFinish(address, signal);
  }
}

/**
 * Takes the lock of `folder` if nobody holds it.
 * @param folder absolute path of what is locked
 */
export async function takeFolderLockNow(folder: string): Promise<FolderLock | undefined> {
  return tryToTake(addressOf(folder));
}

function addressOf(folder: string): string {
  return `\0runloop-devboxes-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
}

async function tryToTake(address: string): Promise<FolderLock | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => waiting.delete(socket));
    socket.resume();
  });
  server.listen(address);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      return undefined;
    }
    throw error;
  }
  return {
    release: async () => {
      server.close();
      // Those who wait do so until their connection ends.
      waiting.forEach((socket) => socket.destroy());
      await once(server, 'close');
    },
  };
}

async function holderToFinish(address: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return;
  }
  const socket = connect(address);
  const finish = (): void => void socket.destroy();
  signal.addEventListener('abort', finish, { once: true });
  // An error means that the holder has gone between the two attempts, which is just as good.
  socket.on('error', finish);
  socket.resume();
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  signal.removeEventListener('abort', finish);
}
