import { root } from '../../sandbox/users';
import type { BuildRoom } from './buildRoom';

/** The most that is read of what a program of a room says. */
const mostOutput = 64 * 1024 * 1024;

/** Runs a program as root in a room and gives its output, whatever its exit code is. */
export async function outputOf(room: BuildRoom, argv: readonly string[]): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const running = room.run.launch({
    argv,
    user: root,
    onStdout: (chunk) => {
      size += chunk.length;
      if (size <= mostOutput) {
        chunks.push(chunk);
      }
    },
  });
  running.stderr.resume();
  await running.exited;
  await running.closed;
  return Buffer.concat(chunks).toString('utf8');
}
