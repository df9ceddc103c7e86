import type { ServerChannel } from 'ssh2';
import type { SandboxProcess } from '../sandbox/sandbox';

/** How long a bridge may go on without its client, in ms. */
const outputTail = 2_000;

/**
 * Joins a channel with a bridge to a socket of the devbox that stands: each side's end is told to the other one, which may
 * go on.
 * @param first what the bridge has said so far; its first byte only says that it stands
 * @param touch is called when the client sends something
 */
export function joinBridge(channel: ServerChannel, bridge: SandboxProcess, first: Buffer, touch: () => void): void {
  const { stdin, stdout } = bridge;
  channel.on('error', () => channel.destroy());
  channel.once('close', () => {
    // What the client said last may still be on its way.
    stdin?.end();
    const late = setTimeout(() => bridge.kill('SIGKILL', 'group'), outputTail);
    void bridge.exited.then(() => clearTimeout(late));
  });
  channel.on('data', touch);
  if (first.length > 1) {
    channel.write(first.subarray(1));
  }
  if (stdin !== undefined) {
    channel.pipe(stdin);
  }
  stdout.pipe(channel, { end: false });
  // Not `end`: the library would close the whole channel. After all that is still to be sent.
  stdout.once('end', () => channel.write(Buffer.alloc(0), () => channel.eof()));
  void bridge.closed.then(() => channel.end());
}
